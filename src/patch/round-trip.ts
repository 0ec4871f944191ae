/**
 * From a state of the chain forward to the metric, and back: one program. The forward stages save what the way back
 * needs, so nothing is computed twice.
 */
import { SAVED } from '../compile/gradient.ts';
import type { BlockHook } from '../model/sites.ts';
import type { Step } from '../runtime/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { METRIC } from './metric-graph.ts';
import type { SuffixChain } from './suffix.ts';
import { backward, forward, resultOf } from './variants.ts';

export interface RoundTrip {
  /** The stage that the states enter. */
  readonly start: number;
  /** [batch, pos, d_model] */
  readonly states: Tensor;
  /** The cotangent of each row's F: [batch]. */
  readonly cotangent: Tensor;
  /** All positions in the last layer too. */
  readonly whole?: boolean;
  /** Hook points whose values come forward. */
  readonly captured?: readonly BlockHook[];
  /** Names of registers to fetch beside the metric and the cotangent of the states; see the functions below. */
  readonly fetch?: readonly string[];
  /** Inputs that the stages read beside the chain's own. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
}

/** The state that enters a stage. */
export const stateAt = (index: number): string => `state.${index}`;
/** The cotangent of the state that enters a stage. */
export const cotangentAt = (index: number): string => `cotangent.${index}`;
/** The value of a captured hook point of a stage. */
export const valueAt = (hook: BlockHook, index: number): string => `${hook}.${index}`;
/** The cotangent of a hook point of a stage. */
export const gradientAt = (hook: BlockHook, index: number): string => `gradient.${hook}.${index}`;

/** Runs it; what comes back is named by METRIC, `cotangentAt(start)` and `fetch`. */
export async function roundTrip(chain: SuffixChain, trip: RoundTrip): Promise<Record<string, Tensor>> {
  const { start, states, cotangent, fetch = [], feeds = {} } = trip;
  const end = chain.stages.length;
  const steps: Step[] = [];
  for (let index = start; index < end; index++) steps.push(await forwardStep(chain, trip, index));
  for (let index = end - 1; index >= start; index--) steps.push(await backwardStep(chain, trip, index));
  const given = { ...feeds, [stateAt(start)]: states, [cotangentAt(end)]: cotangent };
  return chain.run(steps, given, [METRIC, cotangentAt(start), ...fetch]);
}

async function forwardStep(chain: SuffixChain, trip: RoundTrip, index: number): Promise<Step> {
  const { captured = [], whole = false } = trip;
  const variant = forward(captured);
  const result = resultOf(chain.stages[index]!);
  const { outputs } = await chain.session(index, variant, whole);
  const named = outputs.map((name) => {
    if (name === result) return [name, result === METRIC ? METRIC : stateAt(index + 1)];
    return [name, name.startsWith(SAVED) ? savedAt(name, index) : valueAt(name as BlockHook, index)];
  });
  return chain.step({
    index,
    variant,
    whole,
    from: stateAt(index),
    outputs: Object.fromEntries(named),
  });
}

async function backwardStep(chain: SuffixChain, trip: RoundTrip, index: number): Promise<Step> {
  const { whole = false } = trip;
  const info = await chain.session(index, backward, whole);
  const saved = info.inputs
    .filter((name) => name.startsWith(SAVED))
    .map((name) => [name, savedAt(name, index)]);
  const named = info.outputs.map((name) => [
    name,
    name === 'resid' ? cotangentAt(index) : gradientAt(name as BlockHook, index),
  ]);
  return chain.step({
    index,
    variant: backward,
    whole,
    from: stateAt(index),
    outputs: Object.fromEntries(named),
    inputs: { cotangent: cotangentAt(index + 1), ...Object.fromEntries(saved) },
  });
}

const savedAt = (name: string, index: number): string => `${name}.${index}`;
