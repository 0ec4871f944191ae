/** Builds the figures and the page of a study folder from its result files. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../errors.ts';
import { writeFileAtomic, writeTextAtomic } from '../files.ts';
import { svgToPng } from '../plots/svg-to-png.ts';
import { openStudy } from '../results/read.ts';
import type { StudyJson } from '../results/study-json.ts';
import { studyFigures } from './figures.ts';
import { pageHtml } from './page.ts';
import { viewStudy } from './view.ts';

export interface RebuildOptions {
  /** The content of a `study.json` that is not written yet; by default it is read. */
  study?: StudyJson;
  /** Stops before the next figure; rejects with CancelledError. */
  signal?: AbortSignal;
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
 * Throws InputError where the folder is not that of a finished study, or the disk is full or may not be written.
 */
export async function rebuildReport(
  folder: string,
  { study, signal }: RebuildOptions = {},
): Promise<RebuiltReport> {
  const view = viewStudy(await openStudy(folder, study));
  const drawn = await studyFigures(view);
  const figures: string[] = [];
  const page = join(folder, 'report.html');
  const work = join(folder, '.work');
  try {
    for (const { name, svg } of drawn) {
      throwIfCancelled(signal);
      const base = join(folder, 'figures', name);
      await writeTextAtomic(`${base}.svg`, svg, work);
      await writeFileAtomic(`${base}.png`, [svgToPng(svg)], work);
      figures.push(`${base}.svg`, `${base}.png`);
    }
    await writeTextAtomic(page, pageHtml(view, drawn), work);
  } finally {
    // Only where it is empty: a study that is being made has its own files there.
    await rmdir(work).catch(() => {});
  }
  return { page, figures };
}
