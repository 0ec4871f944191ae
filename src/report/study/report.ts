/** Builds the figures and the page of a study folder from its result files. */
import { openStudy } from '../../results/read.ts';
import type { StudyJson } from '../../results/study-json.ts';
import { studyFigures } from './figures.ts';
import { pageHtml } from './page.ts';
import { viewStudy } from './view.ts';
import { writeReport, type WrittenReport } from '../write.ts';

export interface RebuildOptions {
  /** The content of a `study.json` that is not written yet; by default it is read. */
  study?: StudyJson;
  /** Stops before the next figure; rejects with CancelledError. */
  signal?: AbortSignal;
}

/**
 * Writes `figures/*.svg`, `figures/*.png` and `report.html` into a study folder. Only result files are read.
 * Each file is written to `.work/` and renamed, so that none is ever half-written under its name.
 * Throws InputError where the folder is not that of a finished study, or the disk is full or may not be written.
 */
export async function rebuildReport(
  folder: string,
  { study, signal }: RebuildOptions = {},
): Promise<WrittenReport> {
  const view = viewStudy(await openStudy(folder, study));
  const drawn = await studyFigures(view);
  return writeReport(folder, drawn, pageHtml(view, drawn), signal);
}
