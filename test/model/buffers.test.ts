/** A checkpoint from bytes in memory is the one in the folder that they come from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { expectedTensors } from '../../src/model/layout.ts';
import { type Buffers, openBuffers } from '../../src/model/loaders/buffers.ts';
import { openCheckpoint } from '../../src/model/loaders/open.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

function buffersOf(name: string): Buffers {
  const folder = join(FIXTURES, name);
  const bytesOf = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
  return Object.fromEntries(readdirSync(folder).map((file) => [file, bytesOf(file)] as const));
}

describe.each(['gpt2-plain', 'gpt2-first-f16', 'llama-rope3-bf16'])('%s', (name) => {
  test('config, tensors and hash are those of the folder', async () => {
    const [folder, buffers] = [
      await openCheckpoint(join(FIXTURES, name)),
      await openBuffers(buffersOf(name), name),
    ];
    expect(buffers.config).toEqual(folder.config);
    expect(await buffers.sha256()).toBe(await folder.sha256());
    for (const [tensor] of expectedTensors(folder.config)) {
      expect(await buffers.read(tensor)).toEqual(await folder.read(tensor));
    }
    await folder.close();
  });
});

describe('damage is named', () => {
  const whole = buffersOf('gpt2-plain');
  const without = (file: string): Buffers =>
    Object.fromEntries(Object.entries(whole).filter(([name]) => name !== file));

  test.each<[string, Buffers, RegExp]>([
    ['no configuration', without('config.json'), /expected the bytes of config.json, got those of/],
    [
      'no weights',
      without('model.safetensors'),
      /expected model.safetensors or .* in the given files, got neither/,
    ],
    [
      'truncated weights',
      { ...whole, 'model.safetensors': whole['model.safetensors']!.slice(0, 2000) },
      /model.safetensors: expected/,
    ],
    ['an empty file', { ...whole, 'model.safetensors': new Uint8Array() }, /got 0 bytes/],
  ])('%s', async (_, buffers, message) => {
    const opening = openBuffers(buffers, 'model');
    await expect(opening).rejects.toThrow(InputError);
    await expect(opening).rejects.toThrow(message);
  });
});
