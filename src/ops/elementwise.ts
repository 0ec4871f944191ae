/**
 * Elementwise ops, with broadcasting.
 */
import type { Node, OpName, UnaryOp, Value } from '../graph/graph.ts';
import { broadcast } from './broadcast.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { OpRules, RuleTable } from './rules.ts';

type Binary = 'add' | 'sub' | 'mul' | 'div';
export type Elementwise = Binary | UnaryOp | 'where';

/** A unary op by the derivative at x, given y = f(x); null where the derivative is 0 everywhere. */
function unary<K extends UnaryOp>(
  derivative: ((b: GraphBuilder, x: Value, y: Value) => Value) | null,
  onnx: OpRules<K>['onnx'],
): OpRules<K> {
  return {
    shape: ([x]) => x!,
    gradient: (b, { inputs }: Node, y, g) => [derivative ? b.mul(g, derivative(b, inputs[0]!, y)) : null],
    onnx,
  };
}

function binary<K extends Binary>(onnxName: string, gradient: OpRules<K>['gradient']): OpRules<K> {
  return {
    shape: ([a, b]) => broadcast(a!, b!),
    gradient,
    onnx: (ctx, { inputs }: Node) => ctx.emit(onnxName, inputs.map(ctx.ref)),
  };
}

/** The ONNX rule of an op that is one ONNX operator of one operand. */
const plain =
  <K extends OpName>(name: string, attributes = {}, domain = ''): OpRules<K>['onnx'] =>
  (ctx, { inputs }: Node) =>
    ctx.emit(name, [ctx.ref(inputs[0]!)], attributes, { domain });

/** d/dx of 0.5 x (1 + tanh(c (x + a x^3))), the `gelu_new` of GPT-2 (Hendrycks and Gimpel 2016). */
function geluTanhDerivative(b: GraphBuilder, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const a = 0.044715;
  const square = b.mul(x, x);
  const inner = b.scale(b.mul(x, b.add(b.scale(square, a), b.constant(1))), c);
  const t = b.unary('tanh', inner);
  const slope = b.scale(b.add(b.scale(square, 3 * a), b.constant(1)), c);
  const bend = b.mul(b.mul(x, b.sub(b.constant(1), b.mul(t, t))), slope);
  return b.scale(b.add(b.add(b.constant(1), t), bend), 0.5);
}

/** d/dx of x Phi(x): Phi(x) + x phi(x). */
function geluErfDerivative(b: GraphBuilder, x: Value): Value {
  const phi = b.scale(b.unary('exp', b.scale(b.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  const cdf = b.scale(b.add(b.constant(1), b.unary('erf', b.scale(x, Math.SQRT1_2))), 0.5);
  return b.add(cdf, b.mul(x, phi));
}

/** d/dx of x s(x), s the logistic function: s (1 + x (1 - s)). */
function siluDerivative(b: GraphBuilder, x: Value): Value {
  const s = b.unary('sigmoid', x);
  return b.mul(s, b.add(b.constant(1), b.mul(x, b.sub(b.constant(1), s))));
}

export const elementwise: RuleTable<Elementwise> = {
  add: binary('Add', (_b, _node, _y, g) => [g, g]),
  sub: binary('Sub', (b, _node, _y, g) => [g, b.unary('neg', g)]),
  mul: binary('Mul', (b, { inputs }, _y, g) => [b.mul(g, inputs[1]!), b.mul(g, inputs[0]!)]),
  div: binary('Div', (b, { inputs }, y, g) => [
    b.div(g, inputs[1]!),
    b.unary('neg', b.div(b.mul(g, y), inputs[1]!)),
  ]),
  where: {
    shape: ([mask, a, b]) => broadcast(mask!, broadcast(a!, b!)),
    gradient: (b, { inputs }, _y, g) => [
      null,
      b.where(inputs[0]!, g, b.constant(0)),
      b.where(inputs[0]!, b.constant(0), g),
    ],
    onnx: (ctx, { inputs }) =>
      // 9: ONNX's number for bool
      ctx.emit('Where', [
        ctx.emit('Cast', [ctx.ref(inputs[0]!)], { to: 9 }),
        ctx.ref(inputs[1]!),
        ctx.ref(inputs[2]!),
      ]),
  },
  neg: unary((b) => b.constant(-1), plain('Neg')),
  exp: unary((_b, _x, y) => y, plain('Exp')),
  tanh: unary((b, _x, y) => b.sub(b.constant(1), b.mul(y, y)), plain('Tanh')),
  erf: unary(
    (b, x) => b.scale(b.unary('exp', b.unary('neg', b.mul(x, x))), 2 / Math.sqrt(Math.PI)),
    plain('Erf'),
  ),
  sqrt: unary((b, _x, y) => b.div(b.constant(0.5), y), plain('Sqrt')),
  abs: unary((b, x) => b.sub(b.unary('step', x), b.unary('step', b.unary('neg', x))), plain('Abs')),
  sigmoid: unary((b, _x, y) => b.mul(y, b.sub(b.constant(1), y)), plain('Sigmoid')),
  relu: unary((b, x) => b.unary('step', x), plain('Relu')),
  step: unary(null, (ctx, node) =>
    // 1: ONNX's number for float
    ctx.emit('Cast', [ctx.emit('Greater', [ctx.ref(node.inputs[0]!), ctx.fill(0, [])])], { to: 1 }),
  ),
  gelu_tanh: unary((b, x) => geluTanhDerivative(b, x), plain('Gelu', { approximate: 'tanh' })),
  gelu_erf: unary((b, x) => geluErfDerivative(b, x), plain('Gelu', { approximate: 'none' })),
  silu: unary((b, x) => siluDerivative(b, x), plain('QuickGelu', { alpha: { float: 1 } }, 'com.microsoft')),
  identity: unary(
    (b) => b.constant(1),
    (ctx, node) => ctx.ref(node.inputs[0]!),
  ),
};
