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
import { alignedWidth } from '../ops/alignment.ts';
import type { LinearMeasure } from './measures.ts';

/** Inputs and outputs of an observing stage. */
export const BASE = 'base';
export const VALUE = 'value';
export const CHANGE = 'change';
/** Input of an observing attention stage: see `headFactors`. */
export const FACTOR = 'factor';

/** Observes the given measures beside `change`. */
export function observe(
  config: ModelConfig,
  heads: readonly LinearMeasure[],
  neurons: readonly 'through'[],
): Variant {
  return {
    key: `observe ${heads.join(' ')} | ${neurons.join(' ')}`,
    arena: true,
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
  const { nHeads, dHead } = config;
  const b = Builder.from(graph);
  const z = graph.sites.get(blockSite(stage.layer, 'attn.hook_z'))!;
  const outputs = new Map<string, Value>([...graph.outputs, [VALUE, z]]);
  const base = b.input(BASE, [1, ...b.dims(z).slice(1)]);
  const last = b.sub(lastPosition(b, z), lastPosition(b, base));
  const everywhere = b.sub(z, base);
  for (const measure of measures) {
    const delta = measure === 'through' ? everywhere : last;
    outputs.set(measure, b.sum(b.mul(delta, b.input(measure, [1, ...b.dims(delta).slice(1)])), [1, 3]));
  }
  const byHead = b.transpose(b.reshape(last, ['batch', nHeads, dHead]), [1, 0, 2]);
  const turned = b.matmul(byHead, b.input(FACTOR, [nHeads, dHead, alignedWidth(dHead)]));
  outputs.set(CHANGE, b.transpose(b.unary('sqrt', b.sum(b.mul(turned, turned), [2])), [1, 0]));
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
  const base = b.input(BASE, [1, ...b.dims(post).slice(1)]);
  const last = b.sub(lastPosition(b, post), lastPosition(b, base));
  outputs.set(CHANGE, b.reshape(last, ['batch', config.dMlp]));
  const delta = b.sub(post, base);
  for (const measure of measures) {
    outputs.set(measure, b.sum(b.mul(delta, b.input(measure, b.dims(base))), [1]));
  }
  return prune(b.build({}), outputs);
}

/** The last of a known number of positions (axis 1). */
function lastPosition(b: Builder, x: Value): Value {
  const positions = b.dims(x)[1] as number;
  return b.slice(x, 1, positions - 1, positions);
}
