/** What a folder is said to hold: nothing, another kind, something unfinished. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishedKind, readResult } from '../../src/results/result-folder.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mediators-kinds-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A folder with a file of this name; in `.work/` a manifest of these keys. */
async function folder(name: string, files: readonly string[], keys: readonly string[] = []): Promise<string> {
  const path = join(root, name);
  await mkdir(join(path, '.work'), { recursive: true });
  await Promise.all(files.map((file) => writeFile(join(path, file), '{}')));
  if (keys.length > 0) {
    const manifest = Object.fromEntries(keys.map((key) => [key, 'x']));
    await writeFile(join(path, '.work', 'manifest.json'), JSON.stringify(manifest, null, 1));
  }
  return path;
}

test.each([
  ['study', 'study.json'],
  ['survey', 'survey.json'],
  ['comparison', 'comparison.json'],
  ['audit', 'audit.json'],
  ['faithfulness', 'faithfulness.json'],
])('a finished %s', async (kind, file) => {
  expect(await finishedKind(await folder(kind, [file]))).toBe(kind);
});

test.each([
  ['a study', ['model', 'clean', 'components']],
  ['an audit', ['model', 'pairs', 'components']],
  ['a survey', ['model', 'task', 'pairs', 'components']],
  ['a run of faithfulness', ['model', 'task', 'pairs', 'levels']],
])('%s that is not finished', async (name, keys) => {
  const path = await folder(`begun ${name}`, [], keys);
  await expect(finishedKind(path)).rejects.toThrow(`${name} that is not finished; finish it with --resume`);
});

test('no folder, a file, none of the kinds, another kind', async () => {
  const held = await folder('held', ['audit.json']);
  await expect(finishedKind(join(root, 'no'))).rejects.toThrow(
    /expected the folder of a finished study, survey, comparison, audit or faithfulness, got .*no: no such folder; check the path/,
  );
  await expect(finishedKind(join(held, 'audit.json'))).rejects.toThrow(/audit\.json: a file; check the path/);
  await expect(finishedKind(await folder('empty', ['notes.txt']))).rejects.toThrow(
    /empty, which holds none;/,
  );
  await expect(readResult(join(held, 'survey.json'), 'survey')).rejects.toThrow(
    /expected the folder of a finished survey, got .*held, which holds an audit; check the path/,
  );
  await expect(readResult(join(held, 'scores.safetensors'), 'audit')).rejects.toThrow(
    /expected a finished audit, got no .*scores\.safetensors: no such file; make it again/,
  );
});
