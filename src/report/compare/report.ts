/** Draws the figures of a comparison, and writes them with its page. */
import type { ComparisonJson } from '../../results/comparison-json.ts';
import { openComparison } from '../../results/comparison-read.ts';
import { comparisonFigures } from './figures.ts';
import { comparisonPageHtml } from './page.ts';
import { writeReport, type WrittenReport } from '../write.ts';

/**
 * Writes figures and page into the folder of a comparison. `comparison` stands in for a `comparison.json` that is not
 * written yet. Throws as `openComparison` and `writeReport`.
 */
export async function writeComparisonReport(
  folder: string,
  comparison?: ComparisonJson,
  signal?: AbortSignal,
): Promise<WrittenReport> {
  const results = await openComparison(folder, comparison);
  const figures = comparisonFigures(results);
  return writeReport(folder, figures, comparisonPageHtml(results.comparison, figures), signal);
}
