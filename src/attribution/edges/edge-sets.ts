/**
 * Patching many edges in one run: every receiver reads
 *
 *     input_v + sum over the set's edges u -> v of (other_u - own_u)
 *
 * where own_u is what u writes in this very run. With all edges each receiver reads the other run's input, and F is
 * F(other); with none F is F(base). It is how a circuit is evaluated: patch the edges that are not in it.
 */
import { throwIfCancelled } from '../../errors.ts';
import { evenParts, twiceIfAlone } from '../../patch/batches.ts';
import { CHANGES, mixedInputs, OTHER } from '../../patch/edge-inputs.ts';
import { headWrites } from '../../patch/edge-products.ts';
import { METRIC } from '../../patch/metric-graph.ts';
import { difference, type Run } from '../../patch/pair-runs.ts';
import { stateAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import type { Step } from '../../runtime/engine.ts';
import { batched, type Tensor } from '../../tensor/tensor.ts';
import { MAX_ROWS } from '../integrated-gradients.ts';
import { type Edge, type EdgeGraph, edgeGraph, type EdgeSet } from './edge-graph.ts';
import { checkEdges, lastOf, masksAt, repeated } from './exact-edges.ts';

/** Bytes of all nodes' changes in one program: with twice as many, memory that is new to every run costs more than it saves. */
const CHANGE_BYTES = 32 * 2 ** 20;

const changesAt = (index: number) => `${CHANGES}.${index}`;

/**
 * F with each set of edges patched at once: [sets].
 * Throws InputError for an edge that the graph does not have.
 */
export function patchEdgeSets(
  chain: SuffixChain,
  base: Run,
  other: Run,
  sets: readonly (readonly Edge[])[],
): Promise<Float32Array> {
  const graph = edgeGraph(chain.model.config);
  for (const edges of sets) checkEdges(graph, edges, graph.size);
  return patchEdges(
    chain,
    base,
    other,
    sets.map((edges) => setOf(graph, edges)),
  );
}

function setOf({ receivers }: EdgeGraph, edges: readonly Edge[]): EdgeSet {
  const numbers = new Set(edges.map(({ node, receiver }) => node * receivers.length + receiver));
  return (node, receiver) => numbers.has(node * receivers.length + receiver);
}

/** The same of sets that are not listed. CancelledError by the signal. */
export async function patchEdges(
  chain: SuffixChain,
  base: Run,
  other: Run,
  sets: readonly EdgeSet[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const writes = await headWrites(chain, other.z);
  const found = new Float32Array(sets.length);
  let done = 0;
  for (const part of evenParts(sets, rowsOf(chain))) {
    throwIfCancelled(signal);
    const metrics = await patchPart(chain, base, other, writes, twiceIfAlone(part));
    found.set(metrics.subarray(0, part.length), done);
    done += part.length;
  }
  return found;
}

/** Sets of one program. */
function rowsOf({ size, model: { config } }: SuffixChain): number {
  const bytes = edgeGraph(config).nodes.length * size * config.dModel * Float32Array.BYTES_PER_ELEMENT;
  return Math.min(MAX_ROWS, Math.max(2, Math.floor(CHANGE_BYTES / bytes)));
}

/** One batch. `writes`: per layer what the heads write in the other run, [heads, pos, d_model]. */
async function patchPart(
  chain: SuffixChain,
  base: Run,
  other: Run,
  writes: readonly Tensor[],
  sets: readonly EdgeSet[],
): Promise<Float32Array> {
  const graph = edgeGraph(chain.model.config);
  const start = base.states[0]!;
  const feeds: Record<string, Tensor> = {
    [stateAt(0)]: repeated(start, sets.length),
    [changesAt(0)]: repeated(batched(difference(other.states[0]!, start)), sets.length),
  };
  const steps: Step[] = [];
  let nodes = 1;
  for (const [index, stage] of chain.stages.entries()) {
    const masks = renamed(masksAt(chain, graph, index, sets), index);
    Object.assign(feeds, masks.feeds);
    const inputs: Record<string, string> = { ...masks.inputs, [CHANGES]: changesAt(index) };
    if ('layer' in stage) {
      const own = stage.kind === 'attn' ? writes[stage.layer]! : batched(other.mlpOut[stage.layer]!);
      feeds[`${OTHER}.${index}`] = lastOf(own, chain.positionsAt(index + 1));
      inputs[OTHER] = `${OTHER}.${index}`;
    }
    const variant = mixedInputs({ nodes, tracked: true });
    const outputs: Record<string, string> =
      stage.kind === 'unembed'
        ? { [METRIC]: METRIC }
        : { resid: stateAt(index + 1), [CHANGES]: changesAt(index + 1) };
    const separateInputs = stage.kind === 'attn';
    steps.push(await chain.step({ index, variant, separateInputs, from: stateAt(index), inputs, outputs }));
    nodes += stage.kind === 'attn' ? graph.shape.nHeads : 1;
  }
  return (await chain.run(steps, feeds, [METRIC]))[METRIC]!.data;
}

/** Feeds of one stage under registers of its own. */
function renamed(masks: Readonly<Record<string, Tensor>>, index: number) {
  const named = Object.entries(masks).map(([name, mask]) => [`${name}.${index}`, mask] as const);
  const inputs = Object.keys(masks).map((name) => [name, `${name}.${index}`] as const);
  return { feeds: Object.fromEntries(named), inputs: Object.fromEntries(inputs) };
}
