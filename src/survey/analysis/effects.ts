/**
 * Pooled effects of every component with their intervals: the rows of `components.parquet`.
 */
import { ratioBootstrap } from '../../stats/ratio-bootstrap.ts';
import { isSmallD } from '../../terms.ts';
import { type Pooled, pooledEffects, signOf } from './pool.ts';

/** Of every component: [components] each. NaN where D is small. */
export interface EffectColumns {
  /** The pooled effect: sum of scores / sum of D. */
  readonly mean: Float64Array;
  /** Standard deviation over pairs of scores / mean D. NaN for one pair. */
  readonly sd: Float64Array;
  /** 95% interval of `mean`, percentiles of the bootstrap over clusters; NaN for one cluster. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Share of pairs in which it is highlighted. */
  readonly highlighted: Float64Array;
}

export function effectColumns(pooled: Pooled, draws: number, seed: number): EffectColumns {
  const { n, size, sums, d, squares, direction, metric } = pooled;
  const mean = pooledEffects(pooled);
  const meanD = d.reduce((sum, own) => sum + own, 0) / n;
  const sd = mean.map((e, c) => deviation(squares[c]! / meanD ** 2, e, n));
  const highlighted = Float64Array.from(pooled.highlighted, (count) => count / n);
  if (isSmallD(metric)) {
    const none = new Float64Array(size).fill(Number.NaN);
    return { mean, sd, low: none, high: none, highlighted };
  }
  const { low, high } = ratioBootstrap({ sums, weights: d, draws, seed });
  return signOf(direction) === 1
    ? { mean, sd, low, high, highlighted }
    : { mean, sd, low: high.map((value) => -value), high: low.map((value) => -value), highlighted };
}

/** Standard deviation, n - 1 below, from a sum of squares and a mean. */
function deviation(squares: number, mean: number, n: number): number {
  return n > 1 ? Math.sqrt(Math.max(0, squares - n * mean * mean) / (n - 1)) : Number.NaN;
}
