/**
 * Exact patching of the nodes of the edge graph: heads, and MLPs whole.
 *
 *     score(u) = F(every receiver reads other_u in place of what u writes) - F(base)
 *
 * All edges out of a node are patched at once, in the runs that circuits take. For a head it is activation patching. For an
 * MLP it is the effect of all its neurons together, which is not the sum of their single effects.
 */
import { edgeGraph } from '../attribution/edges/edge-graph.ts';
import { patchEdges } from '../attribution/edges/edge-sets.ts';
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';

/** Scores of all nodes, in units of F: [nodes]; NaN for `input`, which every circuit has. CancelledError by the signal. */
export async function exactNodes(
  chain: SuffixChain,
  base: Run,
  other: Run,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Tensor> {
  const { nodes } = edgeGraph(chain.model.config);
  // `input` stands for the base run, through the same sessions.
  const sets = nodes.map(
    ({ kind }, node) =>
      (from: number) =>
        kind !== 'input' && from === node,
  );
  const [unpatched, ...patched] = await patchEdges(chain, base, other, sets, signal);
  return tensor(Float32Array.of(Number.NaN, ...patched.map((metric) => metric - unpatched!)), [nodes.length]);
}
