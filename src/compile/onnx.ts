/**
 * Lowers a graph to ONNX bytes, in memory. Weights are named external data: their bytes are handed to the session
 * beside the model, so they are never copied into it.
 *
 * Format: https://onnx.ai/onnx/repo-docs/IR.html. Nodes are lowered on demand, from the outputs back, so what
 * nobody asks for is not there.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Dims, Graph, Value } from '../graph/graph.ts';
import { inputsOf, nodeOf } from '../graph/graph.ts';
import { rules } from '../ops/index.ts';
import type { Attribute, OnnxContext, OnnxRule } from '../ops/rules.ts';
import type { Provider } from '../terms.ts';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './generated/onnx_pb.ts';

/** Before the name of every ONNX output: a graph may give a value under the name of one of its inputs. */
export const OUTPUT_PREFIX = 'out.';

const IR_VERSION = 10n;
const OPSET = 20n;

/** A weight that the session needs: which one, which of its rows, and under which name. */
export interface WeightUse {
  readonly path: string;
  readonly name: string;
  readonly rows?: readonly number[];
}

export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly weights: readonly WeightUse[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Lowers a graph for a provider. Its inputs keep their names; outputs get OUTPUT_PREFIX before theirs. */
export function toOnnx(graph: Graph, provider: Provider = 'cpu'): OnnxModel {
  const lowering = new Lowering(graph, provider);
  lowering.outputs(graph.outputs);
  const outputs = [...graph.outputs].map(([name, value]) =>
    valueInfo(OUTPUT_PREFIX + name, nodeOf(graph, value).dims),
  );
  const inputs = inputsOf(graph);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'mediators',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: OPSET }),
      create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }),
    ],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node: lowering.nodes,
      initializer: lowering.initializers,
      input: inputs.map(({ name, dims }) => valueInfo(name, dims)),
      output: outputs,
    }),
  });
  return {
    bytes: toBinary(ModelProtoSchema, model),
    weights: lowering.weights,
    inputs: inputs.map(({ name }) => name),
    outputs: [...graph.outputs.keys()],
  };
}

class Lowering {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly weights: WeightUse[] = [];
  private readonly names = new Map<Value, string>();
  /** What nodes give. */
  private readonly made = new Set<string>();
  private readonly constants = new Map<string, string>();
  private readonly context: OnnxContext;

  constructor(
    private readonly graph: Graph,
    provider: Provider,
  ) {
    this.context = {
      provider,
      nodeOf: (value) => nodeOf(graph, value),
      ref: (value) => this.ref(value),
      int64: (values) => this.constant(`i${values.join('_')}`, int64Tensor(values)),
      fill: (value, shape) => this.constant(`f${value}[${shape.join('x')}]`, filledTensor(value, shape)),
      emit: (op, inputs, attributes, options) => this.emit(op, inputs, attributes, options),
    };
  }

  /** Names the outputs: what a node gives is renamed; inputs, weights and second names take a copy. */
  outputs(outputs: Graph['outputs']): void {
    const renamed = new Map<string, string>();
    for (const [name, value] of outputs) {
      const from = this.ref(value);
      const to = OUTPUT_PREFIX + name;
      if (this.made.has(from) && !renamed.has(from)) renamed.set(from, to);
      else this.nodes.push(create(NodeProtoSchema, { opType: 'Identity', input: [from], output: [to] }));
    }
    for (const node of this.nodes) {
      node.input = node.input.map((name) => renamed.get(name) ?? name);
      node.output = node.output.map((name) => renamed.get(name) ?? name);
    }
  }

  private ref(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.lower(value);
    this.names.set(value, name);
    return name;
  }

  private lower(value: Value): string {
    const node = nodeOf(this.graph, value);
    if (node.op === 'input') return node.params.name;
    if (node.op === 'constant') return this.context.fill(node.params.value, []);
    if (node.op === 'weight') return this.weight(node.params.name, node.dims, node.params.rows);
    const rule = rules[node.op].onnx as OnnxRule<typeof node.op>;
    return rule(this.context, node as never);
  }

  private emit: OnnxContext['emit'] = (op, inputs, attributes = {}, options = {}) => {
    const count = options.outputs ?? 1;
    const pick = options.pick ?? 0;
    const name = `v${this.nodes.length}`;
    this.made.add(name);
    this.nodes.push(
      create(NodeProtoSchema, {
        opType: op,
        domain: options.domain ?? '',
        input: [...inputs],
        output: Array.from({ length: count }, (_, i) => (i === pick ? name : `${name}.${i}`)),
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
    return name;
  };

  private constant(name: string, proto: TensorProto): string {
    if (!this.constants.has(name)) {
      proto.name = name;
      this.initializers.push(proto);
      this.constants.set(name, name);
    }
    return name;
  }

  private weight(name: string, dims: Dims, rows?: readonly number[]): string {
    const path = rows ? `${name}[${rows.join(',')}]` : name;
    this.weights.push(rows ? { path, name, rows } : { path, name });
    this.initializers.push(
      create(TensorProtoSchema, {
        name: path,
        dims: dims.map((dim) => BigInt(dim)),
        dataType: DataType.FLOAT,
        dataLocation: DataLocation.EXTERNAL,
        externalData: [create(StringStringEntryProtoSchema, { key: 'location', value: path })],
      }),
    );
    return path;
  }
}

function int64Tensor(values: readonly number[]): TensorProto {
  const dims = [BigInt(values.length)];
  return create(TensorProtoSchema, { dims, dataType: DataType.INT64, int64Data: values.map(BigInt) });
}

function filledTensor(value: number, shape: readonly number[]): TensorProto {
  const size = shape.reduce((product, n) => product * n, 1);
  return create(TensorProtoSchema, {
    dims: shape.map(BigInt),
    dataType: DataType.FLOAT,
    floatData: new Array<number>(size).fill(value),
  });
}

function attribute(name: string, value: Attribute) {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

function valueInfo(name: string, dims: Dims): ValueInfoProto {
  const dim = dims.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    }),
  );
  const shape = create(TensorShapeProtoSchema, { dim });
  const tensorType = create(TypeProto_TensorSchema, { elemType: DataType.FLOAT, shape });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensorType } }),
  });
}
