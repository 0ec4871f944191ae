/**
 * The engine in Node: one worker thread owns all sessions, as a native run blocks the thread that calls it.
 */
import { Worker } from 'node:worker_threads';
import { RunError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { takeDevice } from './device.ts';
import type { Engine, Feeds, Program, SessionSource } from './engine.ts';
import type { NodeEngineOptions, Reply, Request } from './messages.ts';

// Node 20 cannot run TypeScript: seen from the source tree, the worker is the built one.
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/runtime/worker.js' : './worker.js',
  import.meta.url,
);

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the worker. It does not keep the process alive while it has nothing to do. */
export function createNodeEngine(options: NodeEngineOptions = {}): Engine {
  const { device = 'cpu' } = options;
  const giveBack = takeDevice(device);
  const worker = new Worker(WORKER, { workerData: options });
  worker.unref();
  const pending = new Map<number, Pending>();
  const keys = new Set<string>();
  let sent = 0;
  let stopped: Error | undefined;

  const fail = (error: Error) => {
    stopped ??= error;
    for (const { reject } of pending.values()) reject(new RunError(error.message, { cause: error }));
    pending.clear();
    worker.unref();
  };
  worker.on('error', fail);
  worker.on('messageerror', fail);
  worker.on('exit', (code) => {
    giveBack();
    fail(new Error(`the worker stopped (code ${code})`));
  });
  worker.on('message', ({ id, result, error }: Reply) => {
    const waiting = pending.get(id);
    pending.delete(id);
    if (pending.size === 0) worker.unref();
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new RunError(error));
  });
  const call = (request: Request): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (stopped) return reject(new RunError(stopped.message, { cause: stopped }));
      worker.ref();
      pending.set(++sent, { resolve, reject });
      worker.postMessage({ id: sent, request });
    });

  return {
    provider: device,
    has: (key) => keys.has(key),
    async prepare(source: SessionSource) {
      if (keys.has(source.key)) return;
      await call({ method: 'prepare', source });
      keys.add(source.key);
    },
    async put(tensors: Feeds) {
      await call({ method: 'put', tensors });
    },
    async drop(prefix: string) {
      await call({ method: 'drop', prefix });
    },
    run: (program: Program, feeds: Feeds) =>
      call({ method: 'run', program, feeds }) as Promise<Record<string, Tensor>>,
    async release(which?: readonly string[]) {
      for (const key of which ?? [...keys]) keys.delete(key);
      await call({ method: 'release', keys: which });
    },
    async dispose() {
      stopped ??= new Error('the model was disposed; load it again');
      await worker.terminate();
    },
  };
}
