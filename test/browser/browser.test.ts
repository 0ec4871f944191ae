/**
 * The package in a real browser: headless Chromium runs the embedded model with onnxruntime-web and finds what Node
 * finds. The browser's side is `src/web.ts`, bundled as a page would.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../src/load-model.ts';
import { embeddedFolder } from '../../src/model/loaders/open.ts';
import type { WebDevice } from '../../src/runtime/web.ts';
import { chromiumMissing, launchChromium, SOFTWARE_WEBGPU } from '../support/chromium.ts';
import { type Answers, probe } from './probe.ts';
import { type Site, serve } from './serve.ts';

/** WebAssembly, WebGPU and native kernels add up in different orders. Share of the largest value. */
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
  const browsers: Browser[] = [];
  let site: Site | undefined;
  let expected: Answers;

  /** Opens the page in a new browser with these arguments. */
  async function open(further?: readonly string[]): Promise<Page> {
    const browser = await launchChromium(further);
    browsers.push(browser);
    const page = await browser.newPage();
    await page.goto(site!.url);
    return page;
  }

  beforeAll(async () => {
    const folders = { model: embeddedFolder(), ort: join(ROOT, 'node_modules/onnxruntime-web/dist') };
    site = await serve(await bundle('test/browser/page.ts'), folders);
    expected = await probe(await loadModel('embedded', { threads: 1 }));
  }, TIMEOUT_MILLISECONDS);

  afterAll(async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    site?.close();
  });

  test.for([1, 2])('with %i threads', { timeout: TIMEOUT_MILLISECONDS }, async (threads) => {
    const page = await open();
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    const found = await page.evaluate<Answers>(question(threads, 'wasm'));
    expect([expected.provider, found.provider]).toEqual(['cpu', 'wasm']);
    expect(await loadedRuntimes(page)).toEqual(['ort-wasm-simd-threaded.wasm']);
    expectSame(found, expected);
    // The edit and the gradient are not trivial.
    expect(distance(expected.patched, expected.logits)).toBeGreaterThan(TOLERANCE);
    expect(expected.gradient.some((value) => value !== 0)).toBe(true);
  });

  test('on WebGPU', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const page = await open(SOFTWARE_WEBGPU);
    const found = await page.evaluate<Answers>(question(1, 'webgpu'));
    expect(found.provider).toBe('webgpu');
    expect(await loadedRuntimes(page)).toEqual(['ort-wasm-simd-threaded.asyncify.wasm']);
    expectSame(found, expected);
  });

  test('a page without a WebGPU adapter is told so', { timeout: TIMEOUT_MILLISECONDS }, async () => {
    const page = await open();
    await expect(page.evaluate(question(1, 'webgpu'))).rejects.toThrow(
      /InputError: expected a WebGPU adapter, got .*; use device 'wasm'/,
    );
  });
});

/** The page's call of `answer`. */
function question(threads: number, device: WebDevice): string {
  const files = readdirSync(embeddedFolder()).filter((file) => !file.endsWith('.md'));
  return `answer(${JSON.stringify(files)}, ${threads}, ${JSON.stringify(device)})`;
}

/** Which builds of ONNX Runtime the page has fetched. */
function loadedRuntimes(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(
    `performance.getEntriesByType('resource').map(({ name }) => name.split('/').at(-1)).filter((name) => name.endsWith('.wasm'))`,
  );
}

function expectSame(found: Answers, expected: Answers): void {
  expect(found.sha256).toBe(expected.sha256);
  for (const key of ['logits', 'patched', 'gradient'] as const) {
    expect(found[key].length).toBe(expected[key].length);
    expect(distance(found[key], expected[key]), key).toBeLessThan(TOLERANCE);
  }
}

/** The largest difference, as a share of the largest expected value. */
function distance(found: readonly number[], expected: readonly number[]): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(found[i]! - value)), 0) / largest;
}
