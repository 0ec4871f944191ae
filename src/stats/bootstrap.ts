/**
 * The bootstrap over independent clusters (Efron and Tibshirani 1993, An Introduction to the Bootstrap): clusters are
 * drawn with replacement, as many as there are, and the statistic is computed again.
 */
import { mean } from './moments.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { sortedQuantile } from './quantile.ts';
import { seededRandom } from './random.ts';

export const LEVEL = 0.95;

/** How an interval is drawn. */
export interface Drawing {
  readonly draws: number;
  readonly seed: number;
  /** The share of draws between both limits; 0.95 by default. */
  readonly level?: number;
}

export interface Limits {
  readonly low: number;
  readonly high: number;
  /** Clusters. */
  readonly n: number;
}

/** How often each cluster was drawn, for every draw. */
export function drawCounts(clusters: number, draws: number, seed: number): Uint16Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: draws }, () => {
    const counts = new Uint16Array(clusters);
    for (let i = 0; i < clusters; i++) counts[random.below(clusters)]!++;
    return counts;
  });
}

/** A statistic of clusters of which each counts so many times: once in the data, as often as drawn in a draw. */
export type Statistic = (counts: ArrayLike<number>) => number;

/**
 * BCa limits of a statistic (chapter 14): percentiles of the draws, moved by the bias of their median and by the
 * acceleration of the jackknife. NaN for fewer than two clusters, and where the statistic of a draw is NaN; both limits
 * are the value where all draws agree.
 *
 *   limit(p) = quantile of the draws at Phi(b + (b + z(p)) / (1 - a (b + z(p))))       equation 14.10
 *   b = z(share of draws below the statistic of the data)                              equation 14.14
 *   a = sum of (centre - s_i)^3 / 6 (sum of (centre - s_i)^2)^(3/2), s_i without i     equation 14.15
 */
export function bcaInterval(
  clusters: number,
  statistic: Statistic,
  { draws, seed, level = LEVEL }: Drawing,
): Limits {
  const n = clusters;
  if (n < 2 || draws < 1) return { low: Number.NaN, high: Number.NaN, n };
  const counts = new Uint16Array(n).fill(1);
  const found = statistic(counts);
  const without = Float64Array.from(counts, (_, i) => {
    counts[i] = 0;
    const value = statistic(counts);
    counts[i] = 1;
    return value;
  });
  const sorted = Float64Array.from(drawCounts(n, draws, seed), statistic).sort();
  return { ...bcaLimits(sorted, found, without, level), n };
}

/** BCa limits from sorted draws, the statistic of the data, and the statistics `without` each cluster in turn. */
function bcaLimits(
  sorted: Float64Array,
  found: number,
  without: Float64Array,
  level: number,
): { readonly low: number; readonly high: number } {
  const draws = sorted.length;
  const acceleration = accelerationOf(without);
  // A typed array sorts NaN to its end.
  if (Number.isNaN(found + acceleration + sorted[draws - 1]!)) return { low: Number.NaN, high: Number.NaN };
  // Ties count half: a statistic with few values has many.
  let below = 0;
  for (let i = 0; i < draws && sorted[i]! <= found; i++) below += sorted[i]! < found ? 1 : 0.5;
  const bias = normalQuantile(Math.min(Math.max(below / draws, 0.5 / draws), 1 - 0.5 / draws));
  const half = normalQuantile((1 + level) / 2);
  const limit = (z: number): number => {
    const moved = bias + z;
    const scale = 1 - acceleration * moved;
    // So far out that all draws are on one side.
    return sortedQuantile(sorted, scale > 0 ? normalCdf(bias + moved / scale) : Number(moved > 0));
  };
  return { low: limit(-half), high: limit(half) };
}

/** 0 where leaving out a cluster never changes the statistic. */
function accelerationOf(without: Float64Array): number {
  const centre = mean(without);
  const distances = without.map((value) => centre - value);
  // As shares of the largest: cubes of tiny ones would vanish.
  const largest = distances.reduce((most, own) => Math.max(most, Math.abs(own)), 0);
  if (largest === 0) return 0;
  let [squares, cubes] = [0, 0];
  for (const distance of distances) {
    const own = distance / largest;
    squares += own * own;
    cubes += own * own * own;
  }
  return cubes / (6 * squares ** 1.5);
}
