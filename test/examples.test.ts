import { mkdtemp, rm, stat } from 'node:fs/promises';
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
