/**
 * What patching a source changes at the source itself: its value, and what it writes into the residual stream.
 */
import { difference } from '../patch/pair-runs.ts';
import { slice, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { headWrite, type ProbeSource } from './measures.ts';

/** other - base of a source's own value, for each layer: z [pos, heads, d_head] or activations [pos, neurons]. */
export function ownChanges({ base, other }: ProbeSource, kind: Kind, layer: number): Tensor {
  return kind === 'heads'
    ? difference(other.z[layer]!, base.z[layer]!)
    : difference(other.post[layer]!, base.post[layer]!);
}

/** other - base of what one source writes into the residual stream: [pos, d_model]. */
export function changeOfWrite(source: ProbeSource, kind: Kind, layer: number, index: number): Tensor {
  const { model, base, other, positionOf } = source;
  if (positionOf) return atPosition(jointChange(source, kind, layer), positionOf(kind, index));
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

/** What a source behind an MLP writes: so much of one vector at each position. */
export interface Line {
  /** [pos, 1] */
  readonly amount: Tensor;
  /** [1, d_model] */
  readonly write: Tensor;
}

/** A neuron's line, its row of W_out; or that of all neurons at one position, their joint change there. */
export function lineOf(source: ProbeSource, layer: number, index: number): Line {
  const { model, base, other, positionOf } = source;
  const { dMlp } = model.config;
  const [a, b] = [base.post[layer]!, other.post[layer]!];
  const amount = zeros([a.shape[0]!, 1]);
  if (positionOf) {
    const position = Math.max(positionOf('neurons', index), 0);
    if (positionOf('neurons', index) >= 0) amount.data[position] = 1;
    return { amount, write: slice(jointChange(source, 'neurons', layer), 0, position, position + 1) };
  }
  for (let p = 0; p < amount.data.length; p++)
    amount.data[p] = b.data[p * dMlp + index]! - a.data[p * dMlp + index]!;
  return { amount, write: slice(model.parameters.get(`blocks.${layer}.mlp.W_out`)!, 0, index, index + 1) };
}

/** other - base of what all components of a layer write together: [pos, d_model]. */
function jointChange({ base, other }: ProbeSource, kind: Kind, layer: number): Tensor {
  const written = kind === 'heads' ? 'attnOut' : 'mlpOut';
  return difference(other[written][layer]!, base[written][layer]!);
}

/** A tensor [pos, ...] with 0 everywhere but at one position; at none, where that is below 0. */
export function atPosition({ shape, data }: Tensor, position: number): Tensor {
  const alone = zeros(shape);
  if (position < 0) return alone;
  const width = data.length / shape[0]!;
  alone.data.set(data.subarray(position * width, (position + 1) * width), position * width);
  return alone;
}

/** Streams [sources, pos, d_model] of sources of one layer, each patched alone: `base` [pos, d_model] plus the change of its write. */
export function patchedStreams(
  source: ProbeSource,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  base: Tensor,
): Tensor {
  return jointStreams(
    source,
    kind,
    layer,
    indices.map((index) => [index]),
    base,
  );
}

/** The same of sets of sources, each set patched together: [sets, pos, d_model]. */
export function jointStreams(
  source: ProbeSource,
  kind: Kind,
  layer: number,
  sets: readonly (readonly number[])[],
  base: Tensor,
): Tensor {
  const patched = zeros([sets.length, ...base.shape]);
  const size = base.data.length;
  sets.forEach((set, i) => {
    const stream = patched.data.subarray(i * size, (i + 1) * size);
    stream.set(base.data);
    for (const index of set) {
      const write = changeOfWrite(source, kind, layer, index).data.subarray(-size);
      for (let j = 0; j < size; j++) stream[j]! += write[j]!;
    }
  });
  return patched;
}
