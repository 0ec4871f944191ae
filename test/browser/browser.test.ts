/**
 * The package in a real browser: headless Chromium runs the embedded model with onnxruntime-web and finds what Node
 * finds. The browser's side is `src/web.ts`, bundled as a page would.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddedFolder, openCheckpoint } from '../../src/model/loaders/open.ts';
import { createNodeEngine } from '../../src/runtime/node.ts';
import { chromiumMissing, launchChromium } from '../support/chromium.ts';
import { type Answers, probe } from './probe.ts';
import { type Site, serve } from './serve.ts';

/** WebAssembly and native kernels add up in different orders. Share of the largest value. */
const TOLERANCE = 1e-4;
const TIMEOUT_MILLISECONDS = 120_000;
const ROOT = join(import.meta.dirname, '../..');

/** Fails, naming the module, where something needs Node. */
async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    // ONNX Runtime's own loader is fetched as a file: its threads start from it.
    conditions: ['onnxruntime-web-use-extern-wasm'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

test('the browser entry needs nothing of Node', async () => {
  expect((await bundle('src/web.ts')).length).toBeGreaterThan(0);
});

const missing = chromiumMissing();
const name = `Chromium finds what Node finds${missing ? ` (skipped: ${missing})` : ''}`;

describe.skipIf(missing !== undefined)(name, () => {
  let browser: Browser | undefined;
  let site: Site | undefined;
  let expected: Answers;

  beforeAll(async () => {
    const folders = { model: embeddedFolder(), ort: join(ROOT, 'node_modules/onnxruntime-web/dist') };
    site = await serve(await bundle('test/browser/page.ts'), folders);
    browser = await launchChromium();
    expected = await probe(await openCheckpoint('embedded'), createNodeEngine({ threads: 1 }));
  }, TIMEOUT_MILLISECONDS);

  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  test.for([1, 2])('with %i threads', { timeout: TIMEOUT_MILLISECONDS }, async (threads) => {
    const page = await browser!.newPage();
    await page.goto(site!.url);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    const files = JSON.stringify(readdirSync(embeddedFolder()).filter((file) => !file.endsWith('.md')));
    const found = await page.evaluate<Answers>(`answer(${files}, ${threads})`);
    await page.close();
    expect([expected.provider, found.provider]).toEqual(['cpu', 'wasm']);
    expect(found.sha256).toBe(expected.sha256);
    for (const key of ['logits', 'patched', 'gradient'] as const) {
      expect(found[key].length).toBe(expected[key].length);
      expect(distance(found[key], expected[key]), key).toBeLessThan(TOLERANCE);
    }
    // The edit and the gradient are not trivial.
    expect(distance(expected.patched, expected.logits)).toBeGreaterThan(TOLERANCE);
    expect(expected.gradient.some((value) => value !== 0)).toBe(true);
  });
});

/** The largest difference, as a share of the largest expected value. */
function distance(found: readonly number[], expected: readonly number[]): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(found[i]! - value)), 0) / largest;
}
