/**
 * Activation patching of every component, F alone: what a survey needs where nobody asks what else changed.
 *
 *   ap(c) = F(c has its value of the other run at all positions) - F(base run)
 *
 * 1. The change of what the component writes is added to the base stream behind its attention or MLP.
 * 2. Everything behind is recomputed; F less F of the base run through the same sessions.
 */
import { componentsPerLayer } from '../model/config.ts';
import { batchesOf } from '../patch/batches.ts';
import { forwardBase, metricsFrom } from '../patch/forward-runs.ts';
import { oneAhead } from '../patch/one-ahead.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { patchedStreams } from './changes.ts';
import { startOf } from './entrance.ts';
import type { ProbeSource } from './measures.ts';

/** AP of all components of one kind: [layers, heads or neurons], in units of F. */
export async function patchingScores(
  chain: SuffixChain,
  source: ProbeSource,
  kind: Kind,
  signal?: AbortSignal,
): Promise<Tensor> {
  const { config } = chain.model;
  const size = componentsPerLayer(config, kind);
  const scores = new Float32Array(config.nLayers * size);
  const base = await forwardBase(chain, source.base.states[0]!);
  const layers = Array.from({ length: config.nLayers }, (_, layer) => layer);
  const parts = layers.flatMap((layer) => batchesOf(size).map((indices) => ({ layer, indices })));
  const begin = ({ layer, indices }: (typeof parts)[number]) => {
    const start = startOf(chain, kind, layer);
    const streams = patchedStreams(source, kind, layer, indices, base.states[start]!);
    return metricsFrom(chain, start, streams);
  };
  const finish = ({ layer, indices }: (typeof parts)[number], metrics: Float32Array) =>
    metrics.forEach((metric, i) => {
      scores[layer * size + indices[i]!] = metric - base.metric;
    });
  await oneAhead(parts, { begin, finish }, signal);
  return tensor(scores, [config.nLayers, size]);
}
