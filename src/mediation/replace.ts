/**
 * The entrance of runs in which a second component takes another value than it has in the first one's run. What it
 * writes enters the residual stream linearly, so the stream behind it changes by (new value - own value) W.
 *
 * One graph makes a batch of cases times components from the streams of the cases: the vectors are not laid out before.
 */
import { times, type Graph, type Value } from '../graph/graph.ts';
import type { ModelConfig } from '../model/config.ts';
import { RESID } from '../model/stages.ts';
import { Builder } from '../ops/builder.ts';
import type { Sources } from '../effects/unit.ts';

/** Input: by how much each component's value changes. Heads: [batch, pos, n, d_head]; neurons: [batch, pos, n]. */
export const VALUE_CHANGE = 'value_change';

/**
 * From streams [batch, pos, d_model] to [batch x n, pos, d_model]: of each case, a row for each of the n components, in
 * which that one alone changes.
 */
export function replaceGraph(
  config: ModelConfig,
  { kind, layer, indices }: Sources,
  positions: number,
): Graph {
  const { dModel, dHead } = config;
  const n = indices.length;
  const b = new Builder();
  const stream = b.input(RESID, ['batch', positions, dModel]);
  let written: Value;
  if (kind === 'heads') {
    const rows = indices.flatMap((head) => Array.from({ length: dHead }, (_, k) => head * dHead + k));
    const all = n === config.nHeads;
    const weight = b.weight(`blocks.${layer}.attn.W_O`, [n * dHead, dModel], all ? undefined : rows);
    const change = b.transpose(b.input(VALUE_CHANGE, ['batch', positions, n, dHead]), [0, 2, 1, 3]);
    written = b.matmul(change, b.reshape(weight, [n, dHead, dModel]));
  } else {
    const weight = b.weight(`blocks.${layer}.mlp.W_out`, [n, dModel], indices);
    const change = b.transpose(b.input(VALUE_CHANGE, ['batch', positions, n]), [0, 2, 1]);
    written = b.mul(b.reshape(change, ['batch', n, positions, 1]), b.reshape(weight, [n, 1, dModel]));
  }
  const sum = b.add(b.reshape(stream, ['batch', 1, positions, dModel]), written);
  return b.build({ [RESID]: b.reshape(sum, [times(n, 'batch'), positions, dModel]) });
}
