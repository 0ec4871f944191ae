/**
 * Streams in which every head keeps its base value, while MLPs are recomputed (the frozen runs of Wang et al. 2022,
 * "Interpretability in the Wild", and of path patching).
 *
 *   pre[l + 1] = mid[l] + MLP_l(mid[l])          the stream that enters block l + 1
 *   mid[l + 1] = pre[l + 1] + attention_{l + 1}  as it was written in the base run
 *
 * No head moves anything between positions, so each position runs by itself: where only the last token counts, it runs
 * alone.
 */
import { prune } from '../compile/prune.ts';
import { patchedStreams } from '../effects/changes.ts';
import type { ProbeSource } from '../effects/measures.ts';
import type { Graph } from '../graph/graph.ts';
import { RESID, stageGraph, WHOLE } from '../model/stages.ts';
import { Builder } from '../ops/builder.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Feeds, Step } from '../runtime/engine.ts';
import { batched, lastRows, row, stack, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';

/** One base run with frozen heads, made ready: the engine keeps what its attention wrote. */
export interface FrozenHeads {
  readonly chain: SuffixChain;
  readonly source: ProbeSource;
  /** So many of the last positions run. */
  readonly positions: number;
  /** The base stream that enters each block, up to `blocks`, as these very sessions give it: [pos, d_model]. */
  readonly pre: readonly Tensor[];
  /** The base stream between attention and MLP of each block: [pos, d_model]. */
  readonly mid: readonly Tensor[];
}

/** The register of the stream that enters block `layer`; for the number of layers, the final stream. */
export const preRegister = (layer: number): string => `frozen.pre.${layer}`;
const midRegister = (layer: number): string => `frozen.mid.${layer}`;
const attentionRegister = (layer: number): string => `frozen.attention.${layer}`;

/** Inputs and outputs of a frozen MLP stage beside `resid`. */
const ATTENTION = 'attention';
const MID = 'mid';

/** Runs the base run's last positions up to the stream that enters block `blocks`. */
export async function openFrozenHeads(
  chain: SuffixChain,
  source: ProbeSource,
  positions: number,
  blocks: number,
): Promise<FrozenHeads> {
  const { engine, config } = chain.model;
  const written = source.base.attnOut.map((each) => lastRows(each, positions));
  await engine.put(
    Object.fromEntries(written.map((each, layer) => [attentionRegister(layer), batched(each)])),
  );
  const start = lastRows(source.base.states[0]!, positions);
  const mid = sum(start, written[0]!);
  const layers = Array.from({ length: blocks }, (_, layer) => layer);
  const steps: Step[] = [];
  for (const layer of layers) steps.push(await frozenStep(chain, positions, layer));
  const pre = layers.map((layer) => preRegister(layer + 1));
  const mids = layers.flatMap((layer) => (layer + 1 < config.nLayers ? [midRegister(layer + 1)] : []));
  // Two rows, as a source alone has: the bits of a batch.
  const results =
    blocks === 0 ? {} : await chain.run(steps, { [midRegister(0)]: stack([mid, mid]) }, [...pre, ...mids]);
  const rowOf = (name: string) => row(results[name]!, 0);
  return { chain, source, positions, pre: [start, ...pre.map(rowOf)], mid: [mid, ...mids.map(rowOf)] };
}

/** Forgets what the engine keeps. */
export async function releaseFrozenHeads({ chain }: FrozenHeads): Promise<void> {
  await chain.model.engine.drop('frozen.');
}

/**
 * What brings sources of a layer, each patched alone, to the stream that enters block `to`: afterwards all registers
 * from `preRegister(layer + 1)` to `preRegister(to)` hold them, [sources, pos, d_model].
 */
export async function frozenPassage(
  { chain, source, positions, pre, mid }: FrozenHeads,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  to: number,
): Promise<{ readonly feeds: Feeds; readonly steps: readonly Step[] }> {
  const from = (base: Tensor) => patchedStreams(source, kind, layer, indices, base);
  // What a neuron writes enters behind its MLP: into the next block, before and after its attention.
  const first = kind === 'heads' ? layer : layer + 1;
  const feeds: Record<string, Tensor> = {};
  if (kind === 'neurons') feeds[preRegister(first)] = from(pre[first]!);
  if (first < to) feeds[midRegister(first)] = from(mid[first]!);
  const steps: Step[] = [];
  for (let each = first; each < to; each++) steps.push(await frozenStep(chain, positions, each));
  return { feeds, steps };
}

/** The MLP of a block on a frozen stream, with the base run's attention of the next block behind it. */
async function frozenStep(chain: SuffixChain, positions: number, layer: number): Promise<Step> {
  const { model } = chain;
  const isLast = layer + 1 === model.config.nLayers;
  const info = await model.sessions.ready(
    `frozen heads ${layer} ${positions}`,
    () => {
      const graph = stageGraph(model, { kind: 'mlp', layer }, { ...WHOLE, positions });
      return isLast ? prune(graph) : withNextAttention(graph, positions, model.config.dModel);
    },
    true,
  );
  return {
    session: info.key,
    inputs: { [RESID]: midRegister(layer), ...(isLast ? {} : { [ATTENTION]: attentionRegister(layer + 1) }) },
    outputs: { [RESID]: preRegister(layer + 1), ...(isLast ? {} : { [MID]: midRegister(layer + 1) }) },
  };
}

function withNextAttention(graph: Graph, positions: number, dModel: number): Graph {
  const b = Builder.from(graph);
  const resid = graph.outputs.get(RESID)!;
  const mid = b.add(resid, b.input(ATTENTION, [1, positions, dModel]));
  return prune(
    b.build({}),
    new Map([
      [RESID, resid],
      [MID, mid],
    ]),
  );
}

function sum(a: Tensor, b: Tensor): Tensor {
  return tensor(
    a.data.map((value, i) => value + b.data[i]!),
    a.shape,
  );
}
