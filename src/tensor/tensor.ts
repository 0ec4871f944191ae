/**
 * A typed array with a shape, row-major. Plain data: nothing here computes on a device.
 */

export type Shape = readonly number[];
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A dense row-major array. `data.length` is the product of `shape`; a scalar has shape []. */
export interface Tensor<D extends TensorData = Float32Array> {
  readonly shape: Shape;
  readonly data: D;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Wraps data in a shape. Throws RangeError where they disagree. */
export function tensor<D extends TensorData>(data: D, shape: Shape): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${data.length} values do not fill shape [${shape.join(', ')}]`);
  }
  return { shape, data };
}

/** A float32 tensor of zeros. */
export function zeros(shape: Shape): Tensor {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** A float32 tensor filled with one value. */
export function full(shape: Shape, value: number): Tensor {
  return { shape, data: new Float32Array(sizeOf(shape)).fill(value) };
}

/** The same data under another shape of the same size. */
export function reshape<D extends TensorData>(t: Tensor<D>, shape: Shape): Tensor<D> {
  return tensor(t.data, shape);
}

/** Elements `start` to `end` (exclusive) of the first axis, as a view: no copy. */
export function rows<D extends TensorData>(t: Tensor<D>, start: number, end: number): Tensor<D> {
  const row = sizeOf(t.shape.slice(1));
  return { shape: [end - start, ...t.shape.slice(1)], data: t.data.subarray(start * row, end * row) as D };
}

/** Row `index` of the first axis, without that axis, as a view. */
export function row<D extends TensorData>(t: Tensor<D>, index: number): Tensor<D> {
  const part = rows(t, index, index + 1);
  return { shape: part.shape.slice(1), data: part.data };
}

/** Elements `start` to `end` (exclusive) of any axis, copied. */
export function slice(t: Tensor, axis: number, start: number, end: number): Tensor {
  const outer = sizeOf(t.shape.slice(0, axis));
  const inner = sizeOf(t.shape.slice(axis + 1));
  const from = t.shape[axis]!;
  const shape = t.shape.with(axis, end - start);
  const data = new Float32Array(sizeOf(shape));
  for (let o = 0; o < outer; o++) {
    data.set(
      t.data.subarray((o * from + start) * inner, (o * from + end) * inner),
      o * (end - start) * inner,
    );
  }
  return { shape, data };
}

/** Joins tensors along the first axis. */
export function stack(parts: readonly Tensor[]): Tensor {
  const first = parts[0];
  if (!first) throw new RangeError('nothing to stack');
  const size = sizeOf(first.shape);
  const data = new Float32Array(size * parts.length);
  parts.forEach((part, i) => data.set(part.data, i * size));
  return { shape: [parts.length, ...first.shape], data };
}
