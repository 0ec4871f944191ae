/**
 * A value of every pair, such as its correlation, over pairs: the mean, with an interval that takes clusters, not pairs, as
 * independent.
 *
 *   mean = sum of values / number of values           every pair counts alike
 *   interval: BCa (`bootstrap.ts`) of that ratio over drawn clusters, so that it is about the same mean
 *
 * Correlations are averaged as they are: the mean describes the pairs that there are. Pairs whose value is NaN (a constant
 * list has no correlation) are left out and not counted.
 */
import { bcaInterval, type Drawing } from './bootstrap.ts';

export interface MeanOverPairs {
  /** NaN for no values. */
  mean: number;
  /** NaN for fewer than two clusters. */
  low: number;
  high: number;
  /** Pairs with a value, and the clusters they are of. */
  n: number;
  clusters: number;
}

/** `cluster`: of each pair, any whole numbers. Throws RangeError where the lengths differ. */
export function meanOverPairs(
  values: ArrayLike<number>,
  cluster: ArrayLike<number>,
  how: Drawing,
): MeanOverPairs {
  if (values.length !== cluster.length)
    throw new RangeError(`expected one cluster a pair, got ${cluster.length} for ${values.length}`);
  const groups = new Map<number, { sum: number; count: number }>();
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    const { sum, count } = groups.get(cluster[i]!) ?? { sum: 0, count: 0 };
    groups.set(cluster[i]!, { sum: sum + values[i]!, count: count + 1 });
  }
  const all = [...groups.values()];
  const over = (counts: ArrayLike<number>): [number, number] =>
    all.reduce(([sum, n], own, k) => [sum + counts[k]! * own.sum, n + counts[k]! * own.count], [0, 0]);
  const ratio = (counts: ArrayLike<number>): number => {
    const [sum, n] = over(counts);
    return sum / n;
  };
  const once = new Uint8Array(all.length).fill(1);
  const { low, high } = bcaInterval(all.length, ratio, how);
  return { mean: ratio(once), low, high, n: over(once)[1], clusters: all.length };
}
