/**
 * Highlighted and latent components, from scores as stored (float32).
 *
 * Highlighted: |score| is in the top 1 - q of its kind and direction, all layers together, and not 0.
 * Latent: highlighted by integrated gradients in exactly one direction, the set of the "Mediators" notebook.
 * Both lists of a latent set have the same size by construction (ties and many zeros aside): their sizes say nothing.
 */
import { quantile } from '../stats/quantile.ts';
import { componentsWhere } from './components.ts';
import type { Component } from '../terms.ts';

export const DEFAULT_QUANTILE = 0.9;

/** The q-quantile of |scores| over all layers, in float64. */
export function highlightThreshold(scores: Float32Array, q: number = DEFAULT_QUANTILE): number {
  return quantile(Float64Array.from(scores, Math.abs), q);
}

/** Which of the scores are highlighted: |score| >= threshold and |score| > 0. */
export function highlighted(scores: Float32Array, q: number = DEFAULT_QUANTILE): boolean[] {
  const threshold = highlightThreshold(scores, q);
  return Array.from(scores, (score) => Math.abs(score) >= threshold && Math.abs(score) > 0);
}

export interface LatentSets {
  /** Highlighted in noising only. */
  readonly noising: Component[];
  /** Highlighted in denoising only. */
  readonly denoising: Component[];
  readonly both: Component[];
}

/**
 * The latent sets of one kind. `noising`, `denoising`: IG scores [layers, perLayer], flat.
 * Throws RangeError where their lengths differ.
 */
export function latentSets(
  noising: Float32Array,
  denoising: Float32Array,
  q: number,
  perLayer: number,
): LatentSets {
  if (noising.length !== denoising.length) {
    throw new RangeError(
      `expected as many scores in both directions, got ${noising.length} and ${denoising.length}`,
    );
  }
  const inNoising = highlighted(noising, q);
  const inDenoising = highlighted(denoising, q);
  const where = (test: (position: number) => boolean): Component[] =>
    componentsWhere(noising.length, perLayer, test);
  return {
    noising: where((i) => inNoising[i]! && !inDenoising[i]!),
    denoising: where((i) => !inNoising[i]! && inDenoising[i]!),
    both: where((i) => inNoising[i]! && inDenoising[i]!),
  };
}
