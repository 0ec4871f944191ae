/**
 * From sums of gradients to scores of edges and of nodes:
 *
 *     score(u -> v) = sum over positions of <other_u - base_u, gradient at v's input>
 *     score(u)      = sum over positions of <other_u - base_u, gradient at u> = sum of u's edges
 *
 * u's write enters every receiver behind it with weight 1, so the gradient at u is the sum of theirs.
 */
import { allProducts, headWrites } from '../../patch/edge-products.ts';
import { difference, type Run } from '../../patch/pair-runs.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { row, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type EdgeGraph, edgeGraph } from './edge-graph.ts';

/** Where gradients were taken: enough to compute the scores again. */
export interface Path {
  /** What moved: nothing (gradients of the base run), the embeddings, or each layer's node outputs in turn. */
  readonly moved: 'nothing' | 'inputs' | 'activations';
  /** Points of one path: m. */
  readonly points: number;
  /** Shares of the way at which gradients were taken: [m]. */
  readonly alphas: readonly number[];
  /** The run at share 0; share 1 is the other one. */
  readonly zero: 'base' | 'other';
}

export interface EdgeScores {
  readonly graph: EdgeGraph;
  /** Estimates of F(edge patched) - F(base), in units of F: [nodes, receivers], 0 where there is no edge. */
  readonly edges: Tensor;
  /** Estimates of F(node patched) - F(base), the sum of its edges: [nodes]. */
  readonly nodes: Tensor;
  readonly path: Path;
}

/** other - base of what every node writes, without biases: [nodes, pos of the suffix, d_model]. */
export async function nodeChanges(chain: SuffixChain, base: Run, other: Run): Promise<Tensor> {
  const graph = edgeGraph(chain.model.config);
  const changes = zeros([graph.nodes.length, chain.size, chain.model.config.dModel]);
  const put = (index: number, { data }: Tensor) => changes.data.set(data, index * data.length);
  const heads = await headWrites(
    chain,
    base.z.map((z, layer) => difference(other.z[layer]!, z)),
  );
  graph.nodes.forEach((node, index) => {
    if (node.kind === 'input') put(index, difference(other.states[0]!, base.states[0]!));
    else if (node.kind === 'head') put(index, row(heads[node.layer]!, node.head));
    else put(index, difference(other.mlpOut[node.layer]!, base.mlpOut[node.layer]!));
  });
  return changes;
}

/** Scores of every edge and node, from gradients at every receiver. */
export async function edgeScores(
  chain: SuffixChain,
  base: Run,
  other: Run,
  receivers: Tensor,
  path: Path,
): Promise<EdgeScores> {
  const graph = edgeGraph(chain.model.config);
  const products = await allProducts(chain, await nodeChanges(chain, base, other), receivers);
  const count = graph.receivers.length;
  const edges = zeros([graph.nodes.length, count]);
  const nodes = zeros([graph.nodes.length]);
  for (let node = 0; node < graph.nodes.length; node++) {
    let sum = 0;
    for (let receiver = 0; receiver < count; receiver++) {
      if (node >= graph.sources[receiver]!) continue;
      const score = products.data[node * count + receiver]!;
      edges.data[node * count + receiver] = score;
      sum += score;
    }
    nodes.data[node] = sum;
  }
  return { graph, edges, nodes, path };
}
