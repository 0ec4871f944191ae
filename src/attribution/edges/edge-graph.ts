/**
 * The edge graph of a model, as in edge attribution patching (Syed et al. 2023; Hanna et al. 2024).
 *
 * 1. Nodes write into the residual stream: the embeddings (`input`), every head, every MLP.
 * 2. Receivers read from it: each head's query, key and value input, each MLP's input, and the final norm (`logits`).
 * 3. An edge leads from a node to each receiver behind it: heads do not feed heads of their own layer, but they feed
 *    its MLP.
 *
 * Where query heads share a key-value head, that head's key input and value input are one receiver each, as
 * TransformerLens has them under `use_split_qkv_input`. (With `ungroup_grouped_query_attention` it has a copy for each
 * query head; a first-order score of ours is the sum of those copies' scores.)
 */

import type { ModelConfig } from '../../model/config.ts';

/** What the graph depends on. */
export type EdgeShape = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'nKvHeads'>;

/** What writes into the residual stream. */
export type EdgeNode =
  | { readonly kind: 'input' }
  | { readonly kind: 'head'; readonly layer: number; readonly head: number }
  | { readonly kind: 'mlp'; readonly layer: number };

/** What reads from it. `head`: a query head, or for `k` and `v` a key-value head. */
export type Receiver =
  | { readonly kind: 'q' | 'k' | 'v'; readonly layer: number; readonly head: number }
  | { readonly kind: 'mlp'; readonly layer: number }
  | { readonly kind: 'logits' };

export interface EdgeGraph {
  readonly shape: EdgeShape;
  /** In the order of computation; heads of a layer before its MLP. */
  readonly nodes: readonly EdgeNode[];
  /** Per layer queries, keys, values, MLP; `logits` last. */
  readonly receivers: readonly Receiver[];
  /** Per receiver: it reads the nodes before this number. */
  readonly sources: readonly number[];
  /** How many edges there are. */
  readonly size: number;
}

/** An edge by the numbers of its ends. */
export interface Edge {
  readonly node: number;
  readonly receiver: number;
}

/** Which edges a set has, by the numbers of their ends. */
export type EdgeSet = (node: number, receiver: number) => boolean;

export function edgeGraph(shape: EdgeShape): EdgeGraph {
  const { nLayers, nHeads, nKvHeads } = shape;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const heads = (count: number) => Array.from({ length: count }, (_, head) => head);
  const nodes = layers.flatMap((layer): EdgeNode[] => [
    ...heads(nHeads).map((head) => ({ kind: 'head' as const, layer, head })),
    { kind: 'mlp', layer },
  ]);
  const receivers = layers.flatMap((layer): Receiver[] => [
    ...heads(nHeads).map((head) => ({ kind: 'q' as const, layer, head })),
    ...heads(nKvHeads).map((head) => ({ kind: 'k' as const, layer, head })),
    ...heads(nKvHeads).map((head) => ({ kind: 'v' as const, layer, head })),
    { kind: 'mlp', layer },
  ]);
  const all: Receiver[] = [...receivers, { kind: 'logits' }];
  const sources = all.map((receiver) => sourcesOf(shape, receiver));
  return {
    shape,
    nodes: [{ kind: 'input' }, ...nodes],
    receivers: all,
    sources,
    size: sources.reduce((sum, count) => sum + count, 0),
  };
}

/** How many nodes lie before a receiver. */
function sourcesOf({ nLayers, nHeads }: EdgeShape, receiver: Receiver): number {
  const before = (layer: number) => 1 + layer * (nHeads + 1);
  if (receiver.kind === 'logits') return before(nLayers);
  return before(receiver.layer) + (receiver.kind === 'mlp' ? nHeads : 0);
}

/** The number of a node. */
export function nodeIndex({ shape: { nHeads } }: EdgeGraph, node: EdgeNode): number {
  if (node.kind === 'input') return 0;
  return 1 + node.layer * (nHeads + 1) + (node.kind === 'mlp' ? nHeads : node.head);
}

/** The number of a receiver. */
export function receiverIndex({ shape }: EdgeGraph, receiver: Receiver): number {
  const { nLayers, nHeads, nKvHeads } = shape;
  const perLayer = nHeads + 2 * nKvHeads + 1;
  switch (receiver.kind) {
    case 'logits':
      return nLayers * perLayer;
    case 'mlp':
      return (receiver.layer + 1) * perLayer - 1;
    case 'q':
      return receiver.layer * perLayer + receiver.head;
    case 'k':
      return receiver.layer * perLayer + nHeads + receiver.head;
    case 'v':
      return receiver.layer * perLayer + nHeads + nKvHeads + receiver.head;
  }
}

/** All edges, receiver by receiver. */
export function* edgesOf({ sources }: EdgeGraph): Generator<Edge> {
  for (const [receiver, count] of sources.entries()) {
    for (let node = 0; node < count; node++) yield { node, receiver };
  }
}

/** `input`, `a3.h5`, `m3`. */
export function nodeName(node: EdgeNode): string {
  if (node.kind === 'input') return 'input';
  return node.kind === 'mlp' ? `m${node.layer}` : `a${node.layer}.h${node.head}`;
}

/** `a3.h5<q>`, `m3`, `logits`; keys and values that query heads share: `a3.kv1<k>`. */
export function receiverName({ shape }: EdgeGraph, receiver: Receiver): string {
  if (receiver.kind === 'logits') return 'logits';
  if (receiver.kind === 'mlp') return `m${receiver.layer}`;
  const shared = receiver.kind !== 'q' && shape.nKvHeads !== shape.nHeads;
  return `a${receiver.layer}.${shared ? 'kv' : 'h'}${receiver.head}<${receiver.kind}>`;
}

/** `a0.h1->m3`, with the names of its ends. */
export function edgeName(graph: EdgeGraph, { node, receiver }: Edge): string {
  return `${nodeName(graph.nodes[node]!)}->${receiverName(graph, graph.receivers[receiver]!)}`;
}
