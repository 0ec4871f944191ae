/**
 * The ways in which a chain's stages run: forward, forward with captured values, and backward.
 */
import { gradient } from '../compile/gradient.ts';
import { prune } from '../compile/prune.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { type BlockHook, blockSite, type Stage } from '../model/sites.ts';
import { RESID } from '../model/stages.ts';
import { METRIC } from './metric-graph.ts';
import type { Variant } from './suffix.ts';

/** The name of what a stage gives: the next state, or the metric. */
export function resultOf(stage: Stage): string {
  return stage.kind === 'unembed' ? METRIC : RESID;
}

/** Only the next state. */
export const forward: Variant = {
  key: 'forward',
  build: (graph) => prune(graph),
};

/** The next state and the values of some hook points, under their short names. */
export function capture(hooks: readonly BlockHook[]): Variant {
  return {
    key: `capture ${hooks.join(' ')}`,
    build: (graph, stage) => prune(graph, new Map([...graph.outputs, ...valuesOf(graph, stage, hooks)])),
  };
}

/**
 * From the cotangent of the result (input `cotangent`) to that of the state (`resid`), and to those of the head
 * outputs (`attn.hook_z`) and activations (`mlp.hook_post`) on the way.
 */
export const backward: Variant = {
  key: 'backward',
  build: (graph, stage) => {
    const to = new Map<string, Value>(valuesOf(graph, stage, ['attn.hook_z', 'mlp.hook_post']));
    to.set(RESID, inputValue(graph, RESID));
    return gradient(graph, { from: new Map([[resultOf(stage), 'cotangent']]), to });
  },
};

/** The hook points of a stage among those named. */
export function valuesOf(graph: Graph, stage: Stage, hooks: readonly BlockHook[]): [BlockHook, Value][] {
  if (!('layer' in stage)) return [];
  return hooks.flatMap((hook): [BlockHook, Value][] => {
    const value = graph.sites.get(blockSite(stage.layer, hook));
    return value === undefined ? [] : [[hook, value]];
  });
}

/** The value of an input. Throws RangeError where the graph has none of that name. */
export function inputValue(graph: Graph, name: string): Value {
  const value = graph.nodes.findIndex((node) => node.op === 'input' && node.params.name === name);
  if (value < 0) throw new RangeError(`unknown input: ${name}`);
  return value;
}
