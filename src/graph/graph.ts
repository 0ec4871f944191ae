/**
 * The intermediate representation: a list of nodes in topological order, each of which gives one float32 value.
 * A value is the index of its node. Everything is data; the rules for each op live in `src/ops`.
 */

/** A size known now, or the name of one that is known when the graph runs (`batch`, `pos`). */
export type Dim = number | string;
export type Dims = readonly Dim[];

/** n times a dim that may be a name. */
export function times(n: number, dim: Dim): Dim {
  return typeof dim === 'number' ? n * dim : n === 1 ? dim : `${n}*${dim}`;
}

/** The index of the node that gives it. */
export type Value = number;

/** Which normalisation: LayerNorm subtracts the mean, RMSNorm does not. */
export type NormKind = 'layer' | 'rms';

/** Every op with its parameters: the one table over which shape, gradient and ONNX rules are total. */
export interface OpParams {
  // leaves
  input: { name: string };
  /** A parameter of the model; `rows` takes only these rows of its first axis. */
  weight: { name: string; rows?: readonly number[] };
  constant: { value: number };
  // elementwise, with broadcasting
  add: NoParams;
  sub: NoParams;
  mul: NoParams;
  div: NoParams;
  /** where(mask, a, b): a where mask is not 0, else b. */
  where: NoParams;
  neg: NoParams;
  exp: NoParams;
  tanh: NoParams;
  erf: NoParams;
  sqrt: NoParams;
  abs: NoParams;
  sigmoid: NoParams;
  relu: NoParams;
  /** 1 where x > 0, else 0. */
  step: NoParams;
  gelu_tanh: NoParams;
  gelu_erf: NoParams;
  silu: NoParams;
  /** A value of its own with the same content, so that two names can be edited apart. */
  identity: NoParams;
  // products
  /** a [..., m, k] times b [..., k, n], or b [..., n, k] with transposeB; leading axes broadcast. */
  matmul: { transposeB: boolean };
  // shape
  reshape: { dims: Dims };
  transpose: { perm: readonly number[] };
  slice: { axis: number; start: number; end: number };
  pad: { axis: number; before: number; after: number };
  concat: { axis: number };
  /** Broadcasts the first operand to the dims of the second. */
  expand_like: NoParams;
  // reductions
  sum: { axes: readonly number[]; keep: boolean };
  softmax: NoParams;
  /** log(sum(exp(x))) over the last axis, which stays as 1. */
  log_sum_exp: NoParams;
  // normalisation over the last axis
  /** sqrt(variance + eps), or sqrt(mean square + eps): [..., 1]. */
  norm_scale: { kind: NormKind; eps: number };
  /** (x - mean) / scale, or x / scale. Operands: x, scale. */
  norm: { kind: NormKind };
}

export type NoParams = Readonly<Record<string, never>>;
export type OpName = keyof OpParams;

/** Elementwise ops of one operand. */
export type UnaryOp =
  | 'neg'
  | 'exp'
  | 'tanh'
  | 'erf'
  | 'sqrt'
  | 'abs'
  | 'sigmoid'
  | 'relu'
  | 'step'
  | 'gelu_tanh'
  | 'gelu_erf'
  | 'silu'
  | 'identity';

/** One node: the op, what it reads, and the dims of what it gives. */
export type Node = {
  [K in OpName]: {
    readonly op: K;
    readonly inputs: readonly Value[];
    readonly params: OpParams[K];
    readonly dims: Dims;
  };
}[OpName];

export interface Graph {
  readonly nodes: readonly Node[];
  /** Named values that can be captured, edited, cut or differentiated: TransformerLens's hook names. */
  readonly sites: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
}

/** The node that gives a value. */
export function nodeOf(graph: Pick<Graph, 'nodes'>, value: Value): Node {
  const node = graph.nodes[value];
  if (!node) throw new RangeError(`unknown value: %${value}`);
  return node;
}

/** The value of a site. Throws RangeError where the graph has none of that name. */
export function siteOf(graph: Graph, name: string): Value {
  const value = graph.sites.get(name);
  if (value === undefined) throw new RangeError(`unknown site: ${name}`);
  return value;
}

/** Names and dims of the graph's inputs, in order of appearance. */
export function inputsOf(graph: Graph): { name: string; dims: Dims }[] {
  return graph.nodes.flatMap((node) =>
    node.op === 'input' ? [{ name: node.params.name, dims: node.dims }] : [],
  );
}
