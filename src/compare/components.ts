/**
 * The components of one model in two surveys, by exact patching: how closely pooled effects go together.
 *
 *   pearson        of pooled effects e of A and of B, over components
 *   without_largest  the same without the component of largest |e| in either: far from r where that one decides it
 *   spearman_size  Spearman's of |e|
 *   jaccard        of what is highlighted by pooled effects, each survey by its own quantile
 *   difference     e of A - e of B over components (`stats/mean-difference.ts`)
 *   reliability    of one survey: the mean of Pearson's r between pooled effects of two random halves of its clusters, over
 *                  20 splits, for the whole length by 2 r / (1 + r) (Spearman 1910 and Brown 1910). Noise alone keeps the
 *                  correlation of two surveys near or below the root of the product of both (Spearman 1904).
 */
import { maxIndex } from 'd3-array';
import { highlighted } from '../latent/highlight.ts';
import type { ComponentAgreementJson } from '../results/comparison-json.ts';
import { pearson, spearman } from '../stats/correlation.ts';
import { meanDifference } from '../stats/mean-difference.ts';
import { mean } from '../stats/moments.ts';
import { jaccard } from '../stats/overlap.ts';
import { permutation, seededRandom } from '../stats/random.ts';
import { type Pooled, pooledEffects } from '../survey/analysis/pool.ts';
import type { Direction, Kind } from '../terms.ts';
import { type Draw, drawnEffects, estimate } from './draws.ts';

const SPLITS = 20;

/** Exact patching of one direction and kind in both surveys. */
export interface PooledSides {
  readonly a: Pooled;
  readonly b: Pooled;
}

export interface ComponentRequest {
  readonly kind: Kind;
  readonly direction: Direction;
  readonly perLayer: number;
  readonly quantile: { readonly a: number; readonly b: number };
  readonly draws: readonly Draw[];
  readonly seed: number;
}

/** All NaN where D of a survey is small. */
export function compareComponents(
  { a, b }: PooledSides,
  { kind, direction, perLayer, quantile, draws, seed }: ComponentRequest,
): ComponentAgreementJson {
  const [one, two] = [pooledEffects(a), pooledEffects(b)];
  const value = agreementOf(one, two, quantile);
  const hasEffects = Number.isFinite(one[0]) && Number.isFinite(two[0]);
  const drawn = (hasEffects ? draws : []).map((draw) =>
    agreementOf(drawnEffects(a, draw.a), drawnEffects(b, draw.b), quantile),
  );
  const over = (pick: (agreement: Agreement) => number) => estimate(pick(value), drawn.map(pick));
  const { mean: _mean, low, high } = meanDifference(one, two);
  return {
    kind,
    direction,
    n: one.length,
    pearson: over((own) => own.pearson),
    without_largest: hasEffects ? withoutLargest(one, two, perLayer) : undefined,
    spearman_size: over((own) => own.spearmanSize),
    jaccard: over((own) => own.overlap.jaccard),
    jaccard_expected: value.overlap.expected,
    highlighted: { a: value.overlap.sizes[0], b: value.overlap.sizes[1] },
    difference: { mean: over((own) => own.difference), low, high },
    reliability: { a: reliability(a, seed), b: reliability(b, seed) },
    draws: drawn.length,
  };
}

function withoutLargest(
  a: Float64Array,
  b: Float64Array,
  perLayer: number,
): ComponentAgreementJson['without_largest'] {
  const largest = maxIndex(a, (e, c) => Math.max(Math.abs(e), Math.abs(b[c]!)));
  const others = (effects: Float64Array) => effects.filter((_, c) => c !== largest);
  return {
    component: [Math.floor(largest / perLayer), largest % perLayer],
    pearson: pearson(others(a), others(b)),
  };
}

type Agreement = ReturnType<typeof agreementOf>;

function agreementOf(a: Float64Array, b: Float64Array, quantile: ComponentRequest['quantile']) {
  const high = (effects: Float64Array, q: number) => highlighted(Float32Array.from(effects), q);
  return {
    pearson: pearson(a, b),
    spearmanSize: spearman(a.map(Math.abs), b.map(Math.abs)),
    overlap: jaccard(high(a, quantile.a), high(b, quantile.b)),
    difference: mean(a) - mean(b),
  };
}

/** NaN for fewer than two clusters, and where the halves go against each other: the formula has no value there. */
export function reliability(pooled: Pooled, seed: number): number {
  const clusters = pooled.d.length;
  if (clusters < 2) return Number.NaN;
  const random = seededRandom(seed);
  const halves = Array.from({ length: SPLITS }, () => {
    const first = new Set(permutation(random, clusters).slice(0, Math.floor(clusters / 2)));
    const one = pooledEffects(pooled, (cluster) => first.has(cluster));
    return pearson(
      one,
      pooledEffects(pooled, (cluster) => !first.has(cluster)),
    );
  });
  const r = mean(halves);
  return r > 0 ? (2 * r) / (1 + r) : Number.NaN;
}
