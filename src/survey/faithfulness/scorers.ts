/**
 * Where scores of edges and nodes come from, by the names that a curve begins with.
 */
import { edgeAttributionPatching } from '../../attribution/edges/eap.ts';
import { edgeIntegratedGradients } from '../../attribution/edges/eap-ig.ts';
import { exactEdges } from '../../attribution/edges/exact-edges.ts';
import { methodNamed } from '../../attribution/methods.ts';
import type { Level } from '../../faithfulness/curves.ts';
import { exactNodes } from '../../faithfulness/exact-nodes.ts';
import { nodeScoresOf, type PairScorer } from '../../faithfulness/pooled.ts';
import { tensor } from '../../tensor/tensor.ts';
import { KINDS } from '../../terms.ts';

export const EXACT_EDGES = 'exact_edges';

/** By method, the levels that it scores. */
const SCORERS: Readonly<Record<string, Readonly<Partial<Record<Level, PairScorer>>>>> = {
  attribution_patching: { nodes: nodesBy('attribution_patching') },
  ap: { nodes: exactNodes },
  eap: { edges: edgeAttributionPatching },
  eap_ig_inputs: { edges: edgeIntegratedGradients, nodes: nodesBy('eap_ig_inputs') },
  eap_ig_activations: {
    edges: (chain, base, other, options) =>
      edgeIntegratedGradients(chain, base, other, { ...options, variant: 'activations' }),
    nodes: nodesBy('eap_ig_activations'),
  },
  [EXACT_EDGES]: { edges: exactEdges },
};

export const CIRCUIT_METHODS: readonly string[] = Object.keys(SCORERS);

/** The function that scores a pair; undefined where the method does not score this level. */
export function scorerOf(method: string, level: Level): PairScorer | undefined {
  return SCORERS[method]?.[level];
}

/** Scores of nodes from a method's scores of components: an MLP's is the sum of its neurons'. */
function nodesBy(name: string): PairScorer {
  return async (chain, base, other, { signal }) => {
    const scores = await methodNamed(name).run({
      chain,
      base,
      other,
      kinds: KINDS,
      ...(signal && { signal }),
    });
    const nodes = nodeScoresOf(chain.model.config, scores);
    return tensor(Float32Array.from(nodes), [nodes.length]);
  };
}
