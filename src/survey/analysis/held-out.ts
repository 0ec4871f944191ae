/**
 * Labels that are not of the pairs that they are tried on: clusters lie in folds, and what is known of components for the
 * pairs of a fold comes from all other folds.
 */
import { foldsOf } from '../../stats/folds.ts';
import { type BothPooled, type Labels, pooledLabels } from './labels.ts';
import { pooledEffects } from './pool.ts';

export const FOLDS = 10;

/** What is known of components from the clusters outside a fold. */
export interface HeldOut {
  readonly labels: Labels;
  /** max(|e_noising|, |e_denoising|) of each. */
  readonly strength: Float64Array;
}

export interface HoldingOut {
  readonly foldOf: (cluster: number) => number;
  readonly outside: (fold: number) => HeldOut;
}

/** Folds of so many clusters, drawn by the seed. */
export function holdOut(
  both: BothPooled,
  clusters: number,
  { tau, seed }: { readonly tau: number; readonly seed: number },
): HoldingOut {
  const fold = foldsOf(clusters, FOLDS, seed);
  const known = new Map<number, HeldOut>();
  return {
    foldOf: (cluster) => fold[cluster]!,
    outside: (of) => {
      const found = known.get(of) ?? heldOut(both, tau, (cluster) => fold[cluster] !== of);
      known.set(of, found);
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
