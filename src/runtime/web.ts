/**
 * The engine in a browser: onnxruntime-web (WebAssembly or WebGPU), in the thread that creates it.
 */
import type { InferenceSession } from 'onnxruntime-common';
import * as wasm from 'onnxruntime-web/wasm';
import { InputError } from '../errors.ts';
import type { Provider } from '../terms.ts';
import type { Engine } from './engine.ts';
import { Executor, type Ort } from './executor.ts';

/** What can be asked for in a browser. */
export type WebDevice = Exclude<Provider, 'cpu'>;

export interface WebEngineOptions {
  /** What executes; default `wasm`. Results on `webgpu` are equal within tolerance (docs/webgpu.md). */
  readonly device?: WebDevice;
  /** Where the page serves ONNX Runtime's .wasm and .mjs files from. */
  readonly wasmPaths?: string;
  /** More than 1 needs a cross-origin isolated page. */
  readonly threads?: number;
}

/**
 * One call at a time, as in Node's worker: a session is not released while it runs. All engines of a page share it, as
 * ONNX Runtime does not run two sessions at once on WebGPU.
 */
let last: Promise<unknown> = Promise.resolve();

/**
 * Creates the engine; ONNX Runtime loads with the first session. Without a WebGPU adapter that is asked for, every call
 * rejects with InputError.
 */
export function createWebEngine(options: WebEngineOptions = {}): Engine {
  const keys = new Set<string>();
  let executor: Promise<Executor> | undefined;
  const next = <T>(work: (executor: Executor) => T | Promise<T>): Promise<T> => {
    executor ??= createExecutor(options);
    const starting = executor;
    const result = last.then(async () => work(await starting));
    last = result.catch(() => undefined);
    return result;
  };
  return {
    provider: options.device ?? 'wasm',
    has: (key) => keys.has(key),
    async prepare(source) {
      await next((ready) => ready.prepare(source));
      keys.add(source.key);
    },
    put: (tensors) => next((ready) => ready.put(tensors)),
    drop: (prefix) => next((ready) => ready.drop(prefix)),
    run: (program, feeds) => next((ready) => ready.run(program, feeds)),
    async release(which) {
      for (const key of which ?? [...keys]) keys.delete(key);
      await next((ready) => ready.release(which));
    },
    async dispose() {
      await last;
      // One that did not start has nothing to release.
      await executor?.then(
        (ready) => ready.release(),
        () => undefined,
      );
    },
  };
}

/** Throws InputError, one line, where the device is not there: nothing falls back silently. */
export async function checkWebDevice(device: WebDevice): Promise<void> {
  if (device === 'wasm') return;
  const { gpu } = navigator;
  const got = gpu === undefined ? 'a page without navigator.gpu (it needs https or localhost)' : 'none';
  if (await gpu?.requestAdapter()) return;
  throw new InputError(`expected a WebGPU adapter, got ${got}; use device 'wasm'`);
}

async function createExecutor(options: WebEngineOptions): Promise<Executor> {
  const { device = 'wasm', wasmPaths, threads = 1 } = options;
  await checkWebDevice(device);
  // Imported here, as only pages that ask for WebGPU should load that build.
  const ort = device === 'wasm' ? wasm : await import('onnxruntime-web/webgpu');
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.wasm.numThreads = threads;
  const settings: InferenceSession.SessionOptions = { executionProviders: [device], logSeverityLevel: 3 };
  return new Executor(ort as unknown as Ort, settings);
}
