/**
 * Sums of gradients over runs: at every head and activation, and where edges are scored at every receiver of the edge
 * graph. Weights of the runs are in the cotangents that they begin with.
 */
import type { BlockHook } from '../../model/sites.ts';
import {
  inputGradients,
  PROJECTIONS,
  type ProjectionGradients,
  type HeadInput,
} from '../../patch/edge-products.ts';
import { cotangentAt, gradientAt, type RoundTrip, roundTrip, stateAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { row, type Tensor, zeros } from '../../tensor/tensor.ts';
import { edgeGraph, type EdgeGraph, receiverIndex } from './edge-graph.ts';

/** Positions are those of the suffix. */
export interface GradientSums {
  /** Per layer: [pos, heads, d_head] and [pos, neurons]. */
  readonly z: readonly Tensor[];
  readonly post: readonly Tensor[];
  /** Where edges are scored: [receivers, pos, d_model]. */
  readonly receivers?: Tensor;
}

const AT_NODES: readonly BlockHook[] = ['attn.hook_z', 'mlp.hook_post'];
const AT_EDGES: readonly BlockHook[] = [
  ...AT_NODES,
  'hook_mlp_in',
  ...PROJECTIONS.map(({ output }) => output),
];

/** Sums of nothing. */
export function emptySums(chain: SuffixChain, edges: boolean): GradientSums {
  const { nLayers, nHeads, dHead, dMlp, dModel } = chain.model.config;
  const perLayer = (...shape: number[]) =>
    Array.from({ length: nLayers }, () => zeros([chain.size, ...shape]));
  const nodes = { z: perLayer(nHeads, dHead), post: perLayer(dMlp) };
  const graph = edgeGraph(chain.model.config);
  return edges ? { ...nodes, receivers: zeros([graph.receivers.length, chain.size, dModel]) } : nodes;
}

/** Adds the gradients of some runs, and gives what the round trip gives. */
export async function addGradients(
  chain: SuffixChain,
  sums: GradientSums,
  trip: Omit<RoundTrip, 'differentiated' | 'fetch'>,
): Promise<Record<string, Tensor>> {
  const differentiated = sums.receivers ? AT_EDGES : AT_NODES;
  const results = await roundTrip(chain, { ...trip, differentiated, fetch: fetchedBy(chain, sums, trip) });
  const given = { ...results, [stateAt(trip.start)]: trip.states };
  for (const [index, layer] of blocksOf(chain, trip, 'attn')) {
    addRows(sums.z[layer]!, given[gradientAt('attn.hook_z', index)]!);
  }
  for (const [index, layer] of blocksOf(chain, trip, 'mlp')) {
    addRows(sums.post[layer]!, given[gradientAt('mlp.hook_post', index)]!);
  }
  if (sums.receivers) await addReceivers(chain, sums.receivers, trip, given);
  return results;
}

/** Number in the chain and layer of the stages of a kind that a trip passes. */
function blocksOf(
  chain: SuffixChain,
  { start, until = chain.stages.length }: Pick<RoundTrip, 'start' | 'until'>,
  kind: 'attn' | 'mlp',
): [index: number, layer: number][] {
  return chain.stages.flatMap((stage, index): [number, number][] =>
    stage.kind === kind && index >= start && index < until ? [[index, stage.layer]] : [],
  );
}

function fetchedBy(
  chain: SuffixChain,
  sums: GradientSums,
  trip: Pick<RoundTrip, 'start' | 'until'>,
): string[] {
  const attention = blocksOf(chain, trip, 'attn').map(([index]) => index);
  const mlps = blocksOf(chain, trip, 'mlp').map(([index]) => index);
  const nodes = [
    ...attention.map((index) => gradientAt('attn.hook_z', index)),
    ...mlps.map((index) => gradientAt('mlp.hook_post', index)),
  ];
  if (!sums.receivers) return nodes;
  const last = chain.stages.length - 1;
  return [
    ...nodes,
    ...attention.flatMap((index) => PROJECTIONS.map(({ output }) => gradientAt(output, index))),
    ...attention.filter((index) => index > trip.start).map(stateAt),
    ...mlps.map((index) => gradientAt('hook_mlp_in', index)),
    ...(trip.until === undefined && last > trip.start ? [cotangentAt(last)] : []),
  ];
}

async function addReceivers(
  chain: SuffixChain,
  receivers: Tensor,
  trip: Pick<RoundTrip, 'start' | 'until'>,
  given: Readonly<Record<string, Tensor>>,
): Promise<void> {
  const graph = edgeGraph(chain.model.config);
  const attention = blocksOf(chain, trip, 'attn');
  const rows = attention.map(([index]): ProjectionGradients => {
    const of = (hook: BlockHook) => given[gradientAt(hook, index)]!;
    const cotangents = {
      'attn.hook_q': of('attn.hook_q'),
      'attn.hook_k': of('attn.hook_k'),
      'attn.hook_v': of('attn.hook_v'),
    };
    return { index, states: given[stateAt(index)]!, cotangents };
  });
  const found = await inputGradients(chain, rows);
  attention.forEach(([, layer], i) => addHeadInputs(graph, receivers, layer, found[i]!));
  for (const [index, layer] of blocksOf(chain, trip, 'mlp')) {
    const at = receiverIndex(graph, { kind: 'mlp', layer });
    addRows(row(receivers, at), given[gradientAt('hook_mlp_in', index)]!);
  }
  if (trip.until !== undefined) return;
  const logits = receiverIndex(graph, { kind: 'logits' });
  addRows(row(receivers, logits), given[cotangentAt(chain.stages.length - 1)]!);
}

function addHeadInputs(
  graph: EdgeGraph,
  receivers: Tensor,
  layer: number,
  found: Readonly<Record<HeadInput, Tensor>>,
): void {
  for (const { which, input } of PROJECTIONS) {
    const { shape, data } = found[input];
    const [heads, positions, width] = shape as [number, number, number];
    for (let head = 0; head < heads; head++) {
      const of = data.subarray(head * positions * width, (head + 1) * positions * width);
      addRows(row(receivers, receiverIndex(graph, { kind: which, layer, head })), {
        shape: [1, positions, width],
        data: of,
      });
    }
  }
}

/** Adds every row of [batch, last positions, ...] to [pos, ...]. */
export function addRows(sum: Tensor, { shape, data }: Tensor): void {
  const size = data.length / shape[0]!;
  const offset = sum.data.length - size;
  for (let i = 0; i < data.length; i++) sum.data[offset + (i % size)]! += data[i]!;
}
