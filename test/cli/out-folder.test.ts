/** What is said of a folder that `--resume` finds empty or not at all. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { checkOutFolder } from '../../src/cli/out-folder.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mediators-out-'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(root, { recursive: true }));

async function said(...given: Parameters<typeof checkOutFolder>): Promise<string> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await checkOutFolder(...given);
  return write.mock.calls.map(([text]) => text).join('');
}

test('with --resume alone, where nothing is there', async () => {
  const out = join(root, 'new');
  expect(await said({ out, resume: true }, false)).toBe(`nothing to resume in ${out}: starting anew\n`);
});

test('nothing without --resume, with --quiet, and of a shard', async () => {
  const out = join(root, 'new');
  expect(await said({ out, resume: false }, false)).toBe('');
  expect(await said({ out, resume: true }, true)).toBe('');
  expect(await said({ out, resume: true, shard: { index: 0, count: 2 } }, false)).toBe('');
});

test('nothing where the folder holds something', async () => {
  await writeFile(join(root, 'held'), '');
  expect(await said({ out: root, resume: true }, false)).toBe('');
});
