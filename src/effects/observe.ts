/**
 * A stage that observes its components: the change of each head or neuron against the base run, reduced inside the
 * graph to what is kept. Heads: per probe [batch, heads], and the norm of the last token's change. Neurons: the last
 * token's change, and `through`.
 */
import type { Graph, Value } from '../graph/graph.ts';
import { blockSite, type Stage } from '../model/sites.ts';
import { Builder } from '../ops/builder.ts';
import { prune } from '../compile/prune.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Variant } from '../patch/suffix.ts';
import type { LinearMeasure } from './measures.ts';

/** Inputs and outputs of an observing stage. */
export const BASE = 'base';
export const VALUE = 'value';
export const CHANGE = 'change';

/** Values in one of the widest registers. */
export const ALIGNED = 16;

/** Observes the given measures beside `change`. */
export function observe(
  config: ModelConfig,
  heads: readonly LinearMeasure[],
  neurons: readonly 'through'[],
): Variant {
  return {
    key: `observe ${heads.join(' ')} | ${neurons.join(' ')}`,
    build: (graph, stage) => {
      if (stage.kind === 'attn') return observeHeads(graph, stage, config, heads);
      if (stage.kind === 'mlp') return observeNeurons(graph, stage, config, neurons);
      return prune(graph);
    },
  };
}

type BlockStage = Stage & { readonly layer: number };

function observeHeads(
  graph: Graph,
  stage: BlockStage,
  config: ModelConfig,
  measures: readonly LinearMeasure[],
): Graph {
  const { nHeads, dHead, dModel } = config;
  const b = Builder.from(graph);
  const z = graph.sites.get(blockSite(stage.layer, 'attn.hook_z'))!;
  const outputs = new Map<string, Value>([...graph.outputs, [VALUE, z]]);
  const dims = [1, ...b.dims(z).slice(1)];
  const delta = b.sub(z, b.input(BASE, dims));
  for (const measure of measures) outputs.set(measure, b.sum(b.mul(delta, b.input(measure, dims)), [1, 3]));
  const weight = b.weight(`blocks.${stage.layer}.attn.W_O`, [nHeads * dHead, dModel]);
  const byHead = b.transpose(b.reshape(lastPosition(b, delta), ['batch', nHeads, dHead]), [1, 0, 2]);
  // Rows of a multiple of ALIGNED: else the sum of a row is rounded by its place in memory, so by its place in the batch.
  const spare = (ALIGNED - (dModel % ALIGNED)) % ALIGNED;
  const writes = b.matmul(byHead, b.pad(b.reshape(weight, [nHeads, dHead, dModel]), 2, 0, spare));
  outputs.set(CHANGE, b.transpose(b.unary('sqrt', b.sum(b.mul(writes, writes), [2])), [1, 0]));
  return prune(b.build({}), outputs);
}

function observeNeurons(
  graph: Graph,
  stage: BlockStage,
  config: ModelConfig,
  measures: readonly 'through'[],
): Graph {
  const b = Builder.from(graph);
  const post = graph.sites.get(blockSite(stage.layer, 'mlp.hook_post'))!;
  const outputs = new Map<string, Value>([...graph.outputs, [VALUE, post]]);
  const dims = [1, ...b.dims(post).slice(1)];
  const delta = b.sub(post, b.input(BASE, dims));
  outputs.set(CHANGE, b.reshape(lastPosition(b, delta), ['batch', config.dMlp]));
  for (const measure of measures) outputs.set(measure, b.sum(b.mul(delta, b.input(measure, dims)), [1]));
  return prune(b.build({}), outputs);
}

/** The last of a known number of positions (axis 1). */
function lastPosition(b: Builder, x: Value): Value {
  const positions = b.dims(x)[1] as number;
  return b.slice(x, 1, positions - 1, positions);
}
