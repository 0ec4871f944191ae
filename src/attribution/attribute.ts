/**
 * Scores of every component of a pair by one method: the public way in.
 */
import { InputError } from '../errors.ts';
import type { Model } from '../patch/model.ts';
import { baseAndOther, type MeasuredPair, withPair } from '../patch/open-pair.ts';
import type { Metric } from '../tasks/metric.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import type { Scores } from './method.ts';
import { methodNamed } from './methods.ts';

export interface AttributeOptions {
  /** The name of a method; docs/methods.md lists them. */
  readonly method: string;
  readonly direction: Direction;
  /** Heads, neurons or both, the default. */
  readonly kinds?: readonly Kind[];
  /** Points of a path, for methods that have one. */
  readonly steps?: number;
  /** What F is; by default the metric of the pair, or the logit difference of its answers. */
  readonly metric?: Metric;
  readonly signal?: AbortSignal;
}

/**
 * Estimates ap = F(patched) - F(base) of every component: [layers, heads or neurons] for each kind, in units of F.
 * Throws InputError for bad options, for a pair or a metric that does not fit the model and while another method or study runs
 * on the model; CancelledError; RunError.
 */
export async function attribute(
  model: Model,
  pair: MeasuredPair,
  { method, direction, kinds = KINDS, steps, metric, signal }: AttributeOptions,
): Promise<Scores> {
  const { run } = methodNamed(method);
  checkAmong('direction', [direction], DIRECTIONS);
  checkAmong('kinds', kinds, KINDS);
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new InputError(`expected steps to be a whole number from 1, got ${steps}`);
  }
  const given = { ...(steps !== undefined && { steps }), ...(signal && { signal }) };
  return withPair(
    model,
    pair,
    ({ chain, runs }) => run({ chain, ...baseAndOther(runs, direction), kinds, ...given }),
    metric,
  );
}

function checkAmong(what: string, given: readonly string[], known: readonly string[]): void {
  if (given.length > 0 && given.every((value) => known.includes(value))) return;
  throw new InputError(`expected ${what} among ${known.join(', ')}, got "${given.join(', ')}"`);
}
