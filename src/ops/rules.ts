/**
 * The three rules that every op has. The tables in `index.ts` are total over `OpParams`: a missing rule does not compile.
 */
import type { Dims, Node, OpName, OpParams, Value } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Provider } from '../terms.ts';

export type NodeOf<K extends OpName> = Extract<Node, { op: K }>;

/** Dims of the result. Throws RangeError where operands do not fit. */
export type ShapeRule<K extends OpName> = (operands: readonly Dims[], params: OpParams[K]) => Dims;

/**
 * Reverse mode: given the cotangent of the result, the cotangent of each operand (null where it has none).
 * Cotangents may have broadcast dims; the transformation sums them back to the operand's own.
 */
export type GradientRule<K extends OpName> = (
  b: GraphBuilder,
  node: NodeOf<K>,
  value: Value,
  cotangent: Value,
) => readonly (Value | null)[];

/** An attribute of an ONNX node. Whole numbers are written as integers; wrap floats in `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** What an ONNX rule can ask of the lowering: names of operands, constants, and new nodes. */
export interface OnnxContext {
  /** What will execute the nodes: few rules need to know. */
  readonly provider: Provider;
  readonly nodeOf: (value: Value) => Node;
  /** The ONNX name of a value, lowered on demand. */
  readonly ref: (value: Value) => string;
  readonly int64: (values: readonly number[]) => string;
  /** A constant filled with one number. */
  readonly fill: (value: number, shape: readonly number[]) => string;
  /** Emits a node and returns the name of its output number `pick` (default 0). */
  readonly emit: (
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    options?: { readonly domain?: string; readonly outputs?: number; readonly pick?: number },
  ) => string;
}

/** Emits the ONNX nodes of one op and returns the name of the result. Leaves are lowered by the compiler itself. */
export type OnnxRule<K extends OpName> = (ctx: OnnxContext, node: NodeOf<K>) => string;

export interface OpRules<K extends OpName> {
  readonly shape: ShapeRule<K>;
  readonly gradient: GradientRule<K>;
  readonly onnx: OnnxRule<K>;
}

export type RuleTable<K extends OpName> = { readonly [P in K]: OpRules<P> };
