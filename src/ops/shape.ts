/**
 * Ops that move values without computing: reshape, transpose, slice, pad, concat, expand.
 */
import type { Dim, Dims, Value } from '../graph/graph.ts';
import { broadcast, sameDims } from './broadcast.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { RuleTable } from './rules.ts';

export type ShapeOp = 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat' | 'expand_like';

function known(dim: Dim | undefined, what: string): number {
  if (typeof dim !== 'number') throw new RangeError(`${what} needs an axis of known size, got ${dim}`);
  return dim;
}

function inverse(perm: readonly number[]): number[] {
  const result = new Array<number>(perm.length);
  perm.forEach((from, to) => {
    result[from] = to;
  });
  return result;
}

/** ONNX's shape operand: 0 copies an axis of the same name, -1 stands for the one name that is left. */
function onnxShape(from: Dims, to: Dims): number[] {
  const shape = to.map((dim, axis) => (typeof dim === 'number' ? dim : from[axis] === dim ? 0 : -1));
  if (shape.filter((n) => n === -1).length > 1) {
    throw new RangeError(`reshape [${from.join(', ')}] to [${to.join(', ')}] has more than one unknown axis`);
  }
  return shape;
}

/** The total size, where all dims are known. */
function total(dims: Dims): number | undefined {
  return dims.every((dim) => typeof dim === 'number')
    ? dims.reduce<number>((product, dim) => product * (dim as number), 1)
    : undefined;
}

function sumAxes(operands: readonly Dims[], axis: number): Dim {
  return operands.reduce<number>((length, dims) => length + known(dims[axis], 'concat'), 0);
}

/** Slices the cotangent of a concat back into its parts. */
function splitLike(b: GraphBuilder, parts: readonly Value[], axis: number, cotangent: Value): Value[] {
  let start = 0;
  return parts.map((part) => {
    const end = start + known(b.dims(part)[axis], 'concat');
    const piece = b.slice(cotangent, axis, start, end);
    start = end;
    return piece;
  });
}

export const shapeOps: RuleTable<ShapeOp> = {
  reshape: {
    shape: ([from], { dims }) => {
      const [a, b] = [total(from!), total(dims)];
      if (a !== undefined && b !== undefined && a !== b) {
        throw new RangeError(`reshape [${from!.join(', ')}] to [${dims.join(', ')}] changes the size`);
      }
      return dims;
    },
    gradient: (b, { inputs }, _y, g) => [b.reshape(g, b.dims(inputs[0]!))],
    onnx: (ctx, { inputs, params }) =>
      ctx.emit('Reshape', [
        ctx.ref(inputs[0]!),
        ctx.int64(onnxShape(ctx.nodeOf(inputs[0]!).dims, params.dims)),
      ]),
  },
  transpose: {
    shape: ([dims], { perm }) => perm.map((axis) => dims![axis]!),
    gradient: (b, { params }, _y, g) => [b.transpose(g, inverse(params.perm))],
    onnx: (ctx, { inputs, params }) => ctx.emit('Transpose', [ctx.ref(inputs[0]!)], { perm: params.perm }),
  },
  slice: {
    shape: ([dims], { axis, start, end }) => {
      const size = known(dims![axis], 'slice');
      if (!(start >= 0 && start < end && end <= size)) {
        throw new RangeError(`slice ${start} to ${end} of an axis of ${size}`);
      }
      return dims!.map((dim, i) => (i === axis ? end - start : dim));
    },
    gradient: (b, { inputs, params: { axis, start, end } }, _y, g) => [
      b.pad(g, axis, start, known(b.dims(inputs[0]!)[axis], 'slice') - end),
    ],
    onnx: (ctx, { inputs, params: { axis, start, end } }) =>
      ctx.emit('Slice', [ctx.ref(inputs[0]!), ctx.int64([start]), ctx.int64([end]), ctx.int64([axis])]),
  },
  pad: {
    shape: ([dims], { axis, before, after }) =>
      dims!.map((dim, i) => (i === axis ? known(dim, 'pad') + before + after : dim)),
    gradient: (b, { inputs, params: { axis, before } }, _y, g) => [
      b.slice(g, axis, before, before + known(b.dims(inputs[0]!)[axis], 'pad')),
    ],
    onnx: (ctx, { inputs, params: { axis, before, after }, dims }) => {
      if (before === 0 && after === 0) return ctx.ref(inputs[0]!);
      const edges = [
        ...dims.map((_, i) => (i === axis ? before : 0)),
        ...dims.map((_, i) => (i === axis ? after : 0)),
      ];
      return ctx.emit('Pad', [ctx.ref(inputs[0]!), ctx.int64(edges), ctx.fill(0, [])]);
    },
  },
  concat: {
    shape: (operands, { axis }) =>
      operands[0]!.map((dim, i) => {
        if (i === axis) return sumAxes(operands, axis);
        return operands.reduce<Dim>((same, dims) => {
          if (dims[i] !== same) throw new RangeError(`concat of dims ${same} and ${dims[i]} on axis ${i}`);
          return same;
        }, dim);
      }),
    gradient: (b, { inputs, params }, _y, g) => splitLike(b, inputs, params.axis, g),
    onnx: (ctx, { inputs, params }) => ctx.emit('Concat', inputs.map(ctx.ref), { axis: params.axis }),
  },
  expand_like: {
    shape: ([a, like]) => {
      if (!sameDims(broadcast(a!, like!), like!)) {
        throw new RangeError(`[${a!.join(', ')}] does not expand to [${like!.join(', ')}]`);
      }
      return like!;
    },
    gradient: (_b, _node, _y, g) => [g, null],
    onnx: (ctx, { inputs }) =>
      ctx.emit('Expand', [ctx.ref(inputs[0]!), ctx.emit('Shape', [ctx.ref(inputs[1]!)])]),
  },
};
