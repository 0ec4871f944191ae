import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notebook } from '../examples/notebook.ts';

test('the notebook example runs on the embedded model and tells its results', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mediators-notebook-'));
  try {
    const lines = await notebook('embedded', join(folder, 'out'));
    expect(lines[0]).toMatch(/^F clean \d+\.\d{3}, corrupted -\d+\.\d{3}$/);
    expect(lines.some((line) => /^head \d+\.\d+: AP -?\d/.test(line))).toBe(true);
    expect((await stat(join(folder, 'out', 'report.html'))).size).toBeGreaterThan(10_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the Kubernetes example has as many pods as shards', async () => {
  const text = await readFile(join(import.meta.dirname, '../examples/kubernetes.yaml'), 'utf8');
  const count = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  expect(count(/^ {2}completions: (\d+)/m)).toBe(8);
  expect(count(/--shard, auto\/(\d+)/)).toBe(8);
});
