import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { InputError } from '../src/errors.ts';
import { systemReason, writeFileAtomic, writeSafetensors, writeTextAtomic } from '../src/files.ts';
import { decodeSafetensors } from '../src/tensor/safetensors.ts';

const root = mkdtempSync(join(tmpdir(), 'mediators-files-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('files are written whole or not at all', () => {
  test('with the folders above them, from a temporary folder', async () => {
    const path = join(root, 'new/a.safetensors');
    const temporaryFolder = join(root, '.work');
    const tensors = [{ name: 'a', tensor: { shape: [1], data: Float32Array.of(2) } }];
    await writeSafetensors(path, tensors, { temporaryFolder });
    expect(decodeSafetensors(readFileSync(path), path).get('a')?.data).toEqual(Float32Array.of(2));
    expect(readdirSync(temporaryFolder)).toEqual([]);
  });

  test.each([
    ['a folder of that name', 'folder', /expected to write .*folder, got: a folder; make it writable/],
    ['a file above', 'file/b', /got: a file where a folder should be; .*\(a study with --resume\)/],
  ])('%s is the user’s to mend', async (_, name, message) => {
    mkdirSync(join(root, 'folder/full'), { recursive: true });
    writeFileSync(join(root, 'file'), 'old');
    const work = join(root, '.work');
    const written = writeTextAtomic(join(root, name), 'new', work);
    await expect(written).rejects.toThrow(InputError);
    await expect(written).rejects.toThrow(message);
    expect(readdirSync(work)).toEqual([]);
    expect(readFileSync(join(root, 'file'), 'utf8')).toBe('old');
    expect(existsSync(join(root, 'folder/full'))).toBe(true);
  });

  test('other failures stay what they are', async () => {
    const tooLong = join(root, 'x'.repeat(300));
    await expect(writeFileAtomic(tooLong, [])).rejects.toThrow(/ENAMETOOLONG/);
  });
});

test('failures of the system in words', () => {
  const failure = (code: string) => Object.assign(new Error('x'), { code });
  expect(['ENOSPC', 'EDQUOT', 'EROFS', 'EODD'].map((code) => systemReason(failure(code)))).toEqual([
    'no space left on the disk',
    'no space left in the quota',
    'a read-only disk',
    'EODD',
  ]);
  expect(systemReason(new Error('odd'))).toBe('odd');
});
