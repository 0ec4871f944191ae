/**
 * How a model answers both prompts of a pair.
 */
import { finalLogits } from '../patch/pair-runs.ts';
import type { OpenPair } from '../patch/open-pair.ts';
import type { Item } from '../tasks/item.ts';
import { evaluateMetric, labelMetric } from '../tasks/metric.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';

/** Of the clean and of the corrupted prompt, in this order: [2] each. */
export interface Answered {
  /** F by the task's metric, and by its logit-level twin. */
  readonly metric: Tensor;
  readonly logitMetric: Tensor;
  /** How many tokens have a higher logit than the best right answer: 0 is the first place. */
  readonly rank: Tensor;
  /** Sum of the right answers' probabilities. */
  readonly probability: Tensor;
}

/** Both runs' answers, from their logits at the last token. */
export async function answeredBy({ chain, runs }: OpenPair, item: Item): Promise<Answered> {
  const logits = (await finalLogits(chain, [runs.clean, runs.corrupted])).map(({ data }) => data);
  const both = (value: (row: Float32Array) => number): Tensor =>
    tensor(Float32Array.from(logits, value), [logits.length]);
  const twin = labelMetric(item.metric) ?? item.metric;
  const right = item.positive.map(({ id }) => id);
  return {
    metric: tensor(Float32Array.of(runs.clean.metric, runs.corrupted.metric), [2]),
    logitMetric: both((row) => evaluateMetric(twin, row)),
    rank: both((row) => rankOf(row, right)),
    probability: both((row) => probabilityOf(row, right)),
  };
}

function rankOf(row: Float32Array, right: readonly number[]): number {
  const best = Math.max(...right.map((id) => row[id]!));
  let above = 0;
  for (const logit of row) if (logit > best) above++;
  return above;
}

function probabilityOf(row: Float32Array, right: readonly number[]): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of row) most = Math.max(most, logit);
  let total = 0;
  for (const logit of row) total += Math.exp(logit - most);
  return right.reduce((sum, id) => sum + Math.exp(row[id]! - most), 0) / total;
}
