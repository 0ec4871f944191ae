/**
 * What lowering a graph to ONNX adds: names, weights outside the bytes, outputs of any kind, nothing that nobody asks for.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toOnnx } from '../../src/compile/onnx.ts';
import { Builder } from '../../src/ops/builder.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { createNodeEngine } from '../../src/runtime/node.ts';
import { build } from '../support/reference-ops.ts';
import { runner } from '../support/run-graph.ts';

let engine: Engine;
beforeAll(() => {
  engine = createNodeEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

const ONES = build([2, 3], () => 1);

describe('toOnnx', () => {
  test('leaves weights out of the bytes and says which it needs', () => {
    const b = new Builder();
    const all = b.weight('big', [1000, 300]);
    const some = b.weight('big', [2, 300], [7, 999]);
    const product = b.matmul(b.input('x', ['batch', 300]), all, true);
    const model = toOnnx(b.build({ product, rows: b.matmul(b.input('x', ['batch', 300]), some, true) }));
    expect(model.bytes.length).toBeLessThan(2000);
    expect(model.weights).toEqual([
      { path: 'big', name: 'big' },
      { path: 'big[7,999]', name: 'big', rows: [7, 999] },
    ]);
    expect(model.inputs).toEqual(['x']);
    expect(model.outputs).toEqual(['product', 'rows']);
  });

  test('reads weights, whole and by rows', async () => {
    const b = new Builder();
    const x = b.input('x', ['batch', 3]);
    const graph = b.build({
      whole: b.matmul(x, b.weight('w', [4, 3]), true),
      rows: b.matmul(x, b.weight('w', [2, 3], [3, 1]), true),
    });
    const w = Float32Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4);
    const weights = { w, 'w[3,1]': Float32Array.of(4, 4, 4, 2, 2, 2) };
    const { whole, rows } = await (await runner(engine, graph, weights))({ x: ONES });
    expect(whole).toEqual({ shape: [2, 4], data: Float32Array.of(3, 6, 9, 12, 3, 6, 9, 12) });
    expect(rows).toEqual({ shape: [2, 2], data: Float32Array.of(12, 6, 12, 6) });
  });

  test('lowers only what the outputs need', () => {
    const b = new Builder();
    const x = b.input('x', ['batch', 3]);
    const small = toOnnx(b.build({ out: b.unary('exp', x) })).bytes.length;
    b.matmul(x, b.weight('unused', [3, 3]));
    const { bytes, weights } = toOnnx(b.build({ out: b.unary('exp', x) }));
    expect(bytes.length).toBe(small);
    expect(weights).toEqual([]);
  });

  test('gives outputs that are inputs, constants, weights, or the same value under two names', async () => {
    const b = new Builder();
    const x = b.input('x', [2, 3]);
    const y = b.unary('neg', x);
    const graph = b.build({ x, two: b.constant(2), w: b.weight('w', [2]), once: y, again: y });
    const results = await (await runner(engine, graph, { w: Float32Array.of(8, 9) }))({ x: ONES });
    expect(results.x!.data).toEqual(new Float32Array(6).fill(1));
    expect(results.two).toEqual({ shape: [], data: Float32Array.of(2) });
    expect([...results.w!.data]).toEqual([8, 9]);
    expect(results.once).toEqual(results.again);
  });

  test('keeps constants apart, infinities too', async () => {
    const b = new Builder();
    const x = b.input('x', [2, 3]);
    const { POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;
    const added = (value: number) => b.add(x, b.constant(value));
    const graph = b.build({ high: added(high), low: added(low), small: added(1e-30), zero: added(0) });
    const { high: h, low: l, small } = await (await runner(engine, graph))({ x: build([2, 3], () => 0) });
    expect([h!.data[0], l!.data[0]]).toEqual([high, low]);
    expect(small!.data[0]).toBe(Math.fround(1e-30));
  });

  test('refuses a reshape with two unknown axes', () => {
    const b = new Builder();
    const graph = b.build({ out: b.reshape(b.input('x', ['batch', 'pos', 4]), ['pos', 'batch', 4]) });
    expect(() => toOnnx(graph)).toThrow(/more than one unknown axis/);
  });
});
