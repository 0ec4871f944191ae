/**
 * What the loaders read and processing makes of it, judged by a plain forward pass against
 * TransformerLens's hook values (processed) and transformers' logits (raw).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CancelledError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/model/loaders/open.ts';
import { expectedTensors } from '../../src/model/layout.ts';
import { loadParameters } from '../../src/model/processing.ts';
import { sizeOf, type Tensor } from '../../src/tensor/tensor.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import { CASES } from '../support/cases.ts';
import { forward } from './forward.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
/** Both sides carry float32 rounding over a few layers. */
const TOLERANCE = 2e-5;

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return found.length === expected.length ? difference / scale : Number.POSITIVE_INFINITY;
}

/** Logits less their mean over the vocabulary: centring the unembedding takes that much away. */
function centred(logits: ArrayLike<number>, vocabulary: number): Float64Array {
  const result = Float64Array.from(logits);
  for (let start = 0; start < result.length; start += vocabulary) {
    const row = result.subarray(start, start + vocabulary);
    const mean = row.reduce((a, b) => a + b, 0) / vocabulary;
    row.forEach((x, i) => (row[i] = x - mean));
  }
  return result;
}

function load(name: string) {
  const folder = join(FIXTURES, name);
  const { clean } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as { clean: number[] };
  const expected = decodeSafetensors(readFileSync(join(folder, 'expected.safetensors')), 'expected') as Map<
    string,
    Tensor
  >;
  return { folder, clean, expected };
}

describe.each(CASES)('%s', (name) => {
  test('raw weights give the logits of transformers', async () => {
    const { folder, clean, expected } = load(name);
    const checkpoint = await openCheckpoint(folder);
    const values = forward(checkpoint.config, await loadParameters(checkpoint, { raw: true }), clean);
    expect(largestDifference(values.get('logits')!.data, expected.get('hf.clean.logits')!.data)).toBeLessThan(
      TOLERANCE,
    );
    await checkpoint.close();
  });

  test('processed weights give the hook values of TransformerLens', async () => {
    const { folder, clean, expected } = load(name);
    const checkpoint = await openCheckpoint(folder);
    const { config } = checkpoint;
    const values = forward(config, await loadParameters(checkpoint, { raw: false }), clean);
    const hooks = [...values.keys()].filter((key) => expected.has(`cache.${key}`));
    expect(hooks.length).toBe(5 * config.nLayers);
    for (const key of hooks) {
      const difference = largestDifference(values.get(key)!.data, expected.get(`cache.${key}`)!.data);
      expect(difference, key).toBeLessThan(TOLERANCE);
    }
    const logits = centred(expected.get('hf.clean.logits')!.data, config.vocabulary);
    expect(largestDifference(values.get('logits')!.data, logits)).toBeLessThan(TOLERANCE);
    await checkpoint.close();
  });
});

test('parameters have the documented names and shapes', async () => {
  const checkpoint = await openCheckpoint(join(FIXTURES, 'gpt2-odd'));
  const { dModel: d, dMlp: m, nHeads, dHead, vocabulary, context } = checkpoint.config;
  const processed = await loadParameters(checkpoint, { raw: false });
  const shapes = Object.fromEntries([...processed].map(([name, { shape }]) => [name, shape]));
  expect(shapes).toMatchObject({
    'embed.W_E': [vocabulary, d],
    'pos_embed.W_pos': [context, d],
    'blocks.0.attn.W_Q': [d, nHeads * dHead],
    'blocks.0.attn.W_O': [nHeads * dHead, d],
    'blocks.0.attn.b_K': [nHeads * dHead],
    'blocks.0.mlp.W_in': [d, m],
    'blocks.0.mlp.b_in': [m],
    'blocks.0.mlp.W_out': [m, d],
    'unembed.W_U_T': [vocabulary, d],
    'unembed.b_U': [vocabulary],
  });
  expect([...processed.keys()].filter((name) => /ln|b_V/.test(name))).toEqual([]);
  const raw = await loadParameters(checkpoint, { raw: true });
  expect(raw.has('unembed.b_U')).toBe(false);
  expect(raw.get('blocks.0.ln1.b')?.shape).toEqual([d]);
  for (const { data, shape } of [...raw.values(), ...processed.values()]) {
    expect(data.length).toBe(sizeOf(shape));
    expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
  await checkpoint.close();
});

test('writing weights are centred over d_model, the unembedding over both axes', async () => {
  const checkpoint = await openCheckpoint(join(FIXTURES, 'gpt2-plain'));
  const parameters = await loadParameters(checkpoint, { raw: false });
  const { dModel: d, vocabulary } = checkpoint.config;
  const meanOfRow = (name: string, row: number) =>
    parameters
      .get(name)!
      .data.subarray(row * d, (row + 1) * d)
      .reduce((a, b) => a + b, 0) / d;
  for (const name of [
    'embed.W_E',
    'pos_embed.W_pos',
    'blocks.0.attn.W_O',
    'blocks.0.attn.b_O',
    'blocks.0.mlp.W_out',
  ]) {
    expect(Math.abs(meanOfRow(name, 0))).toBeLessThan(1e-7);
  }
  const unembed = parameters.get('unembed.W_U_T')!.data;
  let column = 0;
  for (let token = 0; token < vocabulary; token++) column += unembed[token * d]!;
  expect(Math.abs(column / vocabulary)).toBeLessThan(1e-7);
  await checkpoint.close();
});

test('progress reaches the whole, and an aborted signal stops', async () => {
  const checkpoint = await openCheckpoint(join(FIXTURES, 'llama-gqa'));
  const seen: number[] = [];
  let whole = 0;
  await loadParameters(checkpoint, {
    raw: false,
    onProgress: (done, total) => {
      seen.push(done);
      whole = total;
    },
  });
  expect(seen.at(-1)).toBe(whole);
  expect(seen.length).toBe([...expectedTensors(checkpoint.config)].length);
  await expect(loadParameters(checkpoint, { raw: true, signal: AbortSignal.abort() })).rejects.toThrow(
    CancelledError,
  );
  await checkpoint.close();
});
