/**
 * Matrix products. The leading axes broadcast; a weight with two axes serves every row.
 */
import type { Dims, Value } from '../graph/graph.ts';
import { broadcast } from './broadcast.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { RuleTable } from './rules.ts';

function productDims(a: Dims, b: Dims, transposeB: boolean): Dims {
  const [k, n] = transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (a.length < 2 || b.length < 2 || a.at(-1) !== k) {
    throw new RangeError(
      `matmul of [${a.join(', ')}] and [${b.join(', ')}]${transposeB ? ' transposed' : ''}`,
    );
  }
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, n!];
}

/** Swaps the last two axes. */
function swapLast(b: GraphBuilder, x: Value): Value {
  const rank = b.dims(x).length;
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return b.transpose(x, perm);
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
    onnx: (ctx, { inputs, params: { transposeB } }) => {
      const operands = inputs.map(ctx.ref);
      return transposeB
        ? ctx.emit('FusedMatMul', operands, { transB: 1 }, { domain: 'com.microsoft' })
        : ctx.emit('MatMul', operands);
    },
  },
};
