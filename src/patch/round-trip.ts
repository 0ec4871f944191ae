/**
 * From a state of the chain forward to the metric, and back: one program. The forward stages save what the way back
 * needs, so nothing is computed twice.
 */
import { SAVED } from '../compile/gradient.ts';
import type { BlockHook } from '../model/sites.ts';
import type { Step } from '../runtime/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { METRIC } from './metric-graph.ts';
import type { StageForm, SuffixChain } from './suffix.ts';
import { backwardTo, DIFFERENTIATED, forward, resultOf } from './variants.ts';

export interface RoundTrip {
  /** The stage that the states enter. */
  readonly start: number;
  /** [batch, pos, d_model] */
  readonly states: Tensor;
  /** The cotangent of each row's F: [batch]; with `until` that of the state there. */
  readonly cotangent: Tensor;
  /** The stage before which the way forward ends; by default it leads to F. */
  readonly until?: number;
  /** All positions in the last layer too. */
  readonly whole?: boolean;
  /**
   * The states are a line, shared by all rows: `states` holds its base [1, pos, d_model]. The cotangent that comes back
   * is then the sum over rows.
   */
  readonly line?: Line;
  /**
   * Layers whose block passes nothing back: a cotangent goes by them on the residual stream alone. Needs `whole`; not
   * the layer of `start`.
   */
  readonly dropped?: readonly number[];
  /** Hook points whose values come forward. */
  readonly captured?: readonly BlockHook[];
  /** Hook points at which the way back gives cotangents; heads' vectors and activations by default. */
  readonly differentiated?: readonly BlockHook[];
  /** Names of registers to fetch beside the metric and the cotangent of the states; see the functions below. */
  readonly fetch?: readonly string[];
  /** Inputs that the stages read beside the chain's own. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
}

/** base + amount x write. */
export interface Line {
  /** [batch, 1, 1] */
  readonly amount: Tensor;
  /** [1, pos, d_model] */
  readonly write: Tensor;
}

/** The state that enters a stage. */
export const stateAt = (index: number): string => `state.${index}`;
/** The cotangent of the state that enters a stage. */
export const cotangentAt = (index: number): string => `cotangent.${index}`;
/** The value of a captured hook point of a stage. */
export const valueAt = (hook: BlockHook, index: number): string => `${hook}.${index}`;
/** The cotangent of a hook point of a stage. */
export const gradientAt = (hook: BlockHook, index: number): string => `gradient.${hook}.${index}`;

/** Runs it; what comes back is named by METRIC (where it leads there), `cotangentAt(start)` and `fetch`. */
export async function roundTrip(chain: SuffixChain, trip: RoundTrip): Promise<Record<string, Tensor>> {
  const { start, states, cotangent, line, fetch = [], feeds = {} } = trip;
  const { until: end = chain.stages.length } = trip;
  const steps: Step[] = [];
  for (let index = start; index < end; index++) steps.push(await forwardStep(chain, trip, index));
  let from = cotangentAt(end);
  for (let index = end - 1; index >= start; index--) {
    if (isDropped(chain, trip, index)) continue;
    steps.push(await backwardStep(chain, trip, index, from));
    from = cotangentAt(index);
  }
  const given = { ...feeds, ...line, [stateAt(start)]: states, [cotangentAt(end)]: cotangent };
  const metric = end === chain.stages.length ? [METRIC] : [];
  return chain.run(steps, given, [...metric, cotangentAt(start), ...fetch]);
}

function isDropped({ stages }: SuffixChain, { dropped }: RoundTrip, index: number): boolean {
  const stage = stages[index]!;
  return 'layer' in stage && dropped !== undefined && dropped.includes(stage.layer);
}

function formOf({ whole = false, line, start }: RoundTrip, index: number): StageForm {
  return { whole, line: line && index === start ? 'shared' : undefined };
}

async function forwardStep(chain: SuffixChain, trip: RoundTrip, index: number): Promise<Step> {
  const variant = forward(trip.captured ?? [], trip.differentiated ?? DIFFERENTIATED);
  const form = formOf(trip, index);
  const result = resultOf(chain.stages[index]!);
  const { outputs } = await chain.session(index, variant, form);
  const named = outputs.map((name) => {
    if (name === result) return [name, result === METRIC ? METRIC : stateAt(index + 1)];
    return [name, name.startsWith(SAVED) ? savedAt(name, index) : valueAt(name as BlockHook, index)];
  });
  return chain.step({
    index,
    variant,
    ...form,
    from: stateAt(index),
    outputs: Object.fromEntries(named),
  });
}

/** The way back through a stage; `from`: the register of its result's cotangent. */
async function backwardStep(chain: SuffixChain, trip: RoundTrip, index: number, from: string): Promise<Step> {
  const form = formOf(trip, index);
  const variant = backwardTo(trip.differentiated ?? DIFFERENTIATED);
  const info = await chain.session(index, variant, form);
  const saved = info.inputs
    .filter((name) => name.startsWith(SAVED))
    .map((name) => [name, savedAt(name, index)]);
  const named = info.outputs.map((name) => [
    name,
    name === 'resid' ? cotangentAt(index) : gradientAt(name as BlockHook, index),
  ]);
  return chain.step({
    index,
    variant,
    ...form,
    from: stateAt(index),
    outputs: Object.fromEntries(named),
    inputs: { cotangent: from, ...Object.fromEntries(saved) },
  });
}

const savedAt = (name: string, index: number): string => `${name}.${index}`;
