/**
 * Bytes that one row of a batch needs while it runs, told from the very graphs that run: what the way back reads is
 * kept for all layers at once, the values inside a stage only while it runs.
 */
import { observe } from '../../effects/observe.ts';
import type { Graph } from '../../graph/graph.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Stage } from '../../model/sites.ts';
import { type Blueprint, stageGraph } from '../../model/stages.ts';
import { suffixOptions } from '../../patch/suffix.ts';
import { backward, forward } from '../../patch/variants.ts';
import type { Extent } from './flop.ts';

const FLOAT_BYTES = 4;

export interface RowBytes {
  /** Registers that forward stages keep for the way back, all layers together. */
  readonly saved: number;
  /** Inside the largest stage of the way forward and back. */
  readonly roundTrip: number;
  /** Inside the largest stage that observes its components. */
  readonly observing: number;
}

/** Building the graphs takes longer than all else of a plan: once for a config and extent. */
const known = new WeakMap<ModelConfig, Map<string, RowBytes>>();

/** Bytes of one row; `extent` is that of the pair. */
export function rowBytes(config: ModelConfig, extent: Extent): RowBytes {
  const ofConfig = known.get(config) ?? new Map<string, RowBytes>();
  known.set(config, ofConfig);
  const key = `${extent.first} of ${extent.length}`;
  const bytes = ofConfig.get(key) ?? fromGraphs(config, extent);
  ofConfig.set(key, bytes);
  return bytes;
}

function fromGraphs(config: ModelConfig, extent: Extent): RowBytes {
  const parts = ([0, 1] as const).map((fromEnd) => layerBytes(config, extent, fromEnd === 0));
  const [last, middle] = parts as [RowBytes, RowBytes];
  return {
    saved: last.saved + (config.nLayers - 1) * middle.saved,
    roundTrip: Math.max(last.roundTrip, middle.roundTrip),
    observing: Math.max(last.observing, middle.observing),
  };
}

/** The two stages of the last layer, or of one before it. */
function layerBytes(config: ModelConfig, { length, first }: Extent, last: boolean): RowBytes {
  // Biases are where they are in processed weights; they change little.
  const blueprint: Blueprint = { config, has: (name) => config.family === 'gpt2' && /\.b_/.test(name) };
  const stages = (['attn', 'mlp'] as const).map((kind): [Graph, Stage] => {
    const stage = { kind, layer: 0 };
    return [stageGraph(blueprint, stage, suffixOptions(kind, { from: first, to: length }, last)), stage];
  });
  const ways = stages.map(([graph, stage]) => [
    forward([]).build(graph, stage),
    backward.build(graph, stage),
    observe(config, ['direct'], ['through']).build(graph, stage),
  ]) as [Graph, Graph, Graph][];
  const most = (graphs: readonly Graph[]) => Math.max(...graphs.map(insideBytes));
  return {
    saved: ways.reduce((sum, [there]) => sum + outputBytes(there), 0),
    roundTrip: most(ways.flatMap(([there, back]) => [there, back])),
    observing: most(ways.map(([, , observing]) => observing)),
  };
}

/** Floats of a value for a batch of one; 0 for what does not grow with the batch. */
function rowFloats(graph: Graph, value: number): number {
  const { dims } = graph.nodes[value]!;
  if (!dims.some((dim) => typeof dim === 'string')) return 0;
  return dims.reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : multiple(dim)), 1);
}

/** The number in `3*batch`; 1 for `batch`. */
function multiple(dim: string): number {
  return dim.includes('*') ? Number(dim.split('*')[0]) : 1;
}

function outputBytes(graph: Graph): number {
  return FLOAT_BYTES * [...graph.outputs.values()].reduce((sum, v) => sum + rowFloats(graph, v), 0);
}

/** The most that a graph's values take at once: each lives from its own node to the last that reads it. */
function insideBytes(graph: Graph): number {
  const lastUse = new Map<number, number>();
  graph.nodes.forEach(({ inputs }, at) => {
    for (const input of inputs) lastUse.set(input, at);
  });
  for (const output of graph.outputs.values()) lastUse.set(output, graph.nodes.length);
  const endingAt = new Map<number, number[]>();
  for (const [value, at] of lastUse) endingAt.set(at, [...(endingAt.get(at) ?? []), value]);
  let floats = 0;
  let most = 0;
  graph.nodes.forEach((_, at) => {
    floats += rowFloats(graph, at);
    most = Math.max(most, floats);
    for (const value of endingAt.get(at) ?? []) floats -= rowFloats(graph, value);
  });
  return FLOAT_BYTES * most;
}
