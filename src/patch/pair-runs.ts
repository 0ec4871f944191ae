/**
 * Both runs of a pair on the suffix: what patching, attribution and effects start from.
 */
import type { BlockHook } from '../model/sites.ts';
import { lastTokens } from '../model/inputs.ts';
import type { Step } from '../runtime/engine.ts';
import { full, row, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import { stageGraph, WHOLE } from '../model/stages.ts';
import { METRIC } from './metric-graph.ts';
import type { SuffixChain } from './suffix.ts';
import { backward, capture, resultOf, valuesOf } from './variants.ts';
import { stepOf } from './walk.ts';

/** One run of the pair, at the positions of the suffix. */
export interface Run {
  readonly metric: number;
  /** The residual stream that enters each stage of the chain: [pos, d_model]. */
  readonly states: readonly Tensor[];
  /** Per layer: heads' vectors before W_O [pos, heads, d_head], activations [pos, neurons]. */
  readonly z: readonly Tensor[];
  readonly post: readonly Tensor[];
  /** Per layer: what attention and MLP wrote [pos, d_model]. */
  readonly attnOut: readonly Tensor[];
  readonly mlpOut: readonly Tensor[];
  /** Per layer: dF / d of `z` and `post`. */
  readonly gradZ: readonly Tensor[];
  readonly gradPost: readonly Tensor[];
}

const CAPTURED: readonly BlockHook[] = ['attn.hook_z', 'mlp.hook_post', 'hook_attn_out', 'hook_mlp_out'];

/** Runs all prompts of the chain as one batch, forward and back. One `Run` for each. */
export async function runBoth(chain: SuffixChain): Promise<Run[]> {
  const batch = chain.starts.length;
  const variant = capture(CAPTURED);
  const steps: Step[] = [];
  const fetch = new Set<string>([METRIC]);
  const stateOf = (index: number) => `state.${index}`;
  for (const [index, stage] of chain.stages.entries()) {
    const result = resultOf(stage) === METRIC ? METRIC : stateOf(index + 1);
    const hooks = valuesOf(chain.graphOf(index), stage, CAPTURED).map(([hook]) => hook);
    const named = Object.fromEntries(hooks.map((hook) => [hook, `${hook}.${index}`]));
    for (const register of [result, ...Object.values(named)]) fetch.add(register);
    const outputs = { [resultOf(stage)]: result, ...named };
    steps.push(await chain.step({ index, variant, batch, from: stateOf(index), outputs, whole: true }));
  }
  for (let index = chain.stages.length - 1; index >= 0; index--) {
    const stage = chain.stages[index]!;
    const hooks = valuesOf(chain.graphOf(index), stage, ['attn.hook_z', 'mlp.hook_post']).map(
      ([hook]) => hook,
    );
    const named = Object.fromEntries(hooks.map((hook) => [hook, `grad.${hook}.${index}`]));
    for (const register of Object.values(named)) fetch.add(register);
    const outputs = { ...named, resid: `cotangent.${index}` };
    const inputs = { cotangent: `cotangent.${index + 1}` };
    steps.push(
      await chain.step({
        index,
        variant: backward,
        batch,
        from: stateOf(index),
        outputs,
        inputs,
        whole: true,
      }),
    );
  }
  const feeds = {
    [stateOf(0)]: joined(chain.starts),
    [`cotangent.${chain.stages.length}`]: full([batch], 1),
    'suffix.last': lastTokens(chain.starts.map(() => new Array<number>(chain.size).fill(0))),
  };
  const results = { ...(await chain.run(steps, feeds, [...fetch])), [stateOf(0)]: feeds[stateOf(0)]! };
  return chain.starts.map((_, run) => runOf(chain, results, run));
}

function runOf(chain: SuffixChain, results: Readonly<Record<string, Tensor>>, run: number): Run {
  const layers = Array.from({ length: chain.model.config.nLayers }, (_, layer) => layer);
  const perLayer = (kind: 'attn' | 'mlp', name: string) =>
    layers.map((layer) => row(results[`${name}.${chain.indexOf(kind, layer)}`]!, run));
  return {
    metric: results[METRIC]!.data[run]!,
    states: chain.stages.map((_, index) => row(results[`state.${index}`]!, run)),
    z: perLayer('attn', 'attn.hook_z'),
    post: perLayer('mlp', 'mlp.hook_post'),
    attnOut: perLayer('attn', 'hook_attn_out'),
    mlpOut: perLayer('mlp', 'hook_mlp_out'),
    gradZ: perLayer('attn', 'grad.attn.hook_z'),
    gradPost: perLayer('mlp', 'grad.mlp.hook_post'),
  };
}

/** Joins tensors [1, ...] into one batch. */
export function joined(parts: readonly Tensor[]): Tensor {
  return stack(parts.map((part) => row(part, 0)));
}

/** other - base, element by element. */
export function difference(other: Tensor, base: Tensor): Tensor {
  const result = zeros(base.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = other.data[i]! - base.data[i]!;
  return result;
}

/** Logits of every run at its last token: [vocabulary] each. */
export async function finalLogits(chain: SuffixChain, runs: readonly Run[]): Promise<Tensor[]> {
  const { model } = chain;
  const { dModel } = model.config;
  const states = runs.map((run) => {
    const last = run.states.at(-1)!.data.slice(-dModel);
    return { shape: [1, 1, dModel], data: last };
  });
  const info = await model.sessions.ready('unembed of the last token', () =>
    stageGraph(model, { kind: 'unembed' }, { ...WHOLE, positions: 1, logits: 'last' }),
  );
  const step = stepOf(info, 'state', { logits: 'logits' });
  const { logits } = await chain.run([step], { state: joined(states) }, ['logits']);
  return runs.map((_, run) => row(logits!, run));
}
