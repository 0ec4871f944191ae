/**
 * The engine in Node: programs, registers, sessions, and what happens when something fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toOnnx } from '../../src/compile/onnx.ts';
import { RunError } from '../../src/errors.ts';
import { Builder } from '../../src/ops/builder.ts';
import type { Engine, SessionSource } from '../../src/runtime/engine.ts';
import { createNodeEngine } from '../../src/runtime/node.ts';
import { full, tensor } from '../../src/tensor/tensor.ts';
import { Random } from '../support/random.ts';

/** out = x + bias, over any number of rows. */
function adding(key: string): SessionSource {
  const b = new Builder();
  const graph = b.build({ out: b.add(b.input('x', ['batch', 2]), b.input('bias', [2])) });
  return { key, bytes: toOnnx(graph).bytes, weights: [] };
}

const X = full([3, 2], 1);
const BIAS = tensor(Float32Array.of(10, 20), [2]);
const step = (inputs: Record<string, string>, out: string, session = 'add') => ({
  session,
  inputs,
  outputs: { out },
});

describe('the Node engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = createNodeEngine({ threads: 1 });
    await engine.prepare(adding('add'));
  });
  afterAll(() => engine.dispose());

  test('runs steps in order, registers between them', async () => {
    const steps = [step({ x: 'x', bias: 'bias' }, 'once'), step({ x: 'once', bias: 'bias' }, 'twice')];
    const results = await engine.run({ steps, fetch: ['twice', 'once', 'x'] }, { x: X, bias: BIAS });
    expect(results.twice).toEqual({ shape: [3, 2], data: Float32Array.of(21, 41, 21, 41, 21, 41) });
    expect(results.once!.data[0]).toBe(11);
    expect(results.x).toEqual(X);
    expect(Object.keys(results)).toEqual(['twice', 'once', 'x']);
  });

  test('gives tensors back as they were: the caller keeps what it sent', async () => {
    await engine.run({ steps: [step({ x: 'x', bias: 'bias' }, 'y')], fetch: ['y'] }, { x: X, bias: BIAS });
    expect(X.data).toEqual(new Float32Array(6).fill(1));
  });

  test('sends views: only what they show counts', async () => {
    const padded = Float32Array.of(9, 9, 1, 2, 3, 4, 9);
    const x = { shape: [2, 2], data: padded.subarray(2, 6) };
    const { y } = await engine.run(
      { steps: [step({ x: 'x', bias: 'bias' }, 'y')], fetch: ['y'] },
      { x, bias: BIAS },
    );
    expect([...y!.data]).toEqual([11, 22, 13, 24]);
  });

  test('keeps what was put for later programs, until it is dropped', async () => {
    await engine.put({ 'kept.bias': BIAS, 'kept.other': BIAS });
    const program = { steps: [step({ x: 'x', bias: 'kept.bias' }, 'y')], fetch: ['y'] };
    for (let i = 0; i < 2; i++) expect((await engine.run(program, { x: X })).y!.data[1]).toBe(21);
    await engine.put({ 'kept.bias': tensor(Float32Array.of(0, 0), [2]) });
    expect((await engine.run(program, { x: X })).y!.data[1]).toBe(1);
    await engine.drop('kept.b');
    await expect(engine.run(program, { x: X })).rejects.toThrow(/missing register: kept.bias/);
    const other = { steps: [step({ x: 'x', bias: 'kept.other' }, 'y')], fetch: ['y'] };
    expect((await engine.run(other, { x: X })).y!.data[1]).toBe(21);
    await engine.drop('kept');
  });

  test('forgets the registers of a program when it ends', async () => {
    await engine.run({ steps: [step({ x: 'x', bias: 'bias' }, 'y')], fetch: ['y'] }, { x: X, bias: BIAS });
    await expect(engine.run({ steps: [], fetch: ['y'] }, {})).rejects.toThrow(/missing register: y/);
  });

  test('has a session once, however often it is prepared', async () => {
    expect(engine.has('twin')).toBe(false);
    await Promise.all([engine.prepare(adding('twin')), engine.prepare(adding('twin'))]);
    await engine.prepare({ ...adding('twin'), bytes: new Uint8Array(3) });
    expect(engine.has('twin')).toBe(true);
  });

  test('releases the sessions named, or all', async () => {
    await engine.prepare(adding('first'));
    await engine.prepare(adding('second'));
    await engine.release(['first']);
    expect([engine.has('first'), engine.has('second'), engine.has('add')]).toEqual([false, true, true]);
    const program = { steps: [step({ x: 'x', bias: 'bias' }, 'y', 'first')], fetch: ['y'] };
    await expect(engine.run(program, { x: X, bias: BIAS })).rejects.toThrow(/unknown session: first/);
    await engine.prepare(adding('first'));
    expect((await engine.run(program, { x: X, bias: BIAS })).y!.data[0]).toBe(11);
    await engine.release();
    expect(engine.has('add')).toBe(false);
    await engine.prepare(adding('add'));
  });

  const failures: [what: string, run: (engine: Engine) => Promise<unknown>][] = [
    ['an unknown session', (e) => e.run({ steps: [step({ x: 'x' }, 'y', 'none')], fetch: [] }, { x: X })],
    [
      'a register that is not there',
      (e) => e.run({ steps: [step({ x: 'x', bias: 'none' }, 'y')], fetch: [] }, { x: X }),
    ],
    [
      'shapes that the graph does not take',
      (e) => e.run({ steps: [step({ x: 'x', bias: 'x' }, 'y')], fetch: ['y'] }, { x: full([5], 1) }),
    ],
    ['bytes that are no model', (e) => e.prepare({ key: 'bad', bytes: new Uint8Array(10), weights: [] })],
  ];
  test.each(failures)('fails with RunError for %s, and goes on', async (_what, run) => {
    await expect(run(engine)).rejects.toBeInstanceOf(RunError);
    expect(engine.has('bad')).toBe(false);
    const good = { steps: [step({ x: 'x', bias: 'bias' }, 'y')], fetch: ['y'] };
    expect((await engine.run(good, { x: X, bias: BIAS })).y!.data[0]).toBe(11);
  });

  test('answers calls in the order in which they came', async () => {
    const program = { steps: [step({ x: 'x', bias: 'bias' }, 'y')], fetch: ['y'] };
    const runs = Array.from({ length: 20 }, (_, i) =>
      engine.run(program, { x: full([1, 2], i), bias: BIAS }),
    );
    const results = await Promise.all(runs);
    expect(results.map(({ y }) => y!.data[0])).toEqual(runs.map((_, i) => 10 + i));
  });
});

test('calls that wait when the engine is disposed of are rejected, and so are later ones', async () => {
  const engine = createNodeEngine({ threads: 1 });
  const waiting = engine.prepare(adding('add'));
  const outcome = expect(waiting).rejects.toBeInstanceOf(RunError);
  await engine.dispose();
  await outcome;
  await expect(engine.run({ steps: [], fetch: [] }, {})).rejects.toBeInstanceOf(RunError);
});

test('one engine at a time is on WebGPU', async () => {
  const engine = createNodeEngine({ device: 'webgpu' });
  expect(engine.provider).toBe('webgpu');
  expect(() => createNodeEngine({ device: 'webgpu' })).toThrow(/expected one model at a time on webgpu/);
  await engine.dispose();
  await createNodeEngine({ device: 'webgpu' }).dispose();
});

test('a row gives the same bits in any company and on any number of threads', async () => {
  const random = new Random(3);
  const width = 48;
  const weights = { w: Float32Array.from({ length: width * width }, () => random.normal()) };
  const b = new Builder();
  const x = b.input('x', ['batch', 7, width]);
  const normalised = b.norm(x, b.normScale(x, 'layer', 1e-5), 'layer');
  const graph = b.build({
    out: b.softmax(b.unary('gelu_tanh', b.matmul(normalised, b.weight('w', [width, width])))),
  });
  const source = { key: 'rows', bytes: toOnnx(graph).bytes, weights: [{ path: 'w', data: weights.w }] };
  const rows = Float32Array.from({ length: 9 * 7 * width }, () => random.normal());
  const size = 7 * width;
  const results: Float32Array[] = [];
  for (const [threads, batch] of [
    [1, 9],
    [2, 9],
    [1, 1],
    [2, 4],
  ] as const) {
    const engine = createNodeEngine({ threads });
    await engine.prepare(source);
    const parts: number[] = [];
    for (let from = 0; from < 9; from += batch) {
      const count = Math.min(batch, 9 - from);
      const part = tensor(rows.slice(from * size, (from + count) * size), [count, 7, width]);
      const program = {
        steps: [{ session: 'rows', inputs: { x: 'x' }, outputs: { out: 'y' } }],
        fetch: ['y'],
      };
      parts.push(...(await engine.run(program, { x: part })).y!.data);
    }
    results.push(Float32Array.from(parts));
    await engine.dispose();
  }
  for (const result of results) expect(result).toEqual(results[0]);
});
