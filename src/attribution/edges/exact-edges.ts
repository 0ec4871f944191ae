/**
 * Exact patching of edges, for small graphs: every edge is a run of its own.
 *
 *     score(u -> v) = F(v reads input_v + other_u - base_u, everything behind recomputed) - F(base)
 *
 * 1. Up to v nothing differs from the base run: edges into one stage are rows of a batch that enters there.
 * 2. In that stage each head reads a copy of the stream of its own, before its norm; masks say which node's change each
 *    copy gets (`edge-inputs.ts`). Later stages are plain.
 *
 * EAP estimates it to first order. Scores do not sum to anything: edges interact. All edges patched at once give every
 * receiver the other run's input, so F(other) (`edge-sets.ts`).
 */
import { InputError, throwIfCancelled } from '../../errors.ts';
import { CHANGES, maskOf, mixedInputs, type Receiving, receivingAt } from '../../patch/edge-inputs.ts';
import { METRIC } from '../../patch/metric-graph.ts';
import type { Run } from '../../patch/pair-runs.ts';
import { stateAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { carrying } from '../../patch/variants.ts';
import type { Feeds, Step } from '../../runtime/engine.ts';
import { lastRows, rows, slice, type Tensor, zeros } from '../../tensor/tensor.ts';
import { MAX_ROWS } from '../integrated-gradients.ts';
import { type Edge, type EdgeGraph, edgeGraph, type EdgeSet, edgesOf } from './edge-graph.ts';
import { nodeChanges } from './edge-scores.ts';

/** Edges at most: minutes in GPT-2 small's shape. */
export const MAX_EDGES = 10_000;

export interface ExactEdgesOptions {
  /** Edges to patch, each alone; default all. */
  readonly edges?: readonly Edge[];
  /** How many edges to allow; default MAX_EDGES. */
  readonly most?: number;
  /** Rows of one program at most. */
  readonly rows?: number;
  readonly signal?: AbortSignal;
}

/**
 * F(edge patched) - F(base) of each edge, in units of F: [nodes, receivers], 0 for edges that were not asked for.
 * Throws InputError for more edges than `most`, or an edge that the graph does not have; CancelledError by the signal.
 */
export async function exactEdges(
  chain: SuffixChain,
  base: Run,
  other: Run,
  { edges, most = MAX_EDGES, rows: batch = MAX_ROWS, signal }: ExactEdgesOptions = {},
): Promise<Tensor> {
  const graph = edgeGraph(chain.model.config);
  const asked = edges ?? [...edgesOf(graph)];
  checkEdges(graph, asked, most);
  const changes = await nodeChanges(chain, base, other);
  const scores = zeros([graph.nodes.length, graph.receivers.length]);
  for (const [index, group] of byStage(chain, graph, asked)) {
    const programs = Math.ceil(group.length / batch);
    for (let program = 0; program < programs; program++) {
      throwIfCancelled(signal);
      const at = (end: number) => Math.floor((end * group.length) / programs);
      const part = group.slice(at(program), at(program + 1));
      const metrics = await patchInto(chain, graph, base, index, changes, part);
      part.forEach(({ node, receiver }, i) => {
        scores.data[node * graph.receivers.length + receiver] = metrics[i]! - base.metric;
      });
    }
  }
  return scores;
}

/** Throws InputError for more edges than allowed, or one that is not there. */
export function checkEdges(graph: EdgeGraph, edges: readonly Edge[], most: number): void {
  if (edges.length > most) {
    throw new InputError(
      `expected at most ${most} edges to patch one by one, got ${edges.length}, each a run of its own; choose some, or raise most to ${edges.length}`,
    );
  }
  const bad = edges.find(({ node, receiver }) => !(node >= 0 && node < (graph.sources[receiver] ?? 0)));
  if (bad) {
    throw new InputError(
      `expected edges of this graph, got node ${bad.node} to receiver ${bad.receiver}; edgesOf() lists them`,
    );
  }
}

/** Edges by the stage of their receiver. */
export function byStage(chain: SuffixChain, graph: EdgeGraph, edges: readonly Edge[]): Map<number, Edge[]> {
  const groups = new Map<number, Edge[]>();
  for (const edge of edges) {
    const index = stageOfReceiver(chain, graph, edge.receiver);
    groups.set(index, [...(groups.get(index) ?? []), edge]);
  }
  return groups;
}

function stageOfReceiver(chain: SuffixChain, graph: EdgeGraph, receiver: number): number {
  const { kind, ...rest } = graph.receivers[receiver]!;
  if (!('layer' in rest)) return chain.stages.length - 1;
  return chain.indexOf(kind === 'mlp' ? 'mlp' : 'attn', rest.layer);
}

/** F with each of some edges patched, all into one stage. */
async function patchInto(
  chain: SuffixChain,
  graph: EdgeGraph,
  base: Run,
  start: number,
  changes: Tensor,
  edges: readonly Edge[],
): Promise<Float32Array> {
  const nodes = graph.sources[edges[0]!.receiver]!;
  const mixing = mixedInputs({ nodes, tracked: false });
  const masks = masksAt(
    chain,
    graph,
    start,
    edges.map((edge) => (node, receiver) => node === edge.node && receiver === edge.receiver),
  );
  const steps: Step[] = [];
  for (let index = start; index < chain.stages.length; index++) {
    const last = index === chain.stages.length - 1;
    steps.push(
      await chain.step({
        index,
        variant: index === start ? mixing : carrying,
        separateInputs: index === start && chain.stages[index]!.kind === 'attn',
        from: stateAt(index),
        inputs: index === start ? { [CHANGES]: CHANGES, ...registersOf(masks) } : {},
        outputs: last ? { [METRIC]: METRIC } : { resid: stateAt(index + 1) },
      }),
    );
  }
  const positions = chain.positionsAt(start);
  const feeds = {
    ...masks,
    [CHANGES]: lastOf(rows(changes, 0, nodes), positions),
    [stateAt(start)]: repeated(lastRows(base.states[start]!, positions), edges.length),
  };
  const results = await chain.run(steps, feeds, [METRIC]);
  return results[METRIC]!.data;
}

/** Inputs that keep their names as registers. */
export function registersOf(feeds: Feeds): Record<string, string> {
  return Object.fromEntries(Object.keys(feeds).map((name) => [name, name]));
}

/** [nodes, pos, d_model] at the last positions, as [1, nodes, positions, d_model]. */
export function lastOf(changes: Tensor, positions: number): Tensor {
  const [nodes, all, width] = changes.shape as [number, number, number];
  const { data } = slice(changes, 1, all - positions, all);
  return { shape: [1, nodes, positions, width], data };
}

/** A tensor as a batch of equal rows: [times, ...]. */
export function repeated({ shape, data }: Tensor, times: number): Tensor {
  const result = zeros([times, ...shape]);
  for (let i = 0; i < times; i++) result.data.set(data, i * data.length);
  return result;
}

/** The masks of a stage, one row for each set of edges: [rows, receivers, nodes] by the names of `maskOf`. */
export function masksAt(
  chain: SuffixChain,
  graph: EdgeGraph,
  index: number,
  sets: readonly EdgeSet[],
): Record<string, Tensor> {
  const masks: Record<string, Tensor> = {};
  for (const receiving of receivingAt(chain.stages[index]!)) {
    const receivers = receiversAt(chain, graph, index, receiving);
    const nodes = graph.sources[receivers[0]!]!;
    const mask = zeros([sets.length, receivers.length, nodes]);
    let at = 0;
    for (const has of sets) {
      for (const receiver of receivers) {
        for (let node = 0; node < nodes; node++) mask.data[at++] = has(node, receiver) ? 1 : 0;
      }
    }
    masks[maskOf(receiving)] = mask;
  }
  return masks;
}

function receiversAt(
  chain: SuffixChain,
  { receivers }: EdgeGraph,
  index: number,
  receiving: Receiving,
): number[] {
  const stage = chain.stages[index]!;
  const layer = 'layer' in stage ? stage.layer : undefined;
  return receivers.flatMap((receiver, i) =>
    receiver.kind === receiving && ('layer' in receiver ? receiver.layer : undefined) === layer ? [i] : [],
  );
}
