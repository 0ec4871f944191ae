/**
 * Both runs of a pair on the suffix: what patching, attribution and effects start from.
 */
import type { BlockHook } from '../model/sites.ts';
import { lastTokens } from '../model/inputs.ts';
import type { Feeds } from '../runtime/engine.ts';
import { full, joinRows, row, type Tensor, zeros } from '../tensor/tensor.ts';
import { stageGraph, WHOLE } from '../model/stages.ts';
import { METRIC } from './metric-graph.ts';
import type { SuffixChain } from './suffix.ts';
import { gradientAt, roundTrip, stateAt, valueAt } from './round-trip.ts';
import { DIFFERENTIATED, valuesOf } from './variants.ts';
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
  const start = joinRows(chain.starts);
  const results = await roundTrip(chain, {
    start: 0,
    states: start,
    cotangent: full([batch], 1),
    whole: true,
    captured: CAPTURED,
    fetch: fetchedBy(chain),
    feeds: lastOf(chain, batch),
  });
  const all = { ...results, [stateAt(0)]: start };
  return chain.starts.map((_, run) => runOf(chain, all, run));
}

/** What a metric of whole runs reads beside the states: where each of `batch` rows has its last token. */
export function lastOf(chain: SuffixChain, batch: number): Feeds {
  const row = new Array<number>(chain.size).fill(0);
  return { 'suffix.last': lastTokens(new Array<number[]>(batch).fill(row)) };
}

/** Every state, captured value and gradient. */
function fetchedBy(chain: SuffixChain): string[] {
  return chain.stages.flatMap((stage, index) => {
    const graph = chain.graphOf(index);
    const values = valuesOf(graph, stage, CAPTURED).map(([hook]) => valueAt(hook, index));
    const gradients = valuesOf(graph, stage, DIFFERENTIATED).map(([hook]) => gradientAt(hook, index));
    return [...(index > 0 ? [stateAt(index)] : []), ...values, ...gradients];
  });
}

function runOf(chain: SuffixChain, results: Readonly<Record<string, Tensor>>, run: number): Run {
  const layers = Array.from({ length: chain.model.config.nLayers }, (_, layer) => layer);
  const perLayer = (kind: 'attn' | 'mlp', name: (index: number) => string) =>
    layers.map((layer) => row(results[name(chain.indexOf(kind, layer))]!, run));
  return {
    metric: results[METRIC]!.data[run]!,
    states: chain.stages.map((_, index) => row(results[stateAt(index)]!, run)),
    z: perLayer('attn', (index) => valueAt('attn.hook_z', index)),
    post: perLayer('mlp', (index) => valueAt('mlp.hook_post', index)),
    attnOut: perLayer('attn', (index) => valueAt('hook_attn_out', index)),
    mlpOut: perLayer('mlp', (index) => valueAt('hook_mlp_out', index)),
    gradZ: perLayer('attn', (index) => gradientAt('attn.hook_z', index)),
    gradPost: perLayer('mlp', (index) => gradientAt('mlp.hook_post', index)),
  };
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
  const { logits } = await chain.run([step], { state: joinRows(states) }, ['logits']);
  return runs.map((_, run) => row(logits!, run));
}
