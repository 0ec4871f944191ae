/**
 * Faithfulness: how much of the effect of a data set's pairs a circuit carries.
 *
 *     f = (mean F(circuit) - mean F(corrupted)) / (mean F(clean) - mean F(corrupted))
 *
 * Means are over the pairs of the data set: f is a ratio of means, never a mean of ratios, in which pairs with a small
 * denominator would rule. f = 1 for the whole graph, 0 for the empty circuit; it may lie above 1 or below 0.
 *
 * Over circuits of k = .001 to 1 (the Mechanistic Interpretability Benchmark, Mueller et al. 2025; areas as its code
 * takes them: trapezoids in linear k between the ten sizes, nothing below the first):
 *
 *     CPR = sum over neighbours k < k' of (k' - k) (f(k) + f(k')) / 2
 *     CMD = sum over neighbours k < k' of (k' - k) (|1 - f(k)| + |1 - f(k')|) / 2
 *
 * f = 1 at all ten sizes gives CPR = .999 and CMD = 0.
 */
import { InputError } from '../errors.ts';
import type { Model } from '../patch/model.ts';
import type { MeasuredPair } from '../patch/open-pair.ts';
import { isSmallD } from '../terms.ts';
import type { EdgeCircuit } from './circuit.ts';
import { circuitMetrics, type CircuitMetrics, pairSource, type RunCircuitsOptions } from './run.ts';

/** The sizes of a curve: shares of all edges that are asked for. */
export const CURVE_SIZES: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

export interface Faithfulness {
  /** F of each pair, in the order of the list. */
  readonly metrics: CircuitMetrics;
  /** f of each circuit; NaN where the mean D is too small to divide by (`isSmallD` of the two means). */
  readonly f: readonly number[];
}

/**
 * How faithful circuits are on a list of pairs: a different one from that which their scores come from.
 * Throws InputError for an empty list, a pair that does not fit the model and while other such work runs on the model;
 * CancelledError.
 */
export async function faithfulness(
  model: Model,
  pairs: readonly MeasuredPair[],
  circuits: readonly EdgeCircuit[],
  options: RunCircuitsOptions = {},
): Promise<Faithfulness> {
  if (pairs.length === 0) throw new InputError('expected at least one pair, got an empty list');
  const metrics = await circuitMetrics(pairSource(model, pairs), circuits, options);
  return { metrics, f: metrics.circuits.map((values) => shareOf(values, metrics)) };
}

/** f from F of each pair. NaN where the mean D is too small to divide by. */
export function shareOf(
  circuit: readonly number[],
  { clean, corrupted }: Pick<CircuitMetrics, 'clean' | 'corrupted'>,
): number {
  const means = { clean: mean(clean), corrupted: mean(corrupted) };
  if (isSmallD(means)) return Number.NaN;
  return (mean(circuit) - means.corrupted) / (means.clean - means.corrupted);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** CPR and CMD of f at growing sizes k. */
export function areasOf(points: readonly { readonly k: number; readonly f: number }[]): {
  readonly cpr: number;
  readonly cmd: number;
} {
  return {
    cpr: trapezoids(points.map(({ k, f }) => [k, f])),
    cmd: trapezoids(points.map(({ k, f }) => [k, Math.abs(1 - f)])),
  };
}

function trapezoids(points: readonly (readonly [x: number, y: number])[]): number {
  return points.slice(1).reduce((sum, [x, y], i) => sum + ((x - points[i]![0]) * (y + points[i]![1])) / 2, 0);
}
