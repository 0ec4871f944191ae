/**
 * At least one case for every op and every way in which its parameters and shapes can differ.
 */
import type { Dims, Value } from '../../src/graph/graph.ts';
import { Builder } from '../../src/ops/builder.ts';
import type { ComputedOp } from '../../src/ops/index.ts';

/** Where an input's values lie. Kinks and poles are kept at a distance from finite differences. */
export type Domain =
  | 'any'
  /** At least 0.2 away from 0, of both signs. */
  | 'not zero'
  | 'positive'
  /** 0 or 1; not differentiated. */
  | 'mask';

export interface OpInput {
  readonly dims: Dims;
  readonly domain?: Domain;
}

export interface OpCase {
  readonly op: ComputedOp;
  /** What is special about it. */
  readonly about: string;
  readonly inputs: Readonly<Record<string, OpInput>>;
  /** The op applied to the inputs, in the order of their names. */
  readonly apply: (b: Builder, ...inputs: Value[]) => Value;
}

/** Sizes of the named dims in all cases. */
export const SIZES = { batch: 2, pos: 3 } as const;

const ROWS: Dims = ['batch', 'pos', 4];
const any = (dims: Dims): OpInput => ({ dims });
const within = (dims: Dims, domain: Domain): OpInput => ({ dims, domain });

type Unary = Parameters<Builder['unary']>[0];
const unary = (op: Unary, domain: Domain = 'any'): OpCase => ({
  op,
  about: 'named dims',
  inputs: { x: within(ROWS, domain) },
  apply: (b, x) => b.unary(op, x!),
});

type Binary = 'add' | 'sub' | 'mul' | 'div';
function binary(op: Binary): OpCase[] {
  const shapes: [about: string, a: Dims, b: Dims][] = [
    ['equal dims', ROWS, ROWS],
    ['a row on the right', ROWS, [4]],
    ['a row on the left', [4], ROWS],
    ['a column', ROWS, ['batch', 'pos', 1]],
    ['a scalar', ROWS, []],
    ['both sides stretched', [2, 1, 4], [3, 1]],
    ['a named axis against 1', ['batch', 1, 4], [1, 'pos', 1]],
  ];
  return shapes.map(([about, a, b]) => ({
    op,
    about,
    inputs: { a: any(a), b: within(b, op === 'div' ? 'not zero' : 'any') },
    apply: (builder, left, right) => builder[op](left!, right!),
  }));
}

function matmul(about: string, a: Dims, b: Dims, transposeB = false): OpCase {
  return {
    op: 'matmul',
    about,
    inputs: { a: any(a), b: any(b) },
    apply: (builder, left, right) => builder.matmul(left!, right!, transposeB),
  };
}

function shaped(
  op: 'reshape' | 'transpose' | 'slice' | 'pad' | 'sum' | 'softmax' | 'log_sum_exp',
  about: string,
  dims: Dims,
  apply: (b: Builder, x: Value) => Value,
): OpCase {
  return { op, about, inputs: { x: any(dims) }, apply: (b, x) => apply(b, x!) };
}

function norms(kind: 'layer' | 'rms'): OpCase[] {
  const eps = 1e-3;
  return [
    {
      op: 'norm_scale',
      about: kind,
      inputs: { x: any(ROWS) },
      apply: (b, x) => b.normScale(x!, kind, eps),
    },
    {
      op: 'norm',
      about: `${kind}, by the scale of the same x`,
      inputs: { x: any(ROWS) },
      apply: (b, x) => b.norm(x!, b.normScale(x!, kind, eps), kind),
    },
    {
      op: 'norm',
      about: `${kind}, by a scale that was edited`,
      inputs: { x: any(ROWS), scale: within(['batch', 'pos', 1], 'positive') },
      apply: (b, x, scale) => b.norm(x!, scale!, kind),
    },
    {
      op: 'norm',
      about: `${kind}, by the scale of another x`,
      inputs: { x: any(ROWS), y: any(ROWS) },
      apply: (b, x, y) => b.norm(x!, b.normScale(y!, kind, eps), kind),
    },
  ];
}

export const OP_CASES: readonly OpCase[] = [
  ...(['add', 'sub', 'mul', 'div'] as const).flatMap(binary),
  {
    op: 'add',
    about: 'an operand with itself',
    inputs: { x: any(ROWS) },
    apply: (b, x) => b.add(x!, x!),
  },
  {
    op: 'where',
    about: 'equal dims',
    inputs: { mask: within(ROWS, 'mask'), a: any(ROWS), b: any(ROWS) },
    apply: (b, mask, x, y) => b.where(mask!, x!, y!),
  },
  {
    op: 'where',
    about: 'mask, value and old value stretched',
    inputs: { mask: within([1, 'pos', 1], 'mask'), a: any([4]), b: any(['batch', 1, 4]) },
    apply: (b, mask, x, y) => b.where(mask!, x!, y!),
  },
  unary('neg'),
  unary('exp'),
  unary('tanh'),
  unary('erf'),
  unary('sqrt', 'positive'),
  unary('abs', 'not zero'),
  unary('sigmoid'),
  unary('relu', 'not zero'),
  unary('step', 'not zero'),
  unary('gelu_tanh'),
  unary('gelu_erf'),
  unary('silu'),
  unary('identity'),
  matmul('two axes', [3, 4], [4, 2]),
  matmul('two axes, transposed', [3, 4], [2, 4], true),
  matmul('rows of a batch by one weight', ROWS, [4, 5]),
  matmul('rows of a batch by one weight, transposed', ROWS, [5, 4], true),
  matmul('batches of both', ['batch', 2, 'pos', 4], ['batch', 2, 4, 'pos']),
  matmul('batches of both, transposed', ['batch', 2, 'pos', 4], ['batch', 2, 'pos', 4], true),
  matmul('a batch for each weight', ['batch', 3, 2, 4], [3, 4, 5]),
  matmul('leading axes stretched on both sides', [2, 1, 3, 4], [5, 4, 2]),
  matmul('leading axes stretched on both sides, transposed', [2, 1, 3, 4], [5, 2, 4], true),
  matmul('one row of one-hots', ['batch', 1, 'pos'], ROWS),
  shaped('reshape', 'splits an axis', ROWS, (b, x) => b.reshape(x, ['batch', 'pos', 2, 2])),
  shaped('reshape', 'joins axes', ['batch', 'pos', 2, 3], (b, x) => b.reshape(x, ['batch', 'pos', 6])),
  shaped('reshape', 'joins a named axis', ['batch', 2, 'pos', 4], (b, x) =>
    b.reshape(x, ['batch', '2*pos', 4]),
  ),
  shaped('reshape', 'drops axes of 1', ['batch', 1, 1], (b, x) => b.reshape(x, ['batch'])),
  shaped('reshape', 'known sizes', [2, 6], (b, x) => b.reshape(x, [3, 4])),
  shaped('transpose', 'swaps two axes', ROWS, (b, x) => b.transpose(x, [0, 2, 1])),
  shaped('transpose', 'turns axes round', [2, 'pos', 4, 'batch'], (b, x) => b.transpose(x, [3, 0, 1, 2])),
  shaped('slice', 'from the start', ROWS, (b, x) => b.slice(x, 2, 0, 2)),
  shaped('slice', 'one from the middle', ROWS, (b, x) => b.slice(x, 2, 2, 3)),
  shaped('slice', 'of the first axis to its end', [5, 'pos'], (b, x) => b.slice(x, 0, 3, 5)),
  shaped('pad', 'both ends', ROWS, (b, x) => b.pad(x, 2, 2, 1)),
  shaped('pad', 'one end of the first axis', [2, 'pos'], (b, x) => b.pad(x, 0, 0, 3)),
  shaped('pad', 'nothing', ROWS, (b, x) => b.pad(x, 2, 0, 0)),
  {
    op: 'concat',
    about: 'three parts of unequal size',
    inputs: { a: any(['batch', 1, 4]), b: any(['batch', 3, 4]), c: any(['batch', 2, 4]) },
    apply: (b, ...parts) => b.concat(parts, 1),
  },
  {
    op: 'concat',
    about: 'a part with itself on the last axis',
    inputs: { x: any(ROWS) },
    apply: (b, x) => b.concat([x!, x!], 2),
  },
  ...([['batch', 1, 4], [4], []] as Dims[]).map(
    (dims): OpCase => ({
      op: 'expand_like',
      about: `from [${dims.join(', ')}]`,
      inputs: { x: any(dims), like: any(ROWS) },
      apply: (b, x, like) => b.expandLike(x!, like!),
    }),
  ),
  shaped('sum', 'the last axis', ROWS, (b, x) => b.sum(x, [2])),
  shaped('sum', 'the first axis, kept', ROWS, (b, x) => b.sum(x, [0], true)),
  shaped('sum', 'two axes', ['batch', 'pos', 2, 3], (b, x) => b.sum(x, [1, 3])),
  shaped('sum', 'two axes, kept', ['batch', 'pos', 2, 3], (b, x) => b.sum(x, [1, 3], true)),
  shaped('sum', 'all axes', ROWS, (b, x) => b.sum(x, [0, 1, 2])),
  shaped('softmax', 'rows', ROWS, (b, x) => b.softmax(x)),
  shaped('log_sum_exp', 'rows', ROWS, (b, x) => b.logSumExp(x)),
  shaped('log_sum_exp', 'a row of one', ['batch', 1], (b, x) => b.logSumExp(x)),
  ...norms('layer'),
  ...norms('rms'),
];
