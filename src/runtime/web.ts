/**
 * The engine in a browser: onnxruntime-web (WebAssembly), in the thread that creates it.
 */
import * as ort from 'onnxruntime-web/wasm';
import type { Engine } from './engine.ts';
import { Executor, type Ort } from './executor.ts';

export interface WebEngineOptions {
  /** Where the page serves ONNX Runtime's .wasm and .mjs files from. */
  readonly wasmPaths?: string;
  /** More than 1 needs a cross-origin isolated page. */
  readonly threads?: number;
}

/** Creates the engine; the WebAssembly module loads with the first session. */
export function createWebEngine(options: WebEngineOptions = {}): Engine {
  if (options.wasmPaths !== undefined) ort.env.wasm.wasmPaths = options.wasmPaths;
  ort.env.wasm.numThreads = options.threads ?? 1;
  const executor = new Executor(ort as unknown as Ort, { executionProviders: ['wasm'], logSeverityLevel: 3 });
  const keys = new Set<string>();
  // One call at a time, as in Node's worker: a session is not released while it runs.
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    provider: 'wasm',
    has: (key) => keys.has(key),
    async prepare(source) {
      await next(() => executor.prepare(source));
      keys.add(source.key);
    },
    put: (tensors) => next(async () => executor.put(tensors)),
    drop: (prefix) => next(async () => executor.drop(prefix)),
    run: (program, feeds) => next(() => executor.run(program, feeds)),
    async release(which) {
      for (const key of which ?? [...keys]) keys.delete(key);
      await next(() => executor.release(which));
    },
    dispose: () => next(() => executor.release()),
  };
}
