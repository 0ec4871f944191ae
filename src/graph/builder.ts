/**
 * Builds graphs node by node; equal nodes are built once. Dims follow from the shape rules, which `src/ops` adds.
 */
import type { Dims, Graph, Node, OpName, OpParams, UnaryOp, Value } from './graph.ts';

const NONE = {};

export abstract class GraphBuilder {
  private readonly nodes: Node[] = [];
  private readonly seen = new Map<string, Value>();
  private readonly sites = new Map<string, Value>();

  /** The dims of an op's result. */
  protected abstract infer<K extends OpName>(op: K, operands: readonly Dims[], params: OpParams[K]): Dims;

  /** Takes over the nodes and sites of a graph. */
  protected adopt(graph: Graph): void {
    for (const node of graph.nodes) this.push(node);
    for (const [name, value] of graph.sites) this.sites.set(name, value);
  }

  private push(node: Node): Value {
    // JSON has no infinities: constants are told apart by their text.
    const params = node.op === 'constant' ? String(node.params.value) : JSON.stringify(node.params);
    const key = `${node.op}|${node.inputs.join(',')}|${params}`;
    // An identity is there to be distinct: it is never shared.
    const known = node.op === 'identity' ? undefined : this.seen.get(key);
    if (known !== undefined) return known;
    this.nodes.push(node);
    this.seen.set(key, this.nodes.length - 1);
    return this.nodes.length - 1;
  }

  /** Adds any op by name; transformations use this to copy nodes. Leaves need their dims. */
  emit<K extends OpName>(op: K, inputs: readonly Value[], params: OpParams[K], leafDims?: Dims): Value {
    const dims =
      leafDims ??
      this.infer(
        op,
        inputs.map((input) => this.dims(input)),
        params,
      );
    return this.push({ op, inputs, params, dims } as Node);
  }

  node(value: Value): Node {
    const node = this.nodes[value];
    if (!node) throw new RangeError(`unknown value: %${value}`);
    return node;
  }

  dims(value: Value): Dims {
    return this.node(value).dims;
  }

  /** Gives a value a hook name. A value that has a name already is copied, so that both can be edited apart. */
  hook(name: string, value: Value): Value {
    const taken = [...this.sites.values()].includes(value);
    const named = taken ? this.emit('identity', [value], NONE) : value;
    this.sites.set(name, named);
    return named;
  }

  /** Moves a hook name to another value. */
  rename(name: string, value: Value): void {
    this.sites.set(name, value);
  }

  build(outputs: Readonly<Record<string, Value>>): Graph {
    return { nodes: this.nodes, sites: this.sites, outputs: new Map(Object.entries(outputs)) };
  }

  input = (name: string, dims: Dims): Value => this.emit('input', [], { name }, dims);
  weight = (name: string, dims: Dims, rows?: readonly number[]): Value =>
    this.emit('weight', [], rows ? { name, rows } : { name }, dims);
  constant = (value: number): Value => this.emit('constant', [], { value }, []);

  add = (a: Value, b: Value): Value => this.emit('add', [a, b], NONE);
  sub = (a: Value, b: Value): Value => this.emit('sub', [a, b], NONE);
  mul = (a: Value, b: Value): Value => this.emit('mul', [a, b], NONE);
  div = (a: Value, b: Value): Value => this.emit('div', [a, b], NONE);
  scale = (a: Value, factor: number): Value => this.mul(a, this.constant(factor));
  where = (mask: Value, a: Value, b: Value): Value => this.emit('where', [mask, a, b], NONE);
  unary = (op: UnaryOp, a: Value): Value => this.emit(op, [a], NONE);
  matmul = (a: Value, b: Value, transposeB = false): Value => this.emit('matmul', [a, b], { transposeB });
  reshape = (a: Value, dims: Dims): Value => this.emit('reshape', [a], { dims });
  transpose = (a: Value, perm: readonly number[]): Value => this.emit('transpose', [a], { perm });
  slice = (a: Value, axis: number, start: number, end: number): Value =>
    this.emit('slice', [a], { axis, start, end });
  pad = (a: Value, axis: number, before: number, after: number): Value =>
    this.emit('pad', [a], { axis, before, after });
  concat = (parts: readonly Value[], axis: number): Value => this.emit('concat', parts, { axis });
  expandLike = (a: Value, like: Value): Value => this.emit('expand_like', [a, like], NONE);
  sum = (a: Value, axes: readonly number[], keep = false): Value => this.emit('sum', [a], { axes, keep });
  softmax = (a: Value): Value => this.emit('softmax', [a], NONE);
  logSumExp = (a: Value): Value => this.emit('log_sum_exp', [a], NONE);
  normScale = (a: Value, kind: 'layer' | 'rms', eps: number): Value =>
    this.emit('norm_scale', [a], { kind, eps });
  norm = (a: Value, scale: Value, kind: 'layer' | 'rms'): Value => this.emit('norm', [a, scale], { kind });
}
