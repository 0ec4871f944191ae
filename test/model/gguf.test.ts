import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { openCheckpoint } from '../../src/model/loaders/open.ts';
import { loadParameters } from '../../src/model/processing.ts';
import { promptIds } from '../../src/model/tokenizers/bos.ts';
import { MoreBytesNeeded, parseGguf } from '../../src/tensor/gguf.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { forward } from './forward.ts';
import { type Entry, ggufBytes, type Parts, type TensorEntry } from './gguf-writer.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/gguf');
const CASES = readdirSync(FIXTURES);
const folder = mkdtempSync(join(tmpdir(), 'mediators-gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly add_bos: boolean;
}

function load(name: string): { case: Case; expected: Map<string, Tensor> } {
  return {
    case: JSON.parse(readFileSync(join(FIXTURES, name, 'case.json'), 'utf8')) as Case,
    expected: decodeSafetensors(readFileSync(join(FIXTURES, name, 'expected.safetensors')), name) as Map<
      string,
      Tensor
    >,
  };
}

const open = (bytes: Uint8Array) => {
  const path = join(folder, 'x.gguf');
  writeFileSync(path, bytes);
  return openCheckpoint(path);
};

describe.each(CASES.filter((name) => name !== 'f32-rope'))('fixture %s', (name) => {
  test('tensors are those of Python, names and row order aside', async () => {
    const { expected } = load(name);
    const checkpoint = await openCheckpoint(join(FIXTURES, name, 'model.gguf'));
    const same = [
      ['blk.1.ffn_down.weight', 'model.layers.1.mlp.down_proj.weight'],
      ['blk.0.attn_v.weight', 'model.layers.0.self_attn.v_proj.weight'],
      ['blk.0.attn_norm.weight', 'model.layers.0.input_layernorm.weight'],
      ['token_embd.weight', 'model.embed_tokens.weight'],
      ['output.weight', 'lm_head.weight'],
    ] as const;
    for (const [theirs, ours] of same) {
      expect(checkpoint.has(ours)).toBe(expected.has(theirs));
      if (expected.has(theirs)) expect(await checkpoint.read(ours)).toEqual(expected.get(theirs));
    }
    await checkpoint.close();
  });

  test('logits are those of transformers', async () => {
    const { case: given, expected } = load(name);
    const checkpoint = await openCheckpoint(join(FIXTURES, name, 'model.gguf'));
    const found = forward(checkpoint.config, await loadParameters(checkpoint, { raw: true }), given.ids).get(
      'logits',
    )!;
    const logits = expected.get('logits')!.data;
    const scale = logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    logits.forEach((x, i) => expect(Math.abs(found.data[i]! - x)).toBeLessThan(2e-5 * scale));
    await checkpoint.close();
  });

  test('the text gives the ids of Python, BOS as the file says', async () => {
    const { case: given } = load(name);
    const checkpoint = await openCheckpoint(join(FIXTURES, name, 'model.gguf'));
    expect(promptIds(checkpoint.tokenizer!, given.text)).toEqual(given.ids);
    expect(checkpoint.tokenizer!.prependsBos).toBe(given.add_bos);
    await checkpoint.close();
  });
});

test('rope_freqs (llama3 scaling) is refused by name', async () => {
  await expect(openCheckpoint(join(FIXTURES, 'f32-rope', 'model.gguf'))).rejects.toThrow(
    /rope_freqs\.weight/,
  );
});

/** A model of one layer with one head of two, filled with its own counting. */
function tiny(): { metadata: Record<string, Entry>; tensors: TensorEntry[] } {
  const tensor = (name: string, ...dimensions: number[]): TensorEntry => {
    const length = dimensions.reduce((a, b) => a * b, 1);
    const data = new Uint8Array(Float32Array.from({ length }, (_, i) => i).buffer);
    return { name, dimensions, type: 0, data };
  };
  return {
    metadata: {
      'general.architecture': { text: 'llama' },
      'llama.block_count': { u32: 1 },
      'llama.context_length': { u32: 16 },
      'llama.embedding_length': { u32: 4 },
      'llama.feed_forward_length': { u32: 3 },
      'llama.attention.head_count': { u32: 1 },
      'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
    },
    tensors: [
      tensor('token_embd.weight', 4, 5),
      tensor('output_norm.weight', 4),
      tensor('blk.0.attn_norm.weight', 4),
      tensor('blk.0.attn_q.weight', 4, 4),
      tensor('blk.0.attn_k.weight', 4, 4),
      tensor('blk.0.attn_v.weight', 4, 4),
      tensor('blk.0.attn_output.weight', 4, 4),
      tensor('blk.0.ffn_norm.weight', 4),
      tensor('blk.0.ffn_gate.weight', 4, 3),
      tensor('blk.0.ffn_up.weight', 4, 3),
      tensor('blk.0.ffn_down.weight', 3, 4),
    ],
  };
}

/** The tiny model with something changed. */
function changed(
  change: Omit<Partial<Parts>, 'tensors'> & { first?: Partial<TensorEntry>; tensors?: TensorEntry[] },
): Buffer {
  const { metadata, tensors } = tiny();
  const list = change.tensors ?? tensors;
  if (change.first) list[0] = { ...list[0]!, ...change.first };
  return ggufBytes({ ...change, metadata: { ...metadata, ...change.metadata }, tensors: list });
}

async function expectInputError(bytes: Uint8Array, message: RegExp): Promise<void> {
  const error: unknown = await open(bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain('\n');
}

test('the smallest model opens; q and k rows change places, v rows do not', async () => {
  const checkpoint = await open(changed({}));
  expect(checkpoint.config).toMatchObject({ nHeads: 1, dHead: 4, vocabulary: 5, tiedEmbeddings: true });
  const rowsOf = async (name: string) => {
    const { data } = await checkpoint.read(`model.layers.0.self_attn.${name}_proj.weight`);
    return [0, 4, 8, 12].map((at) => data[at]! / 4);
  };
  expect(await rowsOf('q')).toEqual([0, 2, 1, 3]);
  expect(await rowsOf('v')).toEqual([0, 1, 2, 3]);
  expect(checkpoint.tokenizerProblem).toMatch(/got none; give token ids \(--clean-ids/);
  await checkpoint.close();
});

describe('hostile files', () => {
  const metadata = (more: Record<string, Entry>) => changed({ metadata: more });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /a file of 0/],
    ['another format', changed({ magic: 'GGML' }), /a GGUF file, got another format/],
    ['version 1', changed({ version: 1 }), /version 2 or 3/],
    ['big-endian', changed({ version: 0x03000000 }), /little-endian/],
    ['2^63 tensors', changed({ tensorCount: 2n ** 63n }), /tensors, got/],
    ['2^60 keys', changed({ keyCount: 2n ** 60n }), /metadata keys, got/],
    [
      'a huge dimension',
      changed({ first: { dimensions: [4n, 2n ** 62n] } }),
      /values in tensor "token_embd.weight"/,
    ],
    ['a zero dimension', changed({ first: { dimensions: [4, 0] } }), /1 to \d+ values/],
    ['five dimensions', changed({ first: { dimensions: [4, 5, 1, 1, 1] } }), /1 to 4 dimensions/],
    ['an offset past the end', changed({ first: { offset: 1n << 40n } }), /bytes before tensor/],
    ['an offset near the end', changed({ first: { offset: 1024 } }), /a file of/],
    ['an overlap', changed({ first: { offset: 96 } }), /do not overlap/],
    ['an offset off the grid', changed({ first: { offset: 8 } }), /a multiple of 32/],
    ['another type', changed({ first: { type: 12 } }), /got Q4_K, which is not supported/],
    ['an unknown type', changed({ first: { type: 77 } }), /got type 77/],
    ['half a block', changed({ first: { type: 8, dimensions: [5, 4] } }), /whole blocks of 32/],
    ['another shape', changed({ first: { dimensions: [2, 10] } }), /of shape \[10, 4\], got \[10, 2\]/],
    ['a missing tensor', changed({ tensors: tiny().tensors.slice(0, -1) }), /ffn_down|down_proj/],
    ['a tensor twice', changed({ tensors: [...tiny().tensors, tiny().tensors[1]!] }), /each tensor once/],
    [
      'biases',
      changed({ tensors: [...tiny().tensors, { ...tiny().tensors[1]!, name: 'blk.0.attn_q.bias' }] }),
      /got tensor "blk\.0\.attn_q\.bias"/,
    ],
    ['another architecture', metadata({ 'general.architecture': { text: 'qwen2' } }), /architecture "qwen2"/],
    ['rope scaling', metadata({ 'llama.rope.scaling.type': { text: 'yarn' } }), /rope scaling "yarn"/],
    ['experts', metadata({ 'llama.expert_count': { u32: 8 } }), /8 experts/],
    ['partial rotary', metadata({ 'llama.rope.dimension_count': { u32: 2 } }), /head size 4, got 2/],
    [
      'heads that do not divide',
      metadata({ 'llama.attention.head_count': { u32: 3 } }),
      /divisible by its 3 heads/,
    ],
    ['no layers', metadata({ 'llama.block_count': { u32: 0 } }), /llama\.block_count/],
    [
      'a text for a number',
      metadata({ 'llama.block_count': { text: '1' } }),
      /llama\.block_count to be .*got "1"/,
    ],
    ['a piece of several', metadata({ 'split.count': { u32: 3 } }), /in one piece/],
    ['an alignment of 7', metadata({ 'general.alignment': { u32: 7 } }), /power of two/],
    [
      'a text of 2^60 bytes',
      metadata({ x: { bytes: Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16) } }),
      /bytes of text/,
    ],
    [
      'an array of 2^60 elements',
      metadata({ x: { bytes: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16) } }),
      /array elements/,
    ],
    ['arrays in arrays', metadata({ x: { bytes: nestedArrays(40) } }), /nested at most 4/],
    ['an unknown value type', metadata({ x: { bytes: Uint8Array.of(99, 0, 0, 0) } }), /known metadata type/],
  ])('%s', async (_, bytes, message) => {
    await expectInputError(bytes, message);
  });

  function nestedArrays(depth: number): Uint8Array {
    const one = [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    return Uint8Array.from([9, 0, 0, 0, ...Array.from({ length: depth }, () => one).flat()]);
  }

  test('a file cut anywhere', async () => {
    const bytes = changed({});
    for (let length = 0; length < bytes.length - 32; length += 41) {
      await expectInputError(bytes.subarray(0, length), /x\.gguf/);
    }
  });

  test('NaN and infinite weights', async () => {
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const data = new Uint8Array(Float32Array.from({ length: 20 }, (_, i) => (i === 7 ? value : i)).buffer);
      const checkpoint = await open(changed({ first: { data } }));
      await expect(checkpoint.read('model.embed_tokens.weight')).rejects.toThrow(
        /finite weights, got .* at element 7/,
      );
      await checkpoint.close();
    }
  });

  test('any changed bytes give a header or an InputError, nothing else', () => {
    const valid = changed({ metadata: { tokens: { texts: ['a', 'b'] }, types: { i32s: [1, 3] } } });
    const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, fc.nat(valid.length), (list, length) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, value] of list) bytes[at] = value;
        try {
          parseGguf(bytes.subarray(0, length), bytes.length, 'x.gguf');
        } catch (error) {
          expect(
            error instanceof InputError || (length < bytes.length && error instanceof MoreBytesNeeded),
          ).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('tokenizers', () => {
  const problemOf = async (metadata: Record<string, Entry>) => {
    const checkpoint = await open(changed({ metadata }));
    await checkpoint.close();
    return checkpoint.tokenizerProblem;
  };

  test.each<[string, Record<string, Entry>, RegExp]>([
    ['of type llama', { 'tokenizer.ggml.model': { text: 'llama' } }, /type "llama"; give token ids/],
    ['without pre type', { 'tokenizer.ggml.model': { text: 'gpt2' } }, /pre type nothing/],
    [
      'of pre type default',
      { 'tokenizer.ggml.model': { text: 'gpt2' }, 'tokenizer.ggml.pre': { text: 'default' } },
      /pre type gpt-2, smollm, llama-bpe, qwen2, got pre type "default"/,
    ],
    [
      'without merges',
      { 'tokenizer.ggml.model': { text: 'gpt2' }, 'tokenizer.ggml.pre': { text: 'smollm' } },
      /lists of tokens and merges/,
    ],
  ])('%s are named', async (_, metadata, message) => {
    expect(await problemOf(metadata)).toMatch(message);
  });
});
