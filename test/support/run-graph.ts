/**
 * Runs one graph on the Node engine, as a program of one step.
 */
import { toOnnx } from '../../src/compile/onnx.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import type { NdArray } from './reference-ops.ts';

let sessions = 0;

export type GraphRunner = (inputs: Readonly<Record<string, NdArray>>) => Promise<Record<string, Tensor>>;

/** Makes the session of a graph; it can then be run again and again. */
export async function runner(
  engine: Engine,
  graph: Graph,
  weights: Readonly<Record<string, Float32Array>> = {},
): Promise<GraphRunner> {
  const key = `graph ${sessions++}`;
  const model = toOnnx(graph, engine.provider);
  await engine.prepare({
    key,
    bytes: model.bytes,
    weights: model.weights.map(({ path }) => ({ path, data: weights[path]! })),
  });
  const bind = (names: readonly string[], prefix: string) =>
    Object.fromEntries(names.map((name) => [name, prefix + name]));
  const outputs = bind(model.outputs, 'out ');
  const step = { session: key, inputs: bind(model.inputs, 'in '), outputs };
  return async (inputs) => {
    const feeds = Object.fromEntries(model.inputs.map((name) => [`in ${name}`, toTensor(inputs[name]!)]));
    const results = await engine.run({ steps: [step], fetch: Object.values(outputs) }, feeds);
    return Object.fromEntries(model.outputs.map((name) => [name, results[`out ${name}`]!]));
  };
}

export function toTensor({ shape, data }: NdArray): Tensor {
  return tensor(Float32Array.from(data), shape);
}
