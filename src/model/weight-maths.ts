/**
 * The few operations on weights that loading needs. Sums run in float64 and are rounded once.
 * Matrices are row-major; the functions that change their argument say so.
 */
import { sizeOf, type Tensor } from '../tensor/tensor.ts';

/** Side of the squares in which a matrix is transposed, for the cache's sake. */
const TILE = 32;

/** Zeros in shared memory where the platform has it (other threads then read weights without a copy). */
export function allocate(length: number): Float32Array {
  if (typeof SharedArrayBuffer === 'undefined') return new Float32Array(length);
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}

/** The length of the last axis. */
function width(t: Tensor): number {
  return t.shape.at(-1) ?? 1;
}

/** A copy in memory from `allocate`. */
export function copied(t: Tensor): Tensor {
  const data = allocate(t.data.length);
  data.set(t.data);
  return { shape: t.shape, data };
}

/** Elements `from` to `to` (exclusive) of the last axis, copied. */
export function columns(t: Tensor, from: number, to: number): Tensor {
  const stride = width(t);
  const shape = t.shape.with(-1, to - from);
  const data = allocate(sizeOf(shape));
  for (let source = 0, target = 0; target < data.length; source += stride, target += to - from) {
    data.set(t.data.subarray(source + from, source + to), target);
  }
  return { shape, data };
}

/** The transpose of a matrix [rows, cols], as a copy [cols, rows]. */
export function transposed(t: Tensor): Tensor {
  const [rows, cols] = t.shape as [number, number];
  const data = allocate(rows * cols);
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(top + TILE, rows);
    for (let left = 0; left < cols; left += TILE) {
      const right = Math.min(left + TILE, cols);
      for (let c = left; c < right; c++) {
        for (let r = top; r < bottom; r++) data[c * rows + r] = t.data[r * cols + c]!;
      }
    }
  }
  return { shape: [cols, rows], data };
}

/** Subtracts from each row its mean over the last axis, in place. A vector is one row. */
export function centreRows(t: Tensor): Tensor {
  const stride = width(t);
  for (let start = 0; start < t.data.length; start += stride) {
    let sum = 0;
    for (let i = start; i < start + stride; i++) sum += t.data[i]!;
    const mean = sum / stride;
    for (let i = start; i < start + stride; i++) t.data[i] = t.data[i]! - mean;
  }
  return t;
}

/** Adds vector [n] times matrix [n, m] to `target` [m], in place. */
export function addProduct(target: Tensor, vector: Tensor, matrix: Tensor): void {
  const stride = width(matrix);
  const sums = Float64Array.from(target.data);
  for (let row = 0; row < vector.data.length; row++) {
    const factor = vector.data[row]!;
    for (let i = 0; i < stride; i++) sums[i] = sums[i]! + factor * matrix.data[row * stride + i]!;
  }
  target.data.set(sums);
}

/** Scales row i of a matrix [n, m] by gain i, and, if asked, subtracts the mean of each column; in place. */
export function foldGain(matrix: Tensor, gain: Tensor, centre: boolean): void {
  const { data } = matrix;
  const stride = width(matrix);
  const means = new Float64Array(stride);
  const rows = gain.data.length;
  if (centre) {
    for (let row = 0; row < rows; row++) {
      const factor = gain.data[row]! / rows;
      for (let i = 0; i < stride; i++) means[i] = means[i]! + factor * data[row * stride + i]!;
    }
  }
  for (let row = 0; row < rows; row++) {
    const factor = gain.data[row]!;
    for (let i = 0, at = row * stride; i < stride; i++, at++) data[at] = data[at]! * factor - means[i]!;
  }
}

/** Matrix [n, m] times vector [m], minus its mean: [n]. */
export function centredProduct(matrix: Tensor, vector: Tensor): Tensor {
  const stride = width(matrix);
  const products = new Float64Array(matrix.shape[0]!);
  let total = 0;
  for (let row = 0; row < products.length; row++) {
    let sum = 0;
    for (let i = 0; i < stride; i++) sum += matrix.data[row * stride + i]! * vector.data[i]!;
    products[row] = sum;
    total += sum;
  }
  const mean = total / products.length;
  const data = allocate(products.length);
  for (let row = 0; row < products.length; row++) data[row] = products[row]! - mean;
  return { shape: [products.length], data };
}

/**
 * Prepares a transposed unembedding [vocabulary, d] in place: column i is scaled by gain i; with
 * `centreWidth` each row loses its mean over d; each column loses its mean over the vocabulary.
 */
export function foldUnembedding(matrix: Tensor, gain: Tensor, centreWidth: boolean): void {
  const { data } = matrix;
  const stride = width(matrix);
  const rows = matrix.shape[0]!;
  const rowMeans = new Float64Array(rows);
  const columnMeans = new Float64Array(stride);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0, at = row * stride; i < stride; i++, at++) sum += data[at]! * gain.data[i]!;
    rowMeans[row] = centreWidth ? sum / stride : 0;
    for (let i = 0, at = row * stride; i < stride; i++, at++) {
      columnMeans[i] = columnMeans[i]! + (data[at]! * gain.data[i]! - rowMeans[row]!) / rows;
    }
  }
  for (let row = 0; row < rows; row++) {
    for (let i = 0, at = row * stride; i < stride; i++, at++) {
      data[at] = data[at]! * gain.data[i]! - rowMeans[row]! - columnMeans[i]!;
    }
  }
}
