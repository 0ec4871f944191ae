/**
 * What patching a source changes at the source itself: its value, and what it writes into the residual stream.
 */
import { difference } from '../patch/pair-runs.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { headWrite, type ProbeSource } from './measures.ts';

/** other - base of a source's own value, for each layer: z [pos, heads, d_head] or activations [pos, neurons]. */
export function ownChanges({ base, other }: ProbeSource, kind: Kind, layer: number): Tensor {
  return kind === 'heads'
    ? difference(other.z[layer]!, base.z[layer]!)
    : difference(other.post[layer]!, base.post[layer]!);
}

/** other - base of what one source writes into the residual stream: [pos, d_model]. */
export function changeOfWrite(
  { model, base, other }: ProbeSource,
  kind: Kind,
  layer: number,
  index: number,
): Tensor {
  const { dModel, dMlp, nHeads, dHead } = model.config;
  const positions = base.post[layer]!.shape[0]!;
  const write = zeros([positions, dModel]);
  for (let p = 0; p < positions; p++) {
    const target = write.data.subarray(p * dModel, (p + 1) * dModel);
    if (kind === 'neurons') {
      const at = p * dMlp + index;
      const change = other.post[layer]!.data[at]! - base.post[layer]!.data[at]!;
      const weight = model.parameters.get(`blocks.${layer}.mlp.W_out`)!.data;
      for (let i = 0; i < dModel; i++) target[i] = change * weight[index * dModel + i]!;
    } else {
      const at = (p * nHeads + index) * dHead;
      const z = Float64Array.from(
        { length: dHead },
        (_, k) => other.z[layer]!.data[at + k]! - base.z[layer]!.data[at + k]!,
      );
      target.set(headWrite(model, layer, index, z));
    }
  }
  return write;
}

/** Streams [sources, pos, d_model] of sources of one layer, each patched alone: `base` [pos, d_model] plus the change of its write. */
export function patchedStreams(
  source: ProbeSource,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  base: Tensor,
): Tensor {
  const patched = zeros([indices.length, ...base.shape]);
  const size = base.data.length;
  indices.forEach((index, i) => {
    const write = changeOfWrite(source, kind, layer, index).data.subarray(-size);
    const stream = patched.data.subarray(i * size, (i + 1) * size);
    for (let j = 0; j < size; j++) stream[j] = base.data[j]! + write[j]!;
  });
  return patched;
}
