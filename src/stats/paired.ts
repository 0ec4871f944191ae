/**
 * Paired differences over a data set, such as of two methods on each pair: how large they are and whether they could be chance. The
 * unit is the cluster, not the pair.
 *
 * 1. Mean over pairs with its BCa interval over clusters (`mean-over-pairs.ts`).
 * 2. On the means of clusters: the matched-pairs rank-biserial correlation r (`effect-size.ts`), and the two-sided sign-flip
 *    test (`sign-flip.ts`), which has no p under 8 clusters.
 */
import type { Drawing } from './bootstrap.ts';
import { rankBiserial } from './effect-size.ts';
import { type MeanOverPairs, meanOverPairs } from './mean-over-pairs.ts';
import { mean } from './moments.ts';
import { signFlip } from './sign-flip.ts';

export interface Paired extends MeanOverPairs {
  /** NaN where no cluster differs. */
  r: number;
  r_low: number;
  r_high: number;
  /** NaN under 8 clusters, and where no cluster differs. */
  p: number;
}

/** Pairs whose difference is NaN are left out and not counted. Throws RangeError where the lengths differ. */
export function paired(differences: ArrayLike<number>, cluster: ArrayLike<number>, how: Drawing): Paired {
  const found = meanOverPairs(differences, cluster, how);
  const groups = new Map<number, number[]>();
  for (let i = 0; i < differences.length; i++) {
    if (Number.isNaN(differences[i]!)) continue;
    const own = groups.get(cluster[i]!) ?? [];
    own.push(differences[i]!);
    groups.set(cluster[i]!, own);
  }
  const means = Float64Array.from(groups.values(), mean);
  const size = rankBiserial(means, how);
  return {
    ...found,
    r: size.r,
    r_low: size.low,
    r_high: size.high,
    p: signFlip(means, { seed: how.seed }).p,
  };
}
