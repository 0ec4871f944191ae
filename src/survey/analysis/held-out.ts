/**
 * Labels that are not of the pairs that they are tried on: clusters lie in folds, and what is known of components for the
 * pairs of a fold comes from all other folds.
 */
import { foldsOf } from '../../stats/folds.ts';
import { type BothPooled, type Labels, pooledLabels } from './labels.ts';
import { pooledEffects } from './pool.ts';

const FOLDS = 10;

/** Clusters in folds. */
export interface Folds {
  readonly foldOf: (cluster: number) => number;
  /** Whether a cluster lies outside a fold. */
  readonly keeps: (fold: number) => (cluster: number) => boolean;
}

/** Folds of so many clusters, drawn by the seed. */
export function clusterFolds(clusters: number, seed: number): Folds {
  const fold = foldsOf(clusters, FOLDS, seed);
  return { foldOf: (cluster) => fold[cluster]!, keeps: (of) => (cluster) => fold[cluster] !== of };
}

/** What is known of components from the clusters outside a fold. */
export interface HeldOut {
  readonly labels: Labels;
  /** max(|e_noising|, |e_denoising|) of each. */
  readonly strength: Float64Array;
}

export interface HoldingOut extends Pick<Folds, 'foldOf'> {
  readonly outside: (fold: number) => HeldOut;
}

/** What is known outside each fold. */
export function holdOut(
  both: BothPooled,
  clusters: number,
  { tau, seed }: { readonly tau: number; readonly seed: number },
): HoldingOut {
  const { foldOf, keeps } = clusterFolds(clusters, seed);
  const known = new Map<number, HeldOut>();
  return {
    foldOf,
    outside: (fold) => {
      const found = known.get(fold) ?? heldOut(both, tau, keeps(fold));
      known.set(fold, found);
      return found;
    },
  };
}

function heldOut(both: BothPooled, tau: number, keeps: (cluster: number) => boolean): HeldOut {
  const [n, d] = [pooledEffects(both.noising, keeps), pooledEffects(both.denoising, keeps)];
  return {
    labels: pooledLabels(both, tau, keeps),
    strength: n.map((e, c) => Math.max(Math.abs(e), Math.abs(d[c]!))),
  };
}
