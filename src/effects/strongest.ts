/**
 * The strongest targets of each source, by l2: largest first, ties to the lower layer, then the lower index.
 */
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** How many targets are listed. */
export const TOP = 64;

export interface Strongest {
  /** [sources, 64, 2]: target layer and index; -1 where there is no target. */
  readonly index: Tensor<Int32Array>;
  /** [sources, 64]: l2; 0 where there is no target. */
  readonly value: Tensor;
}

/** `layers`: l2 [sources, size] of each reached layer, ascending. */
export function strongest(
  layers: readonly { readonly layer: number; readonly l2: Float32Array }[],
  sources: number,
  size: number,
): Strongest {
  const index = new Int32Array(sources * TOP * 2).fill(-1);
  const value = new Float32Array(sources * TOP);
  const ranked = new Ranked();
  for (let i = 0; i < sources; i++) {
    ranked.clear();
    for (const { layer, l2 } of layers) {
      for (let t = 0; t < size; t++) ranked.offer(l2[i * size + t]!, layer, t);
    }
    ranked.write(index.subarray(i * TOP * 2, (i + 1) * TOP * 2), value.subarray(i * TOP, (i + 1) * TOP));
  }
  return { index: tensor(index, [sources, TOP, 2]), value: tensor(value, [sources, TOP]) };
}

/** The TOP largest of what is offered, kept sorted; earlier offers win ties. */
class Ranked {
  private readonly values = new Float32Array(TOP);
  private readonly layers = new Int32Array(TOP);
  private readonly indices = new Int32Array(TOP);
  private count = 0;

  clear(): void {
    this.count = 0;
  }

  offer(value: number, layer: number, index: number): void {
    if (this.count === TOP && !(value > this.values[TOP - 1]!)) return;
    let at = Math.min(this.count, TOP - 1);
    while (at > 0 && value > this.values[at - 1]!) {
      this.values[at] = this.values[at - 1]!;
      this.layers[at] = this.layers[at - 1]!;
      this.indices[at] = this.indices[at - 1]!;
      at--;
    }
    this.values[at] = value;
    this.layers[at] = layer;
    this.indices[at] = index;
    this.count = Math.min(this.count + 1, TOP);
  }

  write(index: Int32Array, value: Float32Array): void {
    for (let k = 0; k < this.count; k++) {
      index[2 * k] = this.layers[k]!;
      index[2 * k + 1] = this.indices[k]!;
      value[k] = this.values[k]!;
    }
  }
}
