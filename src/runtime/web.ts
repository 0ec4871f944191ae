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
  return {
    provider: 'wasm',
    has: (key) => keys.has(key),
    async prepare(source) {
      await executor.prepare(source);
      keys.add(source.key);
    },
    put: async (tensors) => executor.put(tensors),
    drop: async (prefix) => executor.drop(prefix),
    run: (program, feeds) => executor.run(program, feeds),
    async release(which) {
      for (const key of which ?? [...keys]) keys.delete(key);
      await executor.release(which);
    },
    dispose: () => executor.release(),
  };
}
