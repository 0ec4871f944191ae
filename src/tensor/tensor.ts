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

/** The last `count` elements of the first axis, as a view. */
export function lastRows<D extends TensorData>(t: Tensor<D>, count: number): Tensor<D> {
  return rows(t, t.shape[0]! - count, t.shape[0]!);
}

/** [...] to [1, ...], as a view. */
export function batched<D extends TensorData>(t: Tensor<D>): Tensor<D> {
  return { shape: [1, ...t.shape], data: t.data };
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

/** Joins tensors along their first axis. Throws RangeError for none. */
export function joinRows<T extends Tensor | Tensor<Int32Array>>(parts: readonly T[]): T {
  const [first] = parts;
  if (!first) throw new RangeError('nothing to join');
  const length = parts.reduce((sum, part) => sum + part.data.length, 0);
  const data = first.data instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const count = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  return tensor<Float32Array | Int32Array>(data, [count, ...first.shape.slice(1)]) as T;
}

/** Joins tensors of one shape along a new first axis. Throws RangeError for none. */
export function stack(parts: readonly Tensor[]): Tensor {
  return joinRows(parts.map(batched));
}
