/**
 * Reverse mode, graph to graph: appends the nodes that carry cotangents from outputs back to chosen values.
 * Every op's rule is in `src/ops`; this file only walks the graph (Griewank and Walther 2008, chapter 3).
 *
 * 1. Each output that has a cotangent starts with an input of the output's dims.
 * 2. Nodes are visited from last to first; a rule gives the cotangents of the operands.
 * 3. Cotangents of one value add up; broadcast axes are summed back.
 */
import type { Dims, Graph, Value } from '../graph/graph.ts';
import { nodeOf } from '../graph/graph.ts';
import { sameDims } from '../ops/broadcast.ts';
import { Builder } from '../ops/builder.ts';
import { isComputed, rules } from '../ops/index.ts';
import type { GradientRule } from '../ops/rules.ts';
import { ancestors, prune } from './prune.ts';
import { rewrite } from './rewrite.ts';

export interface GradientRequest {
  /** Output name -> name of the input that holds its cotangent. */
  readonly from: ReadonlyMap<string, string>;
  /** Name of a result -> the value with respect to which it is taken. */
  readonly to: ReadonlyMap<string, Value>;
}

/** A graph whose outputs are the requested gradients; it computes the given graph again. */
export function gradient(graph: Graph, request: GradientRequest): Graph {
  const { graph: whole, outputs } = differentiate(graph, request);
  return prune(whole, outputs);
}

/** What lies between the two halves of a split gradient: names of values, beginning with this. */
export const SAVED = 'saved.';

export interface SplitGradient {
  /** The given graph, with the values that the way back needs as further outputs `saved.<n>`. */
  readonly forward: Graph;
  /** The gradients, from cotangents and the saved values as inputs; nothing is computed again. */
  readonly backward: Graph;
}

/** The gradient as a graph of its own, which reads what the forward graph saves. */
export function splitGradient(graph: Graph, request: GradientRequest): SplitGradient {
  const { graph: whole, outputs } = differentiate(graph, request);
  const needed = ancestors(whole, outputs.values());
  const isForward = (value: Value) => value < graph.nodes.length;
  const crossing = whole.nodes.flatMap((node, value) =>
    needed.has(value) && !isForward(value) ? node.inputs : [],
  );
  const saved = new Map<Value, string>();
  for (const value of [...crossing, ...outputs.values()].filter(isForward)) {
    const leaf = !isComputed(nodeOf(graph, value).op);
    if (!leaf && !saved.has(value)) saved.set(value, `${SAVED}${saved.size}`);
  }
  const { builder, moved } = rewrite(whole, {
    replace: (b, copied, old) => (saved.has(old) ? b.input(saved.get(old)!, b.dims(copied)) : copied),
  });
  const moveAll = [...outputs].map(([name, old]): [string, Value] => [name, moved.get(old)!]);
  const kept = [...saved].map(([value, name]): [string, Value] => [name, value]);
  return {
    forward: prune(graph, new Map([...graph.outputs, ...kept])),
    backward: prune(builder.build({}), new Map(moveAll)),
  };
}

/** Appends the gradient's nodes to a graph; its own nodes stay where they are. */
function differentiate(
  graph: Graph,
  request: GradientRequest,
): { graph: Graph; outputs: Map<string, Value> } {
  const builder = Builder.from(graph);
  const active = dependents(graph, new Set(request.to.values()));
  const cotangents = new Map<Value, Value>();
  const accumulate = (value: Value, cotangent: Value) => {
    const fitted = fit(builder, cotangent, builder.dims(value));
    const sofar = cotangents.get(value);
    cotangents.set(value, sofar === undefined ? fitted : builder.add(sofar, fitted));
  };
  for (const [output, input] of request.from) {
    const value = graph.outputs.get(output);
    if (value === undefined) throw new RangeError(`unknown output: ${output}`);
    accumulate(value, builder.input(input, builder.dims(value)));
  }
  for (let value = graph.nodes.length - 1; value >= 0; value--) {
    const cotangent = cotangents.get(value);
    const node = nodeOf(graph, value);
    if (cotangent === undefined || !active.has(value) || !isComputed(node.op)) continue;
    const rule = rules[node.op].gradient as GradientRule<typeof node.op>;
    rule(builder, node as never, value, cotangent).forEach((toOperand, i) => {
      const operand = node.inputs[i]!;
      if (toOperand !== null && active.has(operand)) accumulate(operand, toOperand);
    });
  }
  const outputs = new Map<string, Value>();
  for (const [name, value] of request.to) {
    outputs.set(name, cotangents.get(value) ?? zerosLike(builder, value));
  }
  return { graph: builder.build({}), outputs };
}

/** The values that depend on some of `sources`, themselves included. */
function dependents(graph: Graph, sources: ReadonlySet<Value>): Set<Value> {
  const reached = new Set(sources);
  graph.nodes.forEach((node, value) => {
    if (node.inputs.some((input) => reached.has(input))) reached.add(value);
  });
  return reached;
}

function zerosLike(b: Builder, value: Value): Value {
  return b.expandLike(b.constant(0), value);
}

/** Brings a cotangent to the dims of its value: broadcast axes are summed, missing ones expanded. */
function fit(b: Builder, cotangent: Value, dims: Dims): Value {
  let value = cotangent;
  const extra = b.dims(value).length - dims.length;
  if (extra > 0)
    value = b.sum(
      value,
      Array.from({ length: extra }, (_, axis) => axis),
    );
  const broadcastAxes = dims.flatMap((dim, axis) => {
    const own = b.dims(value)[axis + Math.max(0, -extra)];
    return extra >= 0 && dim === 1 && own !== 1 ? [axis] : [];
  });
  if (broadcastAxes.length > 0) value = b.sum(value, broadcastAxes, true);
  if (sameDims(b.dims(value), dims)) return value;
  throw new RangeError(`cotangent [${b.dims(cotangent).join(', ')}] does not fit [${dims.join(', ')}]`);
}
