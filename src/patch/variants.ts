/**
 * The ways in which a chain's stages run: forward, saving what the way back needs, and backward.
 */
import { type GradientRequest, splitGradient } from '../compile/gradient.ts';
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

/** Components' values: hook points at which the way back gives cotangents. */
export const DIFFERENTIATED: readonly BlockHook[] = ['attn.hook_z', 'mlp.hook_post'];

/** The next state, the values of some hook points under their short names, and what `backward` needs. */
export function forward(
  hooks: readonly BlockHook[],
  differentiated: readonly BlockHook[] = DIFFERENTIATED,
): Variant {
  return {
    key: `forward ${hooks.join(' ')}${forKey(differentiated)}`,
    build: (graph, stage) => {
      const captured = new Map([...graph.outputs, ...valuesOf(graph, stage, hooks)]);
      return splitGradient({ ...graph, outputs: captured }, wayBack(graph, stage, differentiated)).forward;
    },
  };
}

/** The next state, and the values of the stage's components. Runs many times: what is not asked for is not handed out. */
export const carrying: Variant = {
  key: 'carrying',
  arena: true,
  build: (graph, stage) =>
    prune(graph, new Map([...graph.outputs, ...valuesOf(graph, stage, DIFFERENTIATED)])),
};

/**
 * From the cotangent of the result (input `cotangent`) to that of the state (`resid`), and to those of the hook points
 * on the way that are to be differentiated. Reads what `forward` saved for the same hook points.
 */
export function backwardTo(differentiated: readonly BlockHook[]): Variant {
  return {
    key: `backward${forKey(differentiated)}`,
    build: (graph, stage) => splitGradient(graph, wayBack(graph, stage, differentiated)).backward,
  };
}

export const backward: Variant = backwardTo(DIFFERENTIATED);

function forKey(differentiated: readonly BlockHook[]): string {
  return differentiated === DIFFERENTIATED ? '' : ` for ${differentiated.join(' ')}`;
}

function wayBack(graph: Graph, stage: Stage, differentiated: readonly BlockHook[]): GradientRequest {
  const to = new Map<string, Value>(valuesOf(graph, stage, differentiated));
  to.set(RESID, inputValue(graph, RESID));
  return { from: new Map([[resultOf(stage), 'cotangent']]), to };
}

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
