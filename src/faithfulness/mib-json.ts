/**
 * Circuits and scores as the JSON of the Mechanistic Interpretability Benchmark's circuit track, which is that of
 * `Graph.to_json` and `Graph.from_json` in github.com/hannamw/EAP-IG:
 *
 *     { cfg: { n_layers, n_heads, parallel_attn_mlp, d_model },
 *       nodes: { 'input' | 'a0.h1' | 'm0' | 'logits': { in_graph, score? } },
 *       edges: { 'input->a0.h1<q>' | 'a0.h1->m0' | 'm0->logits': { score, in_graph } } }
 *
 * A file with scores alone is a submission of importance scores; one with a circuit is a circuit of one size.
 *
 * There every query head has key and value inputs of its own. Where heads share them (grouped-query attention), an edge
 * into a shared input becomes one edge for each head: in where that head is in the circuit, each with an equal part of the
 * score. Read back, parts are added, and an edge is in where any copy is.
 */
import { type EdgeGraph, edgeGraph, type EdgeShape, nodeName } from '../attribution/edges/edge-graph.ts';
import { InputError } from '../errors.ts';
import { type EdgeCircuit, ownersOf, placesOf, pruned } from './circuit.ts';

export interface MibJson {
  cfg: { n_layers: number; n_heads: number; parallel_attn_mlp: boolean; d_model: number };
  nodes: Record<string, { in_graph: boolean; score?: number }>;
  edges: Record<string, { score: number; in_graph: boolean }>;
}

export interface MibContent {
  /** Absent: nothing is in the graph, and the scores are what the file is for. */
  readonly circuit?: EdgeCircuit;
  /** [nodes, receivers], higher is better: `pooledScores` has the benchmark's sign. Without them scores are 0. */
  readonly scores?: ArrayLike<number>;
  /** [nodes]; NaN: none. */
  readonly nodeScores?: ArrayLike<number>;
}

/** A circuit, scores or both as the benchmark's JSON. The circuit is pruned, as the benchmark's are. */
export function toMibJson(
  shape: EdgeShape & { readonly dModel: number },
  { circuit, scores, nodeScores }: MibContent,
): MibJson {
  const graph = edgeGraph(shape);
  const width = graph.receivers.length;
  const inside = circuit ? pruned(graph, circuit.edges) : new Uint8Array(graph.nodes.length * width);
  const isIn = graph.nodes.map((_, node) => inside.subarray(node * width, (node + 1) * width).includes(1));
  const nodes: MibJson['nodes'] = {};
  for (const [i, node] of graph.nodes.entries()) {
    const score = nodeScores?.[i];
    const scored = score !== undefined && Number.isFinite(score);
    nodes[nodeName(node)] = { in_graph: isIn[i]!, ...(scored && { score }) };
  }
  nodes['logits'] = { in_graph: true };
  const edges: MibJson['edges'] = {};
  for (const { name, place, owner, copies } of namedEdges(graph)) {
    const owned = owner === undefined || isIn[owner]!;
    edges[name] = { score: (scores?.[place] ?? 0) / copies, in_graph: inside[place] === 1 && owned };
  }
  const cfg = {
    n_layers: shape.nLayers,
    n_heads: shape.nHeads,
    parallel_attn_mlp: false,
    d_model: shape.dModel,
  };
  return { cfg, nodes, edges };
}

/** What a file of the benchmark holds. */
export interface MibRead {
  readonly circuit: EdgeCircuit;
  /** [nodes, receivers] */
  readonly scores: Float64Array;
  /** [nodes]; NaN where the file has none. */
  readonly nodeScores: Float64Array;
}

/** Reads the benchmark's JSON. Throws InputError for a file of another model's shape, and for edges that are missing or unknown. */
export function fromMibJson(shape: EdgeShape, json: MibJson): MibRead {
  const graph = edgeGraph(shape);
  const { n_layers: layers, n_heads: heads } = json.cfg ?? {};
  if (layers !== shape.nLayers || heads !== shape.nHeads) {
    throw new InputError(
      `expected a circuit of ${shape.nLayers} layers and ${shape.nHeads} heads, got ${layers} and ${heads}; take the model that it was made for`,
    );
  }
  const size = graph.nodes.length * graph.receivers.length;
  const [edges, scores] = [new Uint8Array(size), new Float64Array(size)];
  const known = namedEdges(graph);
  for (const { name, place } of known) {
    const edge = json.edges?.[name];
    if (!edge) throw new InputError(`expected an edge ${name} in the circuit's JSON, got none`);
    if (edge.in_graph) edges[place] = 1;
    scores[place]! += edge.score ?? 0;
  }
  if (Object.keys(json.edges).length !== known.length) {
    const names = new Set(known.map(({ name }) => name));
    const unknown = Object.keys(json.edges).find((name) => !names.has(name));
    throw new InputError(`expected edges of this model in the circuit's JSON, got ${unknown}`);
  }
  const nodeScores = Float64Array.from(
    graph.nodes,
    (node) => json.nodes?.[nodeName(node)]?.score ?? Number.NaN,
  );
  const circuit = { graph, edges, asked: edges.reduce((sum, is) => sum + is, 0) };
  return { circuit, scores, nodeScores };
}

/** An edge of the benchmark's graph. */
interface NamedEdge {
  readonly name: string;
  /** The edge's place in [nodes, receivers]. */
  readonly place: number;
  /** The node that it leads into; undefined for `logits`. */
  readonly owner?: number;
  /** How many of the benchmark's edges stand for this one. */
  readonly copies: number;
}

function namedEdges(graph: EdgeGraph): NamedEdge[] {
  const owners = ownersOf(graph);
  return placesOf(graph).flatMap((place): NamedEdge[] => {
    const [node, at] = [Math.floor(place / owners.length), place % owners.length];
    const { kind } = graph.receivers[at]!;
    const from = nodeName(graph.nodes[node]!);
    if (kind === 'logits') return [{ name: `${from}->logits`, place, copies: 1 }];
    const input = kind === 'mlp' ? '' : `<${kind}>`;
    return owners[at]!.map((owner, _, { length: copies }) => {
      return { name: `${from}->${nodeName(graph.nodes[owner]!)}${input}`, place, owner, copies };
    });
  });
}
