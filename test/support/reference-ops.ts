/**
 * Evaluates graphs in float64 with plain loops: the judge of ONNX rules and of graph transformations.
 * One function an op, each the definition read aloud; nothing is shared with the rules under test but the graph.
 */
import type { Graph, Node, OpParams, Value } from '../../src/graph/graph.ts';
import { nodeOf } from '../../src/graph/graph.ts';
import type { ComputedOp } from '../../src/ops/index.ts';

/** A dense row-major array in float64. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Rule<K extends ComputedOp> = (operands: readonly NdArray[], params: OpParams[K]) => NdArray;

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Builds an array from a function of its indices. */
export function build(shape: readonly number[], value: (index: readonly number[]) => number): NdArray {
  const data = new Float64Array(sizeOfShape(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** The element at an index of the same or of a higher rank; axes of size 1 are read again and again. */
export function at({ shape, data }: NdArray, index: readonly number[]): number {
  const offset = index.length - shape.length;
  let flat = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    flat = flat * shape[axis]! + (shape[axis] === 1 ? 0 : index[offset + axis]!);
  }
  return data[flat]!;
}

/** Numpy's broadcast shape. Throws where there is none. */
export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (new Set(sizes).size > 1) throw new RangeError(`sizes ${sizes.join(', ')} do not broadcast`);
    return sizes[0] ?? 1;
  });
}

const unary =
  (f: (x: number) => number): Rule<ComputedOp> =>
  ([x]) => ({ shape: x!.shape, data: x!.data.map(f) });

const elementwise =
  (f: (...values: number[]) => number): Rule<ComputedOp> =>
  (operands) =>
    build(broadcastShape(...operands.map(({ shape }) => shape)), (index) =>
      f(...operands.map((operand) => at(operand, index))),
    );

/** The error function by its Taylor series: exact to rounding for the small arguments of tests. */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const matmul: Rule<'matmul'> = ([a, b], { transposeB }) => {
  const inner = a!.shape.at(-1)!;
  const columns = transposeB ? b!.shape.at(-2)! : b!.shape.at(-1)!;
  const leading = broadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  return build([...leading, a!.shape.at(-2)!, columns], (index) => {
    const [outer, row, column] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += at(a!, [...outer, row, k]) * at(b!, [...outer, ...(transposeB ? [column, k] : [k, column])]);
    }
    return sum;
  });
};

/** A function of each row of the last axis. */
function perRow(
  { shape, data }: NdArray,
  width: number,
  f: (row: Float64Array) => ArrayLike<number>,
): NdArray {
  const size = shape.at(-1)!;
  const result = new Float64Array((data.length / size) * width);
  for (let r = 0; r * size < data.length; r++)
    result.set(f(data.subarray(r * size, (r + 1) * size)), r * width);
  return { shape: [...shape.slice(0, -1), width], data: result };
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const centre = (row: Float64Array, kind: 'layer' | 'rms'): Float64Array => {
  const middle = kind === 'layer' ? mean(row) : 0;
  return row.map((x) => x - middle);
};

const sum: Rule<'sum'> = ([x], { axes, keep }) => {
  const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const total = build(kept, () => 0);
  build(x!.shape, (index) => {
    const place = index.reduce((flat, i, axis) => flat * kept[axis]! + (axes.includes(axis) ? 0 : i), 0);
    total.data[place]! += at(x!, index);
    return 0;
  });
  return keep ? total : { ...total, shape: kept.filter((_, axis) => !axes.includes(axis)) };
};

/** Every op's definition. Total: an op without one does not compile. Reshape is apart: it needs the sizes of names. */
const DEFINITIONS: { readonly [K in Exclude<ComputedOp, 'reshape'>]: Rule<K> } = {
  add: elementwise((a, b) => a! + b!),
  sub: elementwise((a, b) => a! - b!),
  mul: elementwise((a, b) => a! * b!),
  div: elementwise((a, b) => a! / b!),
  where: elementwise((mask, a, b) => (mask !== 0 ? a! : b!)),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  tanh: unary(Math.tanh),
  erf: unary(erf),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  sigmoid: unary(sigmoid),
  relu: unary((x) => Math.max(x, 0)),
  step: unary((x) => (x > 0 ? 1 : 0)),
  gelu_tanh: unary((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))),
  gelu_erf: unary((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  silu: unary((x) => x * sigmoid(x)),
  identity: unary((x) => x),
  matmul,
  transpose: ([x], { perm }) =>
    build(
      perm.map((axis) => x!.shape[axis]!),
      (index) =>
        at(
          x!,
          perm.map((_, axis) => index[perm.indexOf(axis)]!),
        ),
    ),
  slice: ([x], { axis, start, end }) =>
    build(x!.shape.with(axis, end - start), (index) => at(x!, index.with(axis, index[axis]! + start))),
  pad: ([x], { axis, before, after }) => {
    const size = x!.shape[axis]!;
    return build(x!.shape.with(axis, before + size + after), (index) => {
      const place = index[axis]! - before;
      // The index of an axis of size 1 is not looked at, so an element outside is told apart here.
      return place < 0 || place >= size ? 0 : at(x!, index.with(axis, place));
    });
  },
  concat: (operands, { axis }) => {
    const length = operands.reduce((total, { shape }) => total + shape[axis]!, 0);
    return build(operands[0]!.shape.with(axis, length), (index) => {
      let place = index[axis]!;
      const part = operands.find(({ shape }) => {
        if (place < shape[axis]!) return true;
        place -= shape[axis]!;
        return false;
      });
      return at(part!, index.with(axis, place));
    });
  },
  expand_like: ([x, like]) => build(like!.shape, (index) => at(x!, index)),
  sum,
  softmax: ([x]) =>
    perRow(x!, x!.shape.at(-1)!, (row) => {
      const largest = Math.max(...row);
      const powers = row.map((value) => Math.exp(value - largest));
      return powers.map((value) => value / (mean(powers) * powers.length));
    }),
  log_sum_exp: ([x]) =>
    perRow(x!, 1, (row) => {
      const largest = Math.max(...row);
      return [largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0))];
    }),
  norm_scale: ([x], { kind, eps }) =>
    perRow(x!, 1, (row) => [Math.sqrt(mean(centre(row, kind).map((value) => value * value)) + eps)]),
  norm: ([x, scale], { kind }) => {
    const numerator = perRow(x!, x!.shape.at(-1)!, (row) => centre(row, kind));
    return build(x!.shape, (index) => at(numerator, index) / at(scale!, index));
  },
};

/** What a graph needs to run: its inputs and weights by name, and the sizes of named dims. */
export interface Surroundings {
  readonly inputs: Readonly<Record<string, NdArray>>;
  readonly weights?: Readonly<Record<string, NdArray>>;
  /** Names such as `batch`; products such as `2*pos` follow. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** The size of a dim: a number, a name, or a number times a name. */
export function sizeOfDim(dim: number | string, sizes: Readonly<Record<string, number>> = {}): number {
  if (typeof dim === 'number') return dim;
  const [name, factor] = dim.split('*').reverse();
  const size = sizes[name!];
  if (size === undefined) throw new RangeError(`unknown dim: ${dim}`);
  return size * Number(factor ?? 1);
}

/** All outputs of a graph, in float64. */
export function evaluate(graph: Graph, surroundings: Surroundings): Record<string, NdArray> {
  const known = new Map<Value, NdArray>();
  const value = (v: Value): NdArray => {
    let result = known.get(v);
    if (!result) {
      const node = nodeOf(graph, v);
      result = evaluateNode(node, node.inputs.map(value), surroundings);
      known.set(v, result);
    }
    return result;
  };
  return Object.fromEntries([...graph.outputs].map(([name, v]) => [name, value(v)]));
}

function evaluateNode(
  node: Node,
  operands: readonly NdArray[],
  { inputs, weights, sizes }: Surroundings,
): NdArray {
  if (node.op === 'input') return known(inputs[node.params.name], node.params.name);
  if (node.op === 'constant') return { shape: [], data: Float64Array.of(node.params.value) };
  if (node.op === 'weight')
    return pickRows(known(weights?.[node.params.name], node.params.name), node.params.rows);
  if (node.op === 'reshape') {
    return { shape: node.dims.map((dim) => sizeOfDim(dim, sizes)), data: operands[0]!.data };
  }
  return (DEFINITIONS[node.op] as Rule<typeof node.op>)(operands, node.params);
}

function pickRows(weight: NdArray, rows: readonly number[] | undefined): NdArray {
  if (!rows) return weight;
  return build(weight.shape.with(0, rows.length), ([r, ...rest]) => at(weight, [rows[r!]!, ...rest]));
}

function known(array: NdArray | undefined, name: string): NdArray {
  if (!array) throw new RangeError(`missing: ${name}`);
  return array;
}
