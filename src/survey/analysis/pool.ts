/**
 * Scores of many pairs added up by cluster: what pooled effects, their intervals and held-out labels are made of.
 *
 *   e(c) = -+ sum over pairs of score(c) / sum over pairs of D        (- noising, + denoising)
 *
 * A ratio of sums, never a mean of ratios: pairs with a small D weigh little in place of ruling everything.
 */
import { highlighted } from '../../latent/highlight.ts';
import { type Direction, isSmallD, type MetricValues } from '../../terms.ts';
import { type Clustered, meanMetric, type PairValues } from './facts.ts';

/** Reads one pair's scores: [layers, heads or neurons], flat. */
export type ReadScores = (name: string, pair: number) => Promise<Float32Array>;

/** One array of scores over some pairs. */
export interface Pooled {
  readonly direction: Direction;
  /** Pairs. */
  readonly n: number;
  readonly size: number;
  /** Sums of scores: [clusters, components]. */
  readonly sums: Float64Array;
  /** Sums of D: [clusters]. */
  readonly d: Float64Array;
  /** Sums over pairs of squared scores: [components]. */
  readonly squares: Float64Array;
  /** In how many pairs each is highlighted: [components]. */
  readonly highlighted: Int32Array;
  /** Means of F. */
  readonly metric: MetricValues;
}

export interface PoolRequest {
  /** Of the array. */
  readonly name: string;
  readonly direction: Direction;
  readonly size: number;
  /** Which F its scores are in units of. */
  readonly metricOf: (facts: PairValues) => MetricValues;
  readonly quantile: number;
}

/** Adds up an array over some pairs, one after the other. */
export async function pool(
  read: ReadScores,
  facts: Clustered,
  among: readonly number[],
  { name, direction, size, metricOf, quantile }: PoolRequest,
): Promise<Pooled> {
  const sums = new Float64Array(facts.clusters * size);
  const squares = new Float64Array(size);
  const counts = new Int32Array(size);
  const d = new Float64Array(facts.clusters);
  for (const i of among) {
    const scores = await read(name, i);
    const one = facts.pairs[i]!;
    const { clean, corrupted } = metricOf(one);
    d[one.cluster]! += clean - corrupted;
    const from = one.cluster * size;
    const high = highlighted(scores, quantile);
    for (let c = 0; c < size; c++) {
      const score = scores[c]!;
      sums[from + c]! += score;
      squares[c]! += score * score;
      if (high[c]) counts[c]!++;
    }
  }
  return {
    direction,
    n: among.length,
    size,
    sums,
    d,
    squares,
    highlighted: counts,
    metric: meanMetric(facts, among, metricOf),
  };
}

/** Above 0 where patching moves F the way that the whole other prompt does. */
export function signOf(direction: Direction): 1 | -1 {
  return direction === 'noising' ? -1 : 1;
}

/**
 * Pooled normalised effects of all components, from all clusters or those that `keeps` says: [components]. NaN where D
 * is small or there are no pairs.
 */
export function pooledEffects(
  { sums, d, size, direction, metric }: Pooled,
  keeps: (cluster: number) => boolean = () => true,
): Float64Array {
  const effects = new Float64Array(size);
  let total = 0;
  d.forEach((own, cluster) => {
    if (!keeps(cluster)) return;
    total += own;
    for (let c = 0; c < size; c++) effects[c]! += sums[cluster * size + c]!;
  });
  if (total === 0 || isSmallD(metric)) return effects.fill(Number.NaN);
  return effects.map((sum) => (signOf(direction) * sum) / total);
}

/** The pooled effect of one component in one draw, where each cluster counts so many times. */
export function drawnEffect(
  { sums, d, size, direction }: Pooled,
  counts: ArrayLike<number>,
  c: number,
): number {
  let [sum, total] = [0, 0];
  for (let cluster = 0; cluster < d.length; cluster++) {
    sum += counts[cluster]! * sums[cluster * size + c]!;
    total += counts[cluster]! * d[cluster]!;
  }
  return (signOf(direction) * sum) / total;
}
