/**
 * A circuit: a set of edges of the edge graph, on the clean prompt. What an edge outside it carries to its receiver is
 * its node's value in the corrupted run.
 *
 * Pruning takes away every edge that lies on no path from `input` to `logits` (the fixed point of `Graph.prune` in
 * github.com/hannamw/EAP-IG). It changes no run: behind such an edge nothing reaches the logits, or before it nothing
 * but corrupted values comes in, so that its node writes what it writes in the corrupted run.
 */
import { type EdgeGraph, nodeIndex } from '../attribution/edges/edge-graph.ts';

export interface EdgeCircuit {
  readonly graph: EdgeGraph;
  /** 1 for each edge that is in: [nodes, receivers], row by row. */
  readonly edges: Uint8Array;
  /** Edges (of a circuit of nodes: nodes) that were asked for, before pruning. */
  readonly asked: number;
}

/** What is left after pruning. */
export interface CircuitSize {
  /** Nodes with an edge that leaves them. */
  readonly nodes: number;
  readonly edges: number;
  /**
   * Edges as the Mechanistic Interpretability Benchmark counts them: a key or value input that query heads share counts
   * once for each of them that is in the circuit. Elsewhere the number of edges.
   */
  readonly weightedEdges: number;
  /** `weightedEdges` of this circuit / of the whole graph. */
  readonly share: number;
}

/** Per receiver: the numbers of the nodes that it feeds; none for `logits`. Query heads may share a key or value input. */
type Owners = readonly (readonly number[])[];

export function ownersOf(graph: EdgeGraph): Owners {
  const group = graph.shape.nHeads / graph.shape.nKvHeads;
  return graph.receivers.map((receiver) => {
    if (receiver.kind === 'logits') return [];
    if (receiver.kind === 'mlp') return [nodeIndex(graph, receiver)];
    const { kind, layer, head } = receiver;
    const heads = kind === 'q' ? [head] : Array.from({ length: group }, (_, query) => head * group + query);
    return heads.map((query) => nodeIndex(graph, { kind: 'head', layer, head: query }));
  });
}

/** Per node: the numbers of its receivers; none for `input`. */
export function receiversOf(graph: EdgeGraph): readonly (readonly number[])[] {
  const receivers: number[][] = graph.nodes.map(() => []);
  for (const [receiver, owners] of ownersOf(graph).entries()) {
    for (const owner of owners) receivers[owner]!.push(receiver);
  }
  return receivers;
}

/** The same set of edges without those that lie on no path from `input` to `logits`. */
export function pruned(graph: EdgeGraph, edges: Uint8Array): Uint8Array {
  const owners = ownersOf(graph);
  return onUsefulPaths(graph, owners, onReachedPaths(graph, owners, edges));
}

/** Edges out of nodes that a path from `input` reaches. Receivers stand in the order of computation: one pass forward. */
function onReachedPaths(graph: EdgeGraph, owners: Owners, edges: Uint8Array): Uint8Array {
  const reached = new Uint8Array(graph.nodes.length);
  reached[0] = 1;
  const kept = new Uint8Array(edges.length);
  for (const [receiver, of] of owners.entries()) {
    for (let node = 0; node < graph.sources[receiver]!; node++) {
      const at = node * owners.length + receiver;
      if (edges[at] === 0 || reached[node] === 0) continue;
      kept[at] = 1;
      for (const owner of of) reached[owner] = 1;
    }
  }
  return kept;
}

/** Edges into `logits` and into nodes from which a path leads there: one pass back. */
function onUsefulPaths(graph: EdgeGraph, owners: Owners, edges: Uint8Array): Uint8Array {
  const useful = new Uint8Array(graph.nodes.length);
  const kept = new Uint8Array(edges.length);
  for (let receiver = owners.length - 1; receiver >= 0; receiver--) {
    const of = owners[receiver]!;
    if (of.length > 0 && !of.some((owner) => useful[owner] === 1)) continue;
    for (let node = 0; node < graph.sources[receiver]!; node++) {
      const at = node * owners.length + receiver;
      if (edges[at] === 0) continue;
      kept[at] = 1;
      useful[node] = 1;
    }
  }
  return kept;
}

/** How large a circuit is after pruning. */
export function circuitSize({ graph, edges }: EdgeCircuit): CircuitSize {
  const width = graph.receivers.length;
  const kept = pruned(graph, edges);
  const leaving = graph.nodes.map((_, node) => kept.subarray(node * width, (node + 1) * width).includes(1));
  let count = 0;
  let weighted = 0;
  for (const [receiver, owners] of ownersOf(graph).entries()) {
    let into = 0;
    for (let node = 0; node < graph.sources[receiver]!; node++) into += kept[node * width + receiver]!;
    count += into;
    weighted += into * (owners.length === 0 ? 1 : owners.filter((owner) => leaving[owner]).length);
  }
  return {
    nodes: leaving.filter(Boolean).length,
    edges: count,
    weightedEdges: weighted,
    share: weighted / weightedTotal(graph),
  };
}

/** Edges of the whole graph as the benchmark counts them. */
export function weightedTotal(graph: EdgeGraph): number {
  return ownersOf(graph).reduce(
    (sum, owners, receiver) => sum + graph.sources[receiver]! * Math.max(1, owners.length),
    0,
  );
}

/** The whole graph: it runs as the clean prompt does. */
export function wholeGraph(graph: EdgeGraph): EdgeCircuit {
  const edges = new Uint8Array(graph.nodes.length * graph.receivers.length);
  for (const [receiver, count] of graph.sources.entries()) {
    for (let node = 0; node < count; node++) edges[node * graph.receivers.length + receiver] = 1;
  }
  return { graph, edges, asked: graph.size };
}

/** Places of all edges in [nodes, receivers], in order. */
export function placesOf(graph: EdgeGraph): readonly number[] {
  return [...wholeGraph(graph).edges.keys()].filter(
    (place) => Math.floor(place / graph.receivers.length) < graph.sources[place % graph.receivers.length]!,
  );
}

/** All edges that a circuit does not have. Where the circuit holds all that matters, its complement runs as the corrupted prompt does. */
export function complementOf({ graph, edges }: EdgeCircuit): EdgeCircuit {
  const rest = wholeGraph(graph).edges.map((real, at) => (real === 1 && edges[at] === 0 ? 1 : 0));
  return { graph, edges: rest, asked: rest.reduce((sum, is) => sum + is, 0) };
}
