/** Builds the figures and the page of a study folder from its result files. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.ts';
import { svgToPng } from '../plots/svg-to-png.ts';
import { openStudy } from '../results/read.ts';
import type { StudyJson } from '../results/study-json.ts';
import { studyFigures } from './figures.ts';
import { pageHtml } from './page.ts';
import { viewStudy } from './view.ts';

export interface RebuildOptions {
  /** The content of a `study.json` that is not written yet; by default it is read. */
  study?: StudyJson;
}

export interface RebuiltReport {
  /** Path of the page. */
  page: string;
  /** Paths of all figure files. */
  figures: string[];
}

/**
 * Writes `figures/*.svg`, `figures/*.png` and `report.html` into a study folder. Only result files are read.
 * Each file is written to `.work/` and renamed, so that none is ever half-written under its name.
 */
export async function rebuildReport(folder: string, { study }: RebuildOptions = {}): Promise<RebuiltReport> {
  const view = viewStudy(await openStudy(folder, study));
  const drawn = await studyFigures(view);
  const figures: string[] = [];
  for (const { name, svg } of drawn) {
    const base = join(folder, 'figures', name);
    await writeWhole(folder, `${base}.svg`, svg);
    await writeWhole(folder, `${base}.png`, svgToPng(svg));
    figures.push(`${base}.svg`, `${base}.png`);
  }
  const page = join(folder, 'report.html');
  await writeWhole(folder, page, pageHtml(view, drawn));
  return { page, figures };
}

/** Writes a file under a temporary name in `<folder>/.work/`, then gives it its own. */
async function writeWhole(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(folder, '.work', `report-${process.pid}.part`);
  try {
    await mkdir(dirname(temporary), { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new InputError(
      `invalid folder: cannot write ${path} (${code}); expected a folder with write access and free space`,
    );
  }
}
