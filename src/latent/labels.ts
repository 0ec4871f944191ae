/**
 * Normalised effects and labels, from activation patching in both directions.
 *
 *   D = F_clean - F_corrupted,  e_noising = -ap_noising / D,  e_denoising = ap_denoising / D
 *
 * In both directions 1 means "the whole effect of the pair". With n = e_noising, d = e_denoising and tau > 0:
 *
 *   and         n >= tau and |d| <= n / 3         breaking it breaks the task, restoring it alone does not
 *   or          d >= tau and |n| <= d / 3         the mirror image
 *   adder       both >= tau, larger < 1.5 smaller
 *   inhibitory  both <= -tau
 *   mixed       any other with max(|n|, |d|) >= tau
 *
 * The first four exclude one another for every tau > 0, so their order does not matter: `and` and `or` together need
 * n <= n / 9; each allows the smaller at most a third of the larger where `adder` needs two thirds; and `inhibitory`
 * has both signs against it. Everything is computed in float64 from the stored float32 scores.
 */
import { componentsWhere } from './components.ts';
import { type Component, type Contrast, type Direction, isSmallD, type MetricValues } from '../terms.ts';

export const DEFAULT_TAU = 0.02;

export type Label = 'and' | 'or' | 'adder' | 'inhibitory' | 'mixed';

/** The labels' names in results. For a swap pair AND and OR depend on which prompt is called clean: other names. */
export type LabelName = Label | 'noising_only' | 'denoising_only';

/** Scores of one kind in both directions, [layers, perLayer], flat. */
export interface BothDirections {
  readonly noising: Float32Array;
  readonly denoising: Float32Array;
}

/** Normalised effects of a direction, float64 [layers, perLayer]. NaN everywhere where D is small. */
export function normalisedEffects(
  scores: Float32Array,
  metric: MetricValues,
  direction: Direction,
): Float64Array {
  if (isSmallD(metric)) return new Float64Array(scores.length).fill(Number.NaN);
  const d = metric.clean - metric.corrupted;
  return direction === 'noising'
    ? Float64Array.from(scores, (score) => -score / d)
    : Float64Array.from(scores, (score) => score / d);
}

/** max(|e_noising|, |e_denoising|) of every component, float64 [layers, perLayer]. NaN where D is small. */
export function effectStrength(ap: BothDirections, metric: MetricValues): Float64Array {
  const denoising = normalisedEffects(ap.denoising, metric, 'denoising');
  return normalisedEffects(ap.noising, metric, 'noising').map((e, i) =>
    Math.max(Math.abs(e), Math.abs(denoising[i]!)),
  );
}

/** The label of one component, or undefined. NaN effects have none. */
export function labelOf(noising: number, denoising: number, tau: number): Label | undefined {
  const larger = Math.max(noising, denoising);
  const smaller = Math.min(noising, denoising);
  if (noising >= tau && Math.abs(denoising) <= noising / 3) return 'and';
  if (denoising >= tau && Math.abs(noising) <= denoising / 3) return 'or';
  if (smaller >= tau && larger < 1.5 * smaller) return 'adder';
  if (larger <= -tau) return 'inhibitory';
  if (Math.max(Math.abs(noising), Math.abs(denoising)) >= tau) return 'mixed';
  return undefined;
}

/**
 * The label of every component [layers, perLayer], from AP scores. All undefined where D is small.
 * Throws RangeError where tau is not above 0.
 */
export function labelComponents(
  ap: BothDirections,
  metric: MetricValues,
  tau: number = DEFAULT_TAU,
): (Label | undefined)[] {
  if (!(tau > 0)) throw new RangeError(`expected tau above 0, got ${tau}`);
  const noising = normalisedEffects(ap.noising, metric, 'noising');
  const denoising = normalisedEffects(ap.denoising, metric, 'denoising');
  return Array.from(noising, (e, i) => labelOf(e, denoising[i]!, tau));
}

/** A label's name for a contrast: for a swap, `noising_only` and `denoising_only` stand for `and` and `or`. */
export function labelName(label: Label, contrast: Contrast): LabelName {
  if (contrast === 'removal') return label;
  if (label === 'and') return 'noising_only';
  if (label === 'or') return 'denoising_only';
  return label;
}

/** Lists of components under their labels' names. */
export type LabelSets = Partial<Record<LabelName, Component[]>>;

/** The labelled components by name, every name of the contrast present, empty lists included. */
export function labelSets(
  labels: readonly (Label | undefined)[],
  perLayer: number,
  contrast: Contrast,
): LabelSets {
  const all: readonly Label[] = ['and', 'or', 'adder', 'inhibitory', 'mixed'];
  return Object.fromEntries(
    all.map((label) => [
      labelName(label, contrast),
      componentsWhere(labels.length, perLayer, (i) => labels[i] === label),
    ]),
  );
}

/** How many components have another label (or none, or one at last) at half and at twice tau. */
export interface LabelStability {
  readonly half_tau: number;
  readonly double_tau: number;
}

export function labelStability(
  ap: BothDirections,
  metric: MetricValues,
  tau: number = DEFAULT_TAU,
): LabelStability {
  const labels = labelComponents(ap, metric, tau);
  const changed = (other: number): number => {
    const others = labelComponents(ap, metric, other);
    return labels.filter((label, i) => label !== others[i]).length;
  };
  return { half_tau: changed(tau / 2), double_tau: changed(2 * tau) };
}

/**
 * Asymmetry a = e_noising - e_denoising, of AP or IG scores, float32 [layers, perLayer]: how much the component
 * interacts with the rest of the pair. NaN everywhere where D is small.
 */
export function asymmetry(scores: BothDirections, metric: MetricValues): Float32Array {
  const noising = normalisedEffects(scores.noising, metric, 'noising');
  const denoising = normalisedEffects(scores.denoising, metric, 'denoising');
  return Float32Array.from(noising, (e, i) => e - denoising[i]!);
}
