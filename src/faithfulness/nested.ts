/**
 * Circuits from scores. Higher scores are better: a score says how much of the effect an edge carries (`pooled.ts`).
 *
 * | method | the n edges |
 * |---|---|
 * | `top_n` | the n highest |
 * | `greedy` | n times the highest of those that lead into `logits` or into a node that is already in: connected to the logits by construction |
 *
 * | select | highest by |
 * |---|---|
 * | `signed` | the score: edges that work against the effect come last |
 * | `absolute` | its size: edges that matter in either way |
 *
 * Then the circuit is pruned. Both are those of `Graph.apply_topn` and `Graph.apply_greedy` of github.com/hannamw/EAP-IG,
 * which the Mechanistic Interpretability Benchmark (Mueller et al. 2025) takes. Equal scores: the earlier edge, node by node.
 *
 * Circuits of nodes: n nodes are in with every edge between them and to `logits`; all others write their corrupted values.
 */
import type { EdgeGraph } from '../attribution/edges/edge-graph.ts';
import { InputError } from '../errors.ts';
import { checkWord } from '../mediation/source.ts';
import { type EdgeCircuit, ownersOf, placesOf, pruned, receiversOf, wholeGraph } from './circuit.ts';

export const SELECTS = ['signed', 'absolute'] as const;
export type Select = (typeof SELECTS)[number];

export const SELECTION_METHODS = ['top_n', 'greedy'] as const;
export type SelectionMethod = (typeof SELECTION_METHODS)[number];

/** How many: a share k of all that can be asked for, rounded down, or a count. */
export type AskedSize = { readonly k: number } | { readonly count: number };

export interface NodeSelection {
  /** Default `signed`. */
  readonly select?: Select;
}

export interface EdgeSelection extends NodeSelection {
  /** Default `top_n`. */
  readonly method?: SelectionMethod;
}

/** Circuits of growing size from one order: each holds the one before it. */
export interface NestedCircuits {
  /** How many edges (of circuits of nodes: scored nodes) can be asked for. */
  readonly items: number;
  /** The circuit of the first `count`, pruned. */
  readonly of: (count: number) => EdgeCircuit;
}

/**
 * The circuit of the edges with the highest scores [nodes, receivers], pruned.
 * Throws InputError for scores of another shape or no number, an unknown word, and a size that the graph does not have.
 */
export function circuitFromScores(
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  { select, method, ...size }: AskedSize & EdgeSelection,
): EdgeCircuit {
  const circuits = edgeCircuits(graph, scores, { select, method });
  return circuits.of(countOf(circuits, size));
}

/**
 * The circuit of the nodes with the highest scores [nodes], pruned; NaN: not scored and always in, as `input` is.
 * Throws InputError as `circuitFromScores`.
 */
export function circuitFromNodeScores(
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  { select, ...size }: AskedSize & NodeSelection,
): EdgeCircuit {
  const circuits = nodeCircuits(graph, scores, { select });
  return circuits.of(countOf(circuits, size));
}

/** How many items a size asks for. */
export function countOf({ items }: NestedCircuits, size: AskedSize): number {
  const count = 'k' in size ? Math.floor(size.k * items) : size.count;
  if (Number.isSafeInteger(count) && count >= 0 && count <= items) return count;
  const got = 'k' in size ? `k ${size.k}` : `count ${size.count}`;
  throw new InputError(`expected k from 0 to 1, or a whole count from 0 to ${items}, got ${got}`);
}

/** All circuits of edges that scores give. */
export function edgeCircuits(
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  { select = 'signed', method = 'top_n' }: EdgeSelection = {},
): NestedCircuits {
  checkWord('method', method, SELECTION_METHODS);
  const places = placesOf(graph);
  checkScores(scores, graph.nodes.length * graph.receivers.length, places);
  return edgesInOrder(graph, descending(places, scores, select), method);
}

/** All circuits of nodes that scores give. `input` is always in: no path begins elsewhere. */
export function nodeCircuits(
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  { select = 'signed' }: NodeSelection = {},
): NestedCircuits {
  const scored = scoredNodes(graph, scores);
  checkScores(scores, graph.nodes.length, scored);
  return nodesInOrder(graph, descending(scored, scores, select));
}

/** Nodes that have a score of their own. */
export function scoredNodes({ nodes }: EdgeGraph, scores: ArrayLike<number>): readonly number[] {
  return nodes.flatMap((node, i) => (node.kind === 'input' || Number.isNaN(scores[i]) ? [] : [i]));
}

/** The circuits of edges in an order, by their places in [nodes, receivers]. */
export function edgesInOrder(
  graph: EdgeGraph,
  order: readonly number[],
  method: SelectionMethod,
): NestedCircuits {
  const taken = method === 'greedy' ? fromLogits(graph, order) : order;
  return {
    items: order.length,
    of: (count) => {
      const edges = new Uint8Array(graph.nodes.length * graph.receivers.length);
      for (const place of taken.slice(0, count)) edges[place] = 1;
      return { graph, edges: pruned(graph, edges), asked: count };
    },
  };
}

/** The circuits of nodes in an order; nodes that are not in it are always in. */
export function nodesInOrder(graph: EdgeGraph, order: readonly number[]): NestedCircuits {
  const owners = ownersOf(graph);
  return {
    items: order.length,
    of: (count) => {
      const out = new Set(order.slice(count));
      const reads = owners.map((of) => of.length === 0 || of.some((owner) => !out.has(owner)));
      const edges = wholeGraph(graph).edges.map((real, place) => {
        const [node, receiver] = [Math.floor(place / owners.length), place % owners.length];
        return real === 1 && !out.has(node) && reads[receiver]! ? 1 : 0;
      });
      return { graph, edges: pruned(graph, edges), asked: count };
    },
  };
}

/**
 * The order in which the greedy search takes edges: always the first of the given order that leads into `logits` or
 * into the node of an edge that was taken before.
 */
function fromLogits(graph: EdgeGraph, order: readonly number[]): readonly number[] {
  const width = graph.receivers.length;
  const receivers = receiversOf(graph);
  const rank = new Map(order.map((place, at) => [place, at]));
  const open = new Uint8Array(order.length);
  const openInto = (receiver: number): number => {
    let first = order.length;
    for (let node = 0; node < graph.sources[receiver]!; node++) {
      const at = rank.get(node * width + receiver)!;
      if (open[at] === 0) first = Math.min(first, at);
      if (open[at] === 0) open[at] = 1;
    }
    return first;
  };
  const taken: number[] = [];
  const nodes = new Set<number>();
  let at = openInto(width - 1);
  while (taken.length < order.length) {
    while (open[at] !== 1) at++;
    open[at] = TAKEN;
    taken.push(order[at]!);
    const node = Math.floor(order[at]! / width);
    if (nodes.has(node)) continue;
    nodes.add(node);
    at = Math.min(at, ...receivers[node]!.map(openInto));
  }
  return taken;
}

const TAKEN = 2;

function descending(items: readonly number[], scores: ArrayLike<number>, select: Select): readonly number[] {
  checkWord('select', select, SELECTS);
  const value = (item: number) => (select === 'absolute' ? Math.abs(scores[item]!) : scores[item]!);
  return items.toSorted((a, b) => value(b) - value(a) || a - b);
}

function checkScores(scores: ArrayLike<number>, length: number, items: readonly number[]): void {
  if (scores.length !== length) {
    throw new InputError(
      `expected ${length} scores for this graph, got ${scores.length}; edgeGraph() gives its order`,
    );
  }
  const bad = items.find((item) => Number.isNaN(scores[item]));
  if (bad !== undefined) throw new InputError(`expected numbers for scores, got NaN at ${bad}`);
}
