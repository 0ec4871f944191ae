/**
 * Runs from a state of the chain forward to the metric, through the plain stages.
 */
import type { Step } from '../runtime/engine.ts';
import { row, stack, type Tensor } from '../tensor/tensor.ts';
import { METRIC } from './metric-graph.ts';
import { stateAt } from './round-trip.ts';
import type { SuffixChain, Variant } from './suffix.ts';
import { carrying, resultOf } from './variants.ts';

/** A run that others are compared with: through the very sessions that they take, so that no change gives exactly 0. */
export interface BaseRun {
  readonly metric: number;
  /** The state that enters each stage: [pos, d_model]. */
  readonly states: readonly Tensor[];
}

/** How a stage runs where it does not run plainly, and the registers of inputs and outputs beside the state. */
export interface SpecialStage {
  readonly variant?: Variant;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
}

/** Steps from the state that enters stage `start` to the metric. */
export async function forwardSteps(
  chain: SuffixChain,
  start: number,
  special: ReadonlyMap<number, SpecialStage> = new Map(),
): Promise<Step[]> {
  const steps: Step[] = [];
  for (let index = start; index < chain.stages.length; index++) {
    const result = resultOf(chain.stages[index]!);
    const { variant = carrying, inputs = {}, outputs = {} } = special.get(index) ?? {};
    const state = { [result]: result === METRIC ? METRIC : stateAt(index + 1) };
    const step = { index, variant, from: stateAt(index), inputs, outputs: { ...state, ...outputs } };
    steps.push(await chain.step(step));
  }
  return steps;
}

/** The base run that starts from `start` [pos, d_model] before the first stage. */
export async function forwardBase(chain: SuffixChain, start: Tensor): Promise<BaseRun> {
  const later = chain.stages.map((_, index) => stateAt(index)).slice(1);
  // Two rows, as a source alone has: the bits of a batch.
  const feeds = { [stateAt(0)]: stack([start, start]) };
  const results = await chain.run(await forwardSteps(chain, 0), feeds, [METRIC, ...later]);
  return {
    metric: results[METRIC]!.data[0]!,
    states: [start, ...later.map((name) => row(results[name]!, 0))],
  };
}

/** F of states [batch, pos, d_model] that enter stage `start`: [batch]. */
export async function metricsFrom(chain: SuffixChain, start: number, states: Tensor): Promise<Float32Array> {
  const steps = await forwardSteps(chain, start);
  const results = await chain.run(steps, { [stateAt(start)]: atLeastTwo(states) }, [METRIC]);
  return results[METRIC]!.data.subarray(0, states.shape[0]!);
}

/** The same of states [batch, ...]: a row alone stands twice (see `twiceIfAlone`). */
export function atLeastTwo(states: Tensor): Tensor {
  return states.shape[0] === 1 ? stack([row(states, 0), row(states, 0)]) : states;
}
