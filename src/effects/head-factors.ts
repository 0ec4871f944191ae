/**
 * Norms of what heads write, without writing it. With W_O of a head [d_head, d_model] and W_O W_O^T = L L^T (Cholesky),
 *
 *   |z W_O|^2 = z W_O W_O^T z^T = |z L|^2
 *
 * so L [d_head, d_head] gives the norm of the output vector for a d_model-th of the work. L is made in float64.
 */
import type { LoadedModel } from '../model/loaded.ts';
import type { Parameters } from '../model/processing.ts';
import { alignedWidth } from '../ops/alignment.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';

/** A pivot below this share of the largest is what rounding left of 0: the head writes nothing in that direction. */
const NOTHING = 1e-13;

/** Parameters never change: a layer's factors are made once for all studies of a model. */
const made = new WeakMap<Parameters, Map<number, Tensor>>();

/** The factors L of one layer's heads: [heads, d_head, width], columns beyond d_head 0. */
export function headFactors(model: LoadedModel, layer: number): Tensor {
  const layers = made.get(model.parameters) ?? new Map<number, Tensor>();
  made.set(model.parameters, layers);
  const factors = layers.get(layer) ?? makeFactors(model, layer);
  layers.set(layer, factors);
  return factors;
}

function makeFactors(model: LoadedModel, layer: number): Tensor {
  const { nHeads, dHead } = model.config;
  // The products with a factor's rows are summed.
  const width = alignedWidth(dHead);
  const factors = zeros([nHeads, dHead, width]);
  const weight = model.parameters.get(`blocks.${layer}.attn.W_O`)!.data;
  const size = weight.length / nHeads;
  for (let head = 0; head < nHeads; head++) {
    const factor = cholesky(gram(weight.subarray(head * size, (head + 1) * size), dHead), dHead);
    for (let row = 0; row < dHead; row++) {
      factors.data.set(factor.subarray(row * dHead, (row + 1) * dHead), (head * dHead + row) * width);
    }
  }
  return factors;
}

/** Products of the rows of a matrix [size, width] with one another, where column <= row: [size, size]. */
function gram(matrix: Float32Array, size: number): Float64Array {
  const width = matrix.length / size;
  const products = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += matrix[row * width + i]! * matrix[column * width + i]!;
      products[row * size + column] = sum;
    }
  }
  return products;
}

/**
 * The lower triangle L with L L^T = a, of a positive semidefinite matrix given by its lower triangle (Golub and Van
 * Loan, Matrix Computations, 4.2). Directions in which it is 0 get a column of 0.
 */
export function cholesky(a: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size);
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, a[i * size + i]!);
  for (let column = 0; column < size; column++) {
    const pivot = a[column * size + column]! - dotRows(l, column, column, column, size);
    if (pivot <= NOTHING * largest) continue;
    const root = Math.sqrt(pivot);
    l[column * size + column] = root;
    for (let row = column + 1; row < size; row++) {
      l[row * size + column] = (a[row * size + column]! - dotRows(l, row, column, column, size)) / root;
    }
  }
  return l;
}

/** The product of the first `count` entries of two rows. */
function dotRows(l: Float64Array, first: number, second: number, count: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += l[first * size + k]! * l[second * size + k]!;
  return sum;
}
