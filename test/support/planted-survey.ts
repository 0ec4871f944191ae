/**
 * A survey of the planted circuits: one pair, as often as there are clusters, each with a filler of its own.
 */
import { survey } from '../../src/survey/run.ts';
import type { Model } from '../../src/patch/model.ts';
import type { DataSet } from '../../src/tasks/item.ts';
import { logitDifference } from '../../src/tasks/metric.ts';
import type { Planted } from './planted.ts';

export function plantedData(model: Model, { pair }: Planted, n: number): DataSet {
  const { clean, corrupted, firstDifference, answer, wrong } = model.pair(pair);
  const items = Array.from({ length: n }, (_, row) => ({
    clean,
    corrupted,
    firstDifference,
    row,
    template: 'planted',
    fillers: { number: String(row) },
    contrast: 'removal' as const,
    metric: logitDifference(answer.id, wrong.id),
    positive: [answer],
    negative: [wrong],
  }));
  return {
    task: 'ioi',
    metric: 'logit_difference',
    contrast: 'removal',
    items,
    skipped: [],
    notes: [],
  };
}

/** Surveys them by exact patching and integrated gradients, without figures. */
export async function surveyPlanted(model: Model, data: DataSet, out: string): Promise<void> {
  await survey(model, data, { out, figures: false, draws: 50 });
}
