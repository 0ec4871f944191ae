/**
 * Clusters in folds, so that what is learnt from some is tried on others.
 */
import { permutation, seededRandom } from './random.ts';

/**
 * The fold of each cluster, from 0, drawn at random. Sizes differ by one at most, so that no fold is empty; each cluster
 * is its own fold (leave one out) where there are as many folds as clusters, or more.
 */
export function foldsOf(clusters: number, folds: number, seed: number): Int32Array {
  const order = permutation(seededRandom(seed), clusters);
  const of = new Int32Array(clusters);
  order.forEach((cluster, i) => {
    of[cluster] = i % Math.min(folds, clusters);
  });
  return of;
}
