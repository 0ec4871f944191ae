/**
 * Patching many edges in one run: every receiver reads
 *
 *     input_v + sum over the set's edges u -> v of (other_u - own_u)
 *
 * where own_u is what u writes in this very run. With all edges each receiver reads the other run's input, and F is
 * F(other); with none F is F(base). It is how a circuit is evaluated: patch the edges that are not in it.
 */
import { CHANGES, mixedInputs, OTHER } from '../../patch/edge-inputs.ts';
import { headWrites } from '../../patch/edge-products.ts';
import { METRIC } from '../../patch/metric-graph.ts';
import { difference, type Run } from '../../patch/pair-runs.ts';
import { stateAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import type { Step } from '../../runtime/engine.ts';
import { batched, type Tensor } from '../../tensor/tensor.ts';
import { type Edge, edgeGraph } from './edge-graph.ts';
import { checkEdges, lastOf, masksAt, repeated } from './exact-edges.ts';

const changesAt = (index: number) => `${CHANGES}.${index}`;

/**
 * F with each set of edges patched at once: [sets]. All sets run as one batch.
 * Throws InputError for an edge that the graph does not have.
 */
export async function patchEdgeSets(
  chain: SuffixChain,
  base: Run,
  other: Run,
  sets: readonly (readonly Edge[])[],
): Promise<Float32Array> {
  const graph = edgeGraph(chain.model.config);
  for (const edges of sets) checkEdges(graph, edges, graph.size);
  const heads = await headWrites(chain, other.z);
  const start = base.states[0]!;
  const input = batched(difference(other.states[0]!, start));
  const feeds: Record<string, Tensor> = {
    [stateAt(0)]: repeated(start, sets.length),
    [changesAt(0)]: repeated(input, sets.length),
  };
  const steps: Step[] = [];
  const { nHeads } = chain.model.config;
  let nodes = 1;
  for (const [index, stage] of chain.stages.entries()) {
    const masks = renamed(masksAt(chain, graph, index, sets), index);
    Object.assign(feeds, masks.feeds);
    const inputs: Record<string, string> = { ...masks.inputs, [CHANGES]: changesAt(index) };
    if ('layer' in stage) {
      const writes = stage.kind === 'attn' ? heads[stage.layer]! : batched(other.mlpOut[stage.layer]!);
      feeds[`${OTHER}.${index}`] = lastOf(writes, chain.positionsAt(index + 1));
      inputs[OTHER] = `${OTHER}.${index}`;
    }
    const variant = mixedInputs({ nodes, tracked: true });
    const outputs: Record<string, string> =
      stage.kind === 'unembed'
        ? { [METRIC]: METRIC }
        : { resid: stateAt(index + 1), [CHANGES]: changesAt(index + 1) };
    const separateInputs = stage.kind === 'attn';
    steps.push(await chain.step({ index, variant, separateInputs, from: stateAt(index), inputs, outputs }));
    nodes += stage.kind === 'attn' ? nHeads : 1;
  }
  return (await chain.run(steps, feeds, [METRIC]))[METRIC]!.data;
}

/** Feeds of one stage under registers of its own. */
function renamed(masks: Readonly<Record<string, Tensor>>, index: number) {
  const named = Object.entries(masks).map(([name, mask]) => [`${name}.${index}`, mask] as const);
  const inputs = Object.keys(masks).map((name) => [name, `${name}.${index}`] as const);
  return { feeds: Object.fromEntries(named), inputs: Object.fromEntries(inputs) };
}
