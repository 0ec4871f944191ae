/**
 * Two lists of pairs: scores come from one, circuits run on the other.
 *
 * 1. Whole clusters go to one side (`stats/clusters.ts`), so that no template, or no template with its first filler, is on
 *    both. A pair and its reverse are of one cluster.
 * 2. Clusters in random order go to the scores for as long as that brings these nearer to their share of the pairs. Each side
 *    has one at least.
 */
import { InputError } from '../../errors.ts';
import { clustersOf } from '../../stats/clusters.ts';
import { permutation, seededRandom } from '../../stats/random.ts';
import type { Item } from '../../tasks/item.ts';
import { pairOf } from '../record.ts';

export interface Side {
  /** Places of the pairs in the data set, ascending. */
  readonly pairs: readonly number[];
  readonly clusters: number;
}

export interface Split {
  readonly scores: Side;
  readonly evaluation: Side;
  /** The cluster of each pair. */
  readonly clusterOf: readonly number[];
  /** What a cluster is, in words. */
  readonly rule: string;
}

/** Splits a data set. `share`: of the pairs, to the scores. Throws InputError for pairs of fewer than two clusters. */
export function splitPairs(items: readonly Item[], share: number, seed: number): Split {
  const { of, rule } = clustersOf(items.map(pairOf));
  const clusterOf = [...of];
  const present = [...new Set(clusterOf)];
  if (present.length < 2)
    throw new InputError(
      `expected pairs of two clusters or more, so that scores and circuits each have their own, got ${present.length} (${rule}); give more pairs`,
    );
  const sizes = new Map<number, number>();
  for (const cluster of clusterOf) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  const chosen = new Set<number>();
  let pairs = 0;
  for (const at of permutation(seededRandom(seed), present.length).slice(1)) {
    const size = sizes.get(present[at]!)!;
    if (chosen.size > 0 && pairs + size / 2 > share * items.length) break;
    chosen.add(present[at]!);
    pairs += size;
  }
  const side = (isChosen: boolean, clusters: number): Side => ({
    pairs: clusterOf.flatMap((cluster, pair) => (chosen.has(cluster) === isChosen ? [pair] : [])),
    clusters,
  });
  return {
    scores: side(true, chosen.size),
    evaluation: side(false, present.length - chosen.size),
    clusterOf,
    rule,
  };
}
