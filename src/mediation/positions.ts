/**
 * Heads by position: activation patching of one head at one position.
 *
 *   score[l, p, h] = F(head (l, h) has its value of the other run at position p alone) - F(base run)
 *
 * 1. The change of the head's write at one position is added to the base stream behind its attention.
 * 2. Everything behind is recomputed; F less F of the base run through the same sessions.
 *
 * In units of F. Summed over positions they are not the head's AP score: what it writes at two positions may interact.
 * With all positions patched at once the score is AP. Exactly 0 before the first
 * difference, and in the last layer at all positions but the last.
 */
import { changeOfWrite } from '../effects/changes.ts';
import type { ProbeSource } from '../effects/measures.ts';
import { forwardBase, metricsFrom } from '../patch/forward-runs.ts';
import type { Model } from '../patch/model.ts';
import { withPair } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Pair } from '../tasks/pair.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import type { Direction } from '../terms.ts';
import { batchesOf } from '../patch/batches.ts';
import { sourceOf } from './source.ts';

export interface PositionOptions {
  /** Default: noising. */
  readonly direction?: Direction;
}

/**
 * Every head patched at every position alone: [layers, pos, heads], in units of F.
 * Throws InputError for a pair that does not fit, and a model that is in use.
 */
export async function headsByPosition(
  model: Model,
  pair: Pair,
  { direction = 'noising' }: PositionOptions = {},
): Promise<Tensor> {
  return withPair(model, pair, (open) => positionScores(open.chain, sourceOf(open, direction)));
}

/** The same on a chain: [layers, pos, heads]. */
export async function positionScores(chain: SuffixChain, source: ProbeSource): Promise<Tensor> {
  const { nLayers, nHeads } = chain.model.config;
  const { to } = chain.range;
  const scores = zeros([nLayers, to, nHeads]);
  const base = await forwardBase(chain, source.base.states[0]!);
  for (let layer = 0; layer < nLayers; layer++) {
    const start = chain.indexOf('mlp', layer);
    const state = base.states[start]!;
    const positions = state.shape[0]!;
    const writes = Array.from({ length: nHeads }, (_, head) => changeOfWrite(source, 'heads', layer, head));
    const place = (source: number) => ({
      head: source % nHeads,
      back: positions - Math.floor(source / nHeads),
    });
    for (const sources of batchesOf(positions * nHeads)) {
      const places = sources.map(place);
      const streams = atPositions(
        state,
        places.map(({ head, back }) => ({ write: writes[head]!, back })),
      );
      const metrics = await metricsFrom(chain, start, streams);
      places.forEach(({ head, back }, i) => {
        scores.data[(layer * to + to - back) * nHeads + head] = metrics[i]! - base.metric;
      });
    }
  }
  return scores;
}

/** Streams [batch, pos, d_model]: the base state with each write at one position, counted from the end. */
function atPositions(
  state: Tensor,
  writes: readonly { readonly write: Tensor; readonly back: number }[],
): Tensor {
  const [, dModel] = state.shape as [number, number];
  const streams = zeros([writes.length, ...state.shape]);
  writes.forEach(({ write, back }, i) => {
    const size = state.data.length;
    streams.data.set(state.data, i * size);
    const at = (i + 1) * size - back * dModel;
    const from = write.data.length - back * dModel;
    for (let j = 0; j < dModel; j++) streams.data[at + j]! += write.data[from + j]!;
  });
  return streams;
}
