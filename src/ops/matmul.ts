/**
 * Matrix products. The leading axes broadcast; a weight with two axes serves every row.
 */
import type { Dims, Value } from '../graph/graph.ts';
import { broadcast } from './broadcast.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { OnnxContext, RuleTable } from './rules.ts';

function productDims(a: Dims, b: Dims, transposeB: boolean): Dims {
  const [k, n] = transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (a.length < 2 || b.length < 2 || a.at(-1) !== k) {
    throw new RangeError(
      `matmul of [${a.join(', ')}] and [${b.join(', ')}]${transposeB ? ' transposed' : ''}`,
    );
  }
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, n!];
}

/** The order of axes with the last two swapped. */
function lastSwapped(rank: number): number[] {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return perm;
}

function swapLast(b: GraphBuilder, x: Value): Value {
  return b.transpose(x, lastSwapped(b.dims(x).length));
}

/**
 * The ONNX nodes of a b^T. ONNX Runtime 1.30 has no FusedMatMul on WebGPU: it would bring both operands to the CPU.
 * There the transposition is a node of its own (of a weight it happens once, when the session is made).
 */
function transposedProduct(ctx: OnnxContext, left: Value, right: Value): string {
  const operands = [ctx.ref(left), ctx.ref(right)] as const;
  if (ctx.provider !== 'webgpu') {
    return ctx.emit('FusedMatMul', operands, { transB: 1 }, { domain: 'com.microsoft' });
  }
  const perm = lastSwapped(ctx.nodeOf(right).dims.length);
  return ctx.emit('MatMul', [operands[0], ctx.emit('Transpose', [operands[1]], { perm })]);
}

export const matmulOps: RuleTable<'matmul'> = {
  matmul: {
    shape: ([a, b], { transposeB }) => productDims(a!, b!, transposeB),
    gradient: (b, { inputs, params: { transposeB } }, _y, g) => {
      const [left, right] = inputs as [Value, Value];
      const toLeft = b.matmul(g, right, !transposeB);
      const toRight = transposeB ? b.matmul(swapLast(b, g), left) : b.matmul(swapLast(b, left), g);
      return [toLeft, toRight];
    },
    onnx: (ctx, { inputs, params: { transposeB } }) =>
      transposeB ? transposedProduct(ctx, inputs[0]!, inputs[1]!) : ctx.emit('MatMul', inputs.map(ctx.ref)),
  },
};
