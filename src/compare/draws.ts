/**
 * The bootstrap over the clusters of two surveys: clusters are drawn with replacement, as many as each has.
 *
 * 1. Each survey has draws of its own: they are independent samples.
 * 2. Where both have the same clusters in the same order (the same clean prompts), one draw serves both: a comparison of
 *    the same prompts is not blurred by which prompts were drawn.
 *    Surveys that share only some pairs are drawn independently: intervals of their differences are wider than they need be.
 * 3. Limits are percentiles of the draws. Noise of both surveys lowers correlations and overlaps in draws: their intervals
 *    may lie below the value itself.
 */
import type { Estimate } from '../results/comparison-json.ts';
import { drawCounts, LEVEL } from '../stats/bootstrap.ts';
import { sortedQuantile } from '../stats/quantile.ts';
import { type Pooled, signOf } from '../survey/analysis/pool.ts';

export type Counts = ArrayLike<number>;

/** How often each cluster of A and of B counts. */
export interface Draw {
  readonly a: Counts;
  readonly b: Counts;
}

export interface DrawRequest {
  /** Clusters. */
  readonly a: number;
  readonly b: number;
  /** One draw for both. */
  readonly together: boolean;
  readonly draws: number;
  readonly seed: number;
}

/** None where a survey has fewer than two clusters: nothing could differ between draws. */
export function drawBoth({ a, b, together, draws, seed }: DrawRequest): Draw[] {
  if (a < 2 || b < 2) return [];
  const first = drawCounts(a, draws, seed);
  const second = together ? first : drawCounts(b, draws, seed + 1);
  return first.map((counts, i) => ({ a: counts, b: second[i]! }));
}

/** Pooled effects of one draw: [components]. NaN where the D of its clusters sum to 0. */
export function drawnEffects({ sums, d, size, direction }: Pooled, counts: Counts): Float64Array {
  const effects = new Float64Array(size);
  let total = 0;
  for (let cluster = 0; cluster < d.length; cluster++) {
    const times = counts[cluster]!;
    if (times === 0) continue;
    total += times * d[cluster]!;
    const from = cluster * size;
    for (let c = 0; c < size; c++) effects[c]! += times * sums[from + c]!;
  }
  const scale = total === 0 ? Number.NaN : signOf(direction) / total;
  return effects.map((sum) => sum * scale);
}

/** A value with the percentiles of its draws; draws without a value are left out. */
export function estimate(value: number, drawn: readonly number[]): Estimate {
  const known = Float64Array.from(drawn.filter(Number.isFinite)).sort();
  const limit = (q: number): number => (known.length < 2 ? Number.NaN : sortedQuantile(known, q));
  return { value, low: limit((1 - LEVEL) / 2), high: limit((1 + LEVEL) / 2) };
}
