/**
 * Every op through ONNX Runtime: its values against a definition in float64, its gradient against finite differences.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradient } from '../../src/compile/gradient.ts';
import { Builder } from '../../src/ops/builder.ts';
import { rules } from '../../src/ops/index.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { createNodeEngine } from '../../src/runtime/node.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { build, evaluate, type NdArray, sizeOfDim } from '../support/reference-ops.ts';
import { type GraphRunner, runner } from '../support/run-graph.ts';
import { OP_CASES, SIZES } from './op-cases.ts';
import { drawInputs, graphOf } from './op-graphs.ts';

/** Half the distance of the two points of a central difference. */
const STEP = 1e-2;

let engine: Engine;
beforeAll(() => {
  engine = createNodeEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

/** d <cotangent, result> / d input by central differences, one element at a time. */
async function finiteDifferences(
  run: GraphRunner,
  inputs: Readonly<Record<string, NdArray>>,
  name: string,
  cotangent: NdArray,
): Promise<Float64Array> {
  const weighted = async (moved: NdArray): Promise<number> => {
    const { result } = await run({ ...inputs, [name]: moved });
    return result!.data.reduce((sum, value, i) => sum + value * cotangent.data[i]!, 0);
  };
  const { shape, data } = inputs[name]!;
  const slopes = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const at = (step: number): NdArray => ({ shape, data: data.with(i, data[i]! + step) });
    slopes[i] = ((await weighted(at(STEP))) - (await weighted(at(-STEP)))) / (2 * STEP);
  }
  return slopes;
}

describe.each(OP_CASES.map((opCase) => ({ title: `${opCase.op}: ${opCase.about}`, opCase })))(
  '$title',
  ({ opCase }) => {
    const { graph, values } = graphOf(opCase);
    const random = new Random(7);
    const inputs = drawInputs(opCase, random);
    const expected = evaluate(graph, { inputs, sizes: SIZES }).result!;

    test('gives what its definition gives, in the dims of its shape rule', async () => {
      const { result } = await (await runner(engine, graph))(inputs);
      expect(result!).toBeClose(expected, TOLERANCES.rounding);
      const dims = graph.nodes[graph.outputs.get('result')!]!.dims;
      expect(dims.map((dim) => sizeOfDim(dim, SIZES))).toEqual(expected.shape);
    });

    test('has the gradient that finite differences have', async () => {
      const cotangent = build(expected.shape, () => Math.fround(random.normal()));
      const differentiable = Object.keys(values).filter((name) => opCase.inputs[name]!.domain !== 'mask');
      const backward = gradient(graph, {
        from: new Map([['result', 'cotangent']]),
        to: new Map(differentiable.map((name) => [name, values[name]!])),
      });
      const run = await runner(engine, graph);
      const gradients = await (await runner(engine, backward))({ ...inputs, cotangent });
      for (const name of differentiable) {
        const slopes = await finiteDifferences(run, inputs, name, cotangent);
        expect(gradients[name]!).toBeClose(
          { shape: inputs[name]!.shape, data: slopes },
          TOLERANCES.finiteDifference,
        );
      }
    });
  },
);

test('no op is without a case', () => {
  const computed = new Set(
    OP_CASES.map((opCase) => {
      const { graph } = graphOf(opCase);
      return graph.nodes[graph.outputs.get('result')!]!.op;
    }),
  );
  expect([...computed].sort()).toEqual(Object.keys(rules).sort());
});

test('softmax gives exactly 0 where its argument is minus infinity', async () => {
  const b = new Builder();
  const graph = b.build({ result: b.softmax(b.input('x', [2, 3])) });
  const x = {
    shape: [2, 3],
    data: Float64Array.of(
      1,
      Number.NEGATIVE_INFINITY,
      2,
      5,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ),
  };
  const { result } = await (await runner(engine, graph))({ x });
  expect(result!.data[1]).toBe(0);
  expect([...result!.data.subarray(3)]).toEqual([1, 0, 0]);
  expect(result!.data).toBeClose(evaluate(graph, { inputs: { x } }).result!.data, TOLERANCES.rounding);
});
