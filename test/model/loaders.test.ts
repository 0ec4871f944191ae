import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { cacheFolder } from '../../src/model/cache-folder.ts';
import type { Checkpoint } from '../../src/model/checkpoint.ts';
import { RangeFile } from '../../src/model/files.ts';
import { embeddedFolder, openCheckpoint } from '../../src/model/loaders/open.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const root = mkdtempSync(join(tmpdir(), 'mediators-loaders-'));
afterAll(() => rmSync(root, { recursive: true }));

type Json = Record<string, unknown>;

const GPT2 = readJson(join(FIXTURES, 'gpt2-plain', 'config.json'));

function readJson(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8')) as Json;
}

/** A copy of a fixture's checkpoint, to be damaged. */
function copyOf(name: string): string {
  const folder = mkdtempSync(join(root, `${name}-`));
  cpSync(join(FIXTURES, name), folder, { recursive: true });
  return folder;
}

/** The same tensors, each under the name that `rename` gives (or without those it drops). */
function rewriteWeights(
  folder: string,
  rename: (name: string) => string | undefined,
  change?: (t: Tensor) => Tensor,
): void {
  const path = join(folder, 'model.safetensors');
  const tensors: NamedTensor[] = [];
  for (const [name, tensor] of decodeSafetensors(readFileSync(path), path) as Map<string, Tensor>) {
    const renamed = rename(name);
    if (renamed !== undefined) tensors.push({ name: renamed, tensor: change?.(tensor) ?? tensor });
  }
  writeFileSync(path, encodeSafetensors(tensors));
}

async function expectInputError(run: () => Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain('\n');
}

async function withCheckpoint<T>(source: string, use: (checkpoint: Checkpoint) => Promise<T>): Promise<T> {
  const checkpoint = await openCheckpoint(source);
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

describe('folders', () => {
  test('GPT-2 names with and without their prefix are the same model', async () => {
    const folder = copyOf('gpt2-plain');
    rewriteWeights(folder, (name) => name.replace(/^transformer\./, ''));
    await withCheckpoint(folder, async (bare) => {
      await withCheckpoint(join(FIXTURES, 'gpt2-plain'), async (full) => {
        expect(bare.has('transformer.h.0.ln_1.weight')).toBe(true);
        for (const name of ['transformer.wte.weight', 'transformer.h.1.mlp.c_fc.weight']) {
          expect(await bare.read(name)).toEqual(await full.read(name));
        }
      });
    });
  });

  test('the hash is that of the file, or of the sorted list of shards', async () => {
    const hash = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
    const single = join(FIXTURES, 'gpt2-plain');
    const file = hash(readFileSync(join(single, 'model.safetensors')));
    expect(await withCheckpoint(single, (c) => c.sha256())).toBe(file);
    const sharded = join(FIXTURES, 'llama-rope3-bf16');
    const names = [1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`);
    const lines = names.map((name) => `${hash(readFileSync(join(sharded, name)))} ${name}\n`);
    expect(await withCheckpoint(sharded, (c) => c.sha256())).toBe(hash(lines.sort().join('')));
  });

  test('without tokenizer.json there is a problem, not an error', async () => {
    await withCheckpoint(join(FIXTURES, 'gpt2-plain'), async ({ tokenizer, tokenizerProblem, id }) => {
      expect(tokenizer).toBeUndefined();
      expect(tokenizerProblem).toMatch(/expected tokenizer\.json .*--clean-ids/);
      expect(id).toBe('gpt2-plain');
    });
  });

  test('with tokenizer.json, GPT-2 models prepend bos_token, else config.bos_token_id', async () => {
    const folder = copyOf('gpt2-plain');
    cpSync(join(FIXTURES, 'tokenizer/gpt-2.json'), join(folder, 'tokenizer.json'));
    const bos = () => withCheckpoint(folder, async ({ tokenizer }) => tokenizer);
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...GPT2, bos_token_id: 7 }));
    expect(await bos()).toMatchObject({ bosTokenId: 7, prependsBos: true });
    writeFileSync(join(folder, 'special_tokens_map.json'), '{"bos_token": {"content": "<|im_end|>"}}');
    expect(await bos()).toMatchObject({ bosTokenId: 2, prependsBos: true });
    writeFileSync(join(folder, 'tokenizer_config.json'), '{"bos_token": "<|im_start|>"}');
    expect(await bos()).toMatchObject({ bosTokenId: 1, prependsBos: true });
  });

  const damage: [string, string, (folder: string) => void, RegExp][] = [
    ['no config.json', 'gpt2-plain', (f) => rmSync(join(f, 'config.json')), /without config\.json/],
    [
      'config.json that is no JSON',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'config.json'), '{'),
      /config\.json: expected JSON/,
    ],
    [
      'deep config.json',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'config.json'), '['.repeat(99_999)),
      /nested/,
    ],
    [
      'no weights',
      'gpt2-plain',
      (f) => rmSync(join(f, 'model.safetensors')),
      /expected model\.safetensors or/,
    ],
    [
      'truncated weights',
      'gpt2-plain',
      (f) =>
        writeFileSync(
          join(f, 'model.safetensors'),
          readFileSync(join(f, 'model.safetensors')).subarray(0, -4),
        ),
      /truncated/,
    ],
    ['empty weights', 'gpt2-plain', (f) => writeFileSync(join(f, 'model.safetensors'), ''), /got 0 bytes/],
    [
      'a missing tensor',
      'gpt2-plain',
      (f) => rewriteWeights(f, (name) => (name.endsWith('h.1.ln_2.bias') ? undefined : name)),
      /expected tensor transformer\.h\.1\.ln_2\.bias, got none/,
    ],
    [
      'a tensor of another shape',
      'gpt2-plain',
      (f) =>
        rewriteWeights(
          f,
          (name) => name,
          (t) => ({ ...t, shape: t.shape.toReversed() }),
        ),
      /of shape \[.*\], got \[.*\]; weights and configuration/,
    ],
    [
      'untied without lm_head',
      'gpt2-plain',
      (f) => writeConfig(f, { tie_word_embeddings: false }),
      /tensor lm_head\.weight/,
    ],
    [
      'a missing shard',
      'llama-rope3-bf16',
      (f) => rmSync(join(f, 'model-00002-of-00003.safetensors')),
      /no such file/,
    ],
    [
      'an index with ../',
      'llama-rope3-bf16',
      (f) => writeIndex(f, { a: '../model.safetensors' }),
      /got "\.\.\/model/,
    ],
    [
      'an index with a path',
      'llama-rope3-bf16',
      (f) => writeIndex(f, { a: 'C:\\x.safetensors' }),
      /beside it/,
    ],
    ['an empty index', 'llama-rope3-bf16', (f) => writeIndex(f, {}), /1 to 1000 shards, got 0/],
    ['an index of lists', 'llama-rope3-bf16', (f) => writeIndex(f, []), /weight_map/],
    [
      'an index that promises more',
      'llama-rope3-bf16',
      (f) => writeIndex(f, { none: 'model-00001-of-00003.safetensors' }),
      /expected tensor "none" in model-00001/,
    ],
    [
      'a broken tokenizer.json',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'tokenizer.json'), '{"model"'),
      /tokenizer\.json: expected JSON/,
    ],
    [
      'deep tokenizer.json',
      'gpt2-plain',
      (f) => writeFileSync(join(f, 'tokenizer.json'), '{"a":'.repeat(999)),
      /nested/,
    ],
  ];

  function writeConfig(folder: string, change: Json): void {
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({ ...readJson(join(folder, 'config.json')), ...change }),
    );
  }

  function writeIndex(folder: string, map: unknown): void {
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  }

  test.each(damage)('%s', async (_, fixture, apply, message) => {
    const folder = copyOf(fixture);
    apply(folder);
    await expectInputError(() => openCheckpoint(folder), message);
  });

  test('other dtypes are refused by name when the folder is opened', async () => {
    const folder = copyOf('gpt2-plain');
    const path = join(folder, 'model.safetensors');
    const text = readFileSync(path, 'latin1').replaceAll('"F32"', '"I32"');
    writeFileSync(path, text, 'latin1');
    await expectInputError(() => openCheckpoint(folder), /F32, F16 or BF16, got I32 for tensor/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a weight of %d', async (value) => {
    const folder = copyOf('gpt2-plain');
    rewriteWeights(
      folder,
      (name) => name,
      (t) => ({ ...t, data: t.data.with(3, value) }),
    );
    await withCheckpoint(folder, async (checkpoint) => {
      await expectInputError(
        () => checkpoint.read('transformer.wte.weight'),
        new RegExp(`finite weights, got ${value} in tensor "transformer.wte.weight" at element 3`),
      );
      await expectInputError(() => checkpoint.read('transformer.nothing'), /got none of that name/);
    });
  });

  test('a file cut while it is open', async () => {
    const folder = copyOf('gpt2-plain');
    await withCheckpoint(folder, async (checkpoint) => {
      writeFileSync(join(folder, 'model.safetensors'), 'short');
      await expectInputError(() => checkpoint.read('transformer.wte.weight'), /cut while open/);
    });
  });
});

describe('names of models', () => {
  const file = join(root, 'model.bin');

  test.each<[string, RegExp]>([
    ['openai-community/gpt2', /a model hub; download it to a folder/],
    ['gpt2-small', /"gpt2-small", which does not exist/],
    ['./nothing/at/all', /does not exist/],
    ['nothing/model.gguf', /does not exist/],
    ['', /does not exist/],
    [root, /without config\.json/],
    [file, /give the folder it lies in/],
  ])('%s', async (source, message) => {
    writeFileSync(file, 'x');
    await expectInputError(() => openCheckpoint(source), message);
  });

  test.skipIf(!existsSync(join(embeddedFolder(), 'config.json')))('embedded', async () => {
    await withCheckpoint('embedded', async ({ id, tokenizer }) => {
      expect(id).toBe('embedded');
      expect(tokenizer?.encode(' Mary')).toHaveLength(1);
    });
  });
});

describe('files', () => {
  test('say why they cannot be read', async () => {
    await expectInputError(() => RangeFile.open(join(root, 'none')), /got: no such file/);
    await expectInputError(() => RangeFile.open(root), /expected a file/);
    const sparse = join(root, 'sparse');
    writeFileSync(sparse, '');
    truncateSync(sparse, 2 ** 40);
    const file = await RangeFile.open(sparse);
    await expectInputError(() => file.read(0, 2 ** 40), /at most 4294967296 bytes/);
    await expectInputError(() => file.read(0, 2 ** 41), /it is truncated/);
    await file.close();
  });
});

test('the cache folder follows MEDIATORS_CACHE, then the platform', () => {
  expect(cacheFolder({ MEDIATORS_CACHE: '/m' }, 'linux', '/h')).toBe('/m');
  expect(cacheFolder({}, 'linux', '/h')).toBe(join('/h', '.cache', 'mediators'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux', '/h')).toBe(join('/x', 'mediators'));
  expect(cacheFolder({}, 'darwin', '/h')).toBe(join('/h', 'Library', 'Caches', 'mediators'));
  expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32', '/h')).toBe(join('/l', 'mediators'));
});
