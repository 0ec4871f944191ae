/**
 * Reductions and what is built on them: sum, softmax, log-sum-exp, normalisation.
 */
import type { Dims, NormKind, Value } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { OnnxContext, RuleTable } from './rules.ts';

export type Reduction = 'sum' | 'softmax' | 'log_sum_exp' | 'norm_scale' | 'norm';

function width(dims: Dims): number {
  const last = dims.at(-1);
  if (typeof last !== 'number') throw new RangeError('normalisation needs a last axis of known size');
  return last;
}

function lastMean(b: GraphBuilder, x: Value): Value {
  const dims = b.dims(x);
  return b.scale(b.sum(x, [dims.length - 1], true), 1 / width(dims));
}

/** x minus its mean for LayerNorm, x itself for RMSNorm. */
function centred(b: GraphBuilder, x: Value, kind: NormKind): Value {
  return kind === 'layer' ? b.sub(x, lastMean(b, x)) : x;
}

/** One of ONNX's fused normalisations without gain; `pick` chooses the result or the inverse deviation. */
function fusedNorm(
  ctx: OnnxContext,
  x: Value,
  kind: NormKind,
  eps: number,
  what: 'result' | 'inverse',
): string {
  const n = width(ctx.nodeOf(x).dims);
  const operands = [ctx.ref(x), ctx.fill(1, [n])];
  const attributes = { axis: -1, epsilon: { float: eps } };
  const [op, outputs] = kind === 'layer' ? ['LayerNormalization', 3] : ['SimplifiedLayerNormalization', 2];
  return what === 'result'
    ? ctx.emit(op as string, operands, attributes)
    : ctx.emit(op as string, operands, attributes, {
        outputs: outputs as number,
        pick: (outputs as number) - 1,
      });
}

/**
 * The scale, by the fused operator's inverse of it. RMSNorm's on WebGPU is computed by its definition: there ONNX Runtime
 * 1.30 gives the mean of x as the second output of SimplifiedLayerNormalization.
 */
function scaleNode(ctx: OnnxContext, x: Value, kind: NormKind, eps: number): string {
  if (kind === 'layer' || ctx.provider !== 'webgpu') {
    return ctx.emit('Reciprocal', [fusedNorm(ctx, x, kind, eps, 'inverse')]);
  }
  const last = ctx.nodeOf(x).dims.length - 1;
  const square = ctx.emit('Mul', [ctx.ref(x), ctx.ref(x)]);
  const mean = ctx.emit('ReduceMean', [square, ctx.int64([last])], { keepdims: 1 });
  return ctx.emit('Sqrt', [ctx.emit('Add', [mean, ctx.fill(eps, [])])]);
}

/**
 * max(x) - max(log softmax(x)): the largest log softmax is -log(sum(exp(x - max(x)))), so nothing overflows or vanishes.
 * ONNX Runtime computes it row by row; its Log rounds a value by its place in the batch, and stands in only on WebGPU,
 * which has no LogSoftmax.
 */
function logSumExp(ctx: OnnxContext, x: Value): string {
  const axes = ctx.int64([ctx.nodeOf(x).dims.length - 1]);
  const largest = (of: string) => ctx.emit('ReduceMax', [of, axes], { keepdims: 1 });
  const normalised = (op: string) => largest(ctx.emit(op, [ctx.ref(x)], { axis: -1 }));
  const share =
    ctx.provider === 'webgpu' ? ctx.emit('Log', [normalised('Softmax')]) : normalised('LogSoftmax');
  return ctx.emit('Sub', [largest(ctx.ref(x)), share]);
}

export const reductions: RuleTable<Reduction> = {
  sum: {
    shape: ([dims], { axes, keep }) =>
      keep
        ? dims!.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
        : dims!.filter((_, axis) => !axes.includes(axis)),
    gradient: (b, { inputs, params: { axes, keep } }, _y, g) => {
      const dims = b.dims(inputs[0]!);
      const kept = keep
        ? g
        : b.reshape(
            g,
            dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
          );
      return [b.expandLike(kept, inputs[0]!)];
    },
    onnx: (ctx, { inputs, params: { axes, keep } }) =>
      ctx.emit('ReduceSum', [ctx.ref(inputs[0]!), ctx.int64(axes)], { keepdims: keep ? 1 : 0 }),
  },
  softmax: {
    shape: ([dims]) => dims!,
    gradient: (b, _node, y, g) => {
      const weighted = b.mul(g, y);
      return [b.sub(weighted, b.mul(y, b.sum(weighted, [b.dims(y).length - 1], true)))];
    },
    onnx: (ctx, { inputs }) => ctx.emit('Softmax', [ctx.ref(inputs[0]!)], { axis: -1 }),
  },
  log_sum_exp: {
    shape: ([dims]) => [...dims!.slice(0, -1), 1],
    gradient: (b, { inputs }, _y, g) => [b.mul(g, b.softmax(inputs[0]!))],
    onnx: (ctx, { inputs }) => logSumExp(ctx, inputs[0]!),
  },
  norm_scale: {
    shape: ([dims]) => [...dims!.slice(0, -1), 1],
    // scale^2 = mean(c^2) + eps with c = x - mean: d scale / dx = c / (n scale)
    gradient: (b, { inputs, params: { kind } }, y, g) => {
      const x = inputs[0]!;
      return [b.mul(g, b.scale(b.div(centred(b, x, kind), y), 1 / width(b.dims(x))))];
    },
    onnx: (ctx, { inputs, params: { kind, eps } }) => scaleNode(ctx, inputs[0]!, kind, eps),
  },
  norm: {
    shape: ([x]) => x!,
    gradient: (b, { inputs, params: { kind } }, y, g) => {
      const scale = inputs[1]!;
      const toX = b.div(centred(b, g, kind), scale);
      const toScale = b.unary('neg', b.div(b.sum(b.mul(g, y), [b.dims(y).length - 1], true), scale));
      return [toX, toScale];
    },
    onnx: (ctx, { inputs, params: { kind } }) => {
      const [x, scale] = inputs as [Value, Value];
      const from = ctx.nodeOf(scale);
      // An untouched scale of the same x: one fused operator. An edited one: the definition, step by step.
      if (from.op === 'norm_scale' && from.inputs[0] === x && from.params.kind === kind) {
        return fusedNorm(ctx, x, kind, from.params.eps, 'result');
      }
      const last = ctx.nodeOf(x).dims.length - 1;
      const mean = () => ctx.emit('ReduceMean', [ctx.ref(x), ctx.int64([last])], { keepdims: 1 });
      const numerator = kind === 'layer' ? ctx.emit('Sub', [ctx.ref(x), mean()]) : ctx.ref(x);
      return ctx.emit('Div', [numerator, ctx.ref(scale)]);
    },
  },
};
