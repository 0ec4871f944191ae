/**
 * Intervals of ratios of sums, such as sum of AP / sum of D, of very many components at once.
 *
 *   ratio of component c = sum over clusters k of sums[k, c] / sum over clusters k of weights[k]
 *
 * 1. Clusters are drawn with replacement, as many as there are; all components share the draws.
 * 2. The ratio of a draw has the sums of its clusters, each as often as it was drawn.
 * 3. Limits are percentiles of the draws.
 *
 * A draw whose weights sum to 0 has no ratio and is left out. Memory: one slab of components, whatever their number.
 */
import { type Drawing, drawCounts, LEVEL } from './bootstrap.ts';
import { sortedQuantile } from './quantile.ts';

export interface Ratios extends Drawing {
  /** Numerators: [clusters, components]. */
  readonly sums: Float64Array;
  /** Denominators, the same for all components: [clusters]. */
  readonly weights: Float64Array;
}

/** By component: [components] each. */
export interface RatioLimits {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Clusters. */
  readonly n: number;
}

/** Components that are drawn together: their four sums stay in registers, which halves the time. */
const SLAB = 4;

/** The clusters of one draw, each once, how often they were drawn, and the sum of their weights. */
interface Draw {
  readonly clusters: Uint32Array;
  readonly times: Float64Array;
  readonly weight: number;
}

/** NaN for fewer than two clusters, where all draws are left out, and for components with NaN. */
export function ratioBootstrap({ sums, weights, draws, seed, level = LEVEL }: Ratios): RatioLimits {
  const n = weights.length;
  const components = n > 0 ? sums.length / n : 0;
  const low = new Float64Array(components).fill(Number.NaN);
  const high = new Float64Array(components).fill(Number.NaN);
  const kept = n < 2 ? [] : drawsOf(weights, draws, seed);
  for (let from = 0; from < components && kept.length > 0; from += SLAB) {
    const slab = slabOf(sums, n, from);
    const drawn = drawnRatios(slab, kept);
    for (let c = 0; c < Math.min(SLAB, components - from); c++) {
      const sorted = drawn[c]!.sort();
      low[from + c] = sortedQuantile(sorted, (1 - level) / 2);
      high[from + c] = sortedQuantile(sorted, (1 + level) / 2);
    }
  }
  return { low, high, n };
}

function drawsOf(weights: Float64Array, draws: number, seed: number): Draw[] {
  return drawCounts(weights.length, draws, seed).flatMap((counts) => {
    const [clusters, times]: [number[], number[]] = [[], []];
    let weight = 0;
    counts.forEach((count, k) => {
      if (count === 0) return;
      clusters.push(k);
      times.push(count);
      weight += count * weights[k]!;
    });
    return weight === 0
      ? []
      : [{ clusters: Uint32Array.from(clusters), times: Float64Array.from(times), weight }];
  });
}

/** Sums of the components after `from`: [clusters, SLAB], 0 where there are no more. */
function slabOf(sums: Float64Array, clusters: number, from: number): Float64Array {
  const components = sums.length / clusters;
  const slab = new Float64Array(clusters * SLAB);
  for (let k = 0; k < clusters; k++) {
    const row = sums.subarray(k * components, (k + 1) * components);
    slab.set(row.subarray(from, from + SLAB), k * SLAB);
  }
  return slab;
}

/** The ratios of every draw, for each component of a slab. */
function drawnRatios(slab: Float64Array, kept: readonly Draw[]): Float64Array[] {
  const drawn = Array.from({ length: SLAB }, () => new Float64Array(kept.length));
  const [first, second, third, fourth] = drawn as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let at = 0; at < kept.length; at++) {
    const { clusters, times, weight } = kept[at]!;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let j = 0; j < clusters.length; j++) {
      const start = clusters[j]! * SLAB;
      const count = times[j]!;
      a += count * slab[start]!;
      b += count * slab[start + 1]!;
      c += count * slab[start + 2]!;
      d += count * slab[start + 3]!;
    }
    first[at] = a / weight;
    second[at] = b / weight;
    third[at] = c / weight;
    fourth[at] = d / weight;
  }
  return drawn;
}
