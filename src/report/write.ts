/** Writes figures and page into a folder of results. */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../errors.ts';
import { writeFileAtomic, writeTextAtomic } from '../files.ts';
import type { Figure } from '../plots/figure.ts';
import { svgToPng } from '../plots/svg-to-png.ts';

export interface WrittenReport {
  /** Path of the page. */
  page: string;
  /** Paths of all figure files. */
  figures: string[];
}

/**
 * Writes `figures/*.svg`, `figures/*.png` and `report.html`. Each file is written to `.work/` and renamed, so that none
 * is ever half-written under its name. Throws InputError where the disk is full or may not be written; CancelledError.
 */
export async function writeReport(
  folder: string,
  drawn: readonly Figure[],
  html: string,
  signal: AbortSignal | undefined,
): Promise<WrittenReport> {
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
    await writeTextAtomic(page, html, work);
  } finally {
    // Only where it is empty: results that are being made have their own files there.
    await rmdir(work).catch(() => {});
  }
  return { page, figures };
}
