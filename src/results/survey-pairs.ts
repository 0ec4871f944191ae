/**
 * `pairs.parquet` of a survey: its pairs, how they were answered, and their clusters.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { parquetRows } from '../parquet.ts';
import type { MetricValues } from '../terms.ts';
import { readResult } from './result-folder.ts';

export const PAIRS_TABLE = 'pairs.parquet';

export interface SurveyPairRow {
  readonly clean: string;
  readonly corrupted: string;
  readonly cluster: number;
  /** F by the task's metric, and by the metric that labels read. */
  readonly metric: MetricValues;
  readonly logitMetric: MetricValues;
  readonly solved: boolean;
  /** Whether it is an earlier pair with its prompts exchanged: labels and gains leave it out. */
  readonly reversed: boolean;
}

const row = z.object({
  clean: z.string(),
  corrupted: z.string(),
  metric_clean: z.number(),
  metric_corrupted: z.number(),
  label_metric_clean: z.number(),
  label_metric_corrupted: z.number(),
  cluster: z.number().int().nonnegative(),
  solved: z.number(),
  reversed: z.number().optional(),
});

/** All pairs in their order. Throws InputError for a file that is missing, damaged, or of an older version. */
export async function readSurveyPairs(folder: string): Promise<SurveyPairRow[]> {
  const path = join(folder, PAIRS_TABLE);
  const bytes = await readResult(path, 'survey');
  const rows = await parquetRows(bytes).catch(() => {
    throw new InputError(`expected pairs of a survey in ${path}, got no Parquet file; run the survey again`);
  });
  const found = z.array(row).safeParse(rows);
  if (!found.success) {
    const where = found.error.issues[0]!.path.at(-1);
    throw new InputError(
      `expected column ${String(where)} in ${path}, got none that fits; run the survey again with this version`,
    );
  }
  const reversed = reversedOf(found.data, path);
  return found.data.map((one, i) => ({
    clean: one.clean,
    corrupted: one.corrupted,
    cluster: one.cluster,
    metric: { clean: one.metric_clean, corrupted: one.metric_corrupted },
    logitMetric: { clean: one.label_metric_clean, corrupted: one.label_metric_corrupted },
    solved: one.solved === 1,
    reversed: reversed[i]!,
  }));
}

/** Files of earlier versions do not tell it: none is reversed where no prompts come back exchanged. */
function reversedOf(rows: readonly z.infer<typeof row>[], path: string): boolean[] {
  const seen = new Set<string>();
  return rows.map(({ clean, corrupted, reversed }) => {
    seen.add(JSON.stringify([clean, corrupted]));
    if (reversed === undefined && seen.has(JSON.stringify([corrupted, clean])))
      throw new InputError(
        `expected column reversed in ${path}, which has a pair in both orders, got none; run the survey again with this version`,
      );
    return reversed === 1;
  });
}
