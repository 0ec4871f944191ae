/**
 * The worker's side of the Node engine: requests in, replies out, one at a time.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';
import type { Tensor } from '../tensor/tensor.ts';
import { Executor, type Ort } from './executor.ts';
import type { NodeEngineOptions, Reply, Request } from './messages.ts';

const { threads, device = 'cpu' } = workerData as NodeEngineOptions;
const executor = new Executor(ort as unknown as Ort, {
  // What a provider has no kernel for runs on the CPU, within ONNX Runtime.
  executionProviders: [device],
  logSeverityLevel: 3,
  ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  // Threads that spin after a run would steal the cores from the next session's.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

async function answer(request: Request): Promise<Record<string, Tensor> | undefined> {
  switch (request.method) {
    case 'prepare':
      await executor.prepare(request.source);
      return undefined;
    case 'put':
      executor.put(request.tensors);
      return undefined;
    case 'drop':
      executor.drop(request.prefix);
      return undefined;
    case 'run':
      return executor.run(request.program, request.feeds);
    case 'release':
      await executor.release(request.keys);
      return undefined;
  }
}

/** The memory of a result: it goes to the other thread, as nobody here reads it again, and is not copied. */
function buffersOf(result: Record<string, Tensor> = {}): ArrayBuffer[] {
  const buffers = new Set(Object.values(result).map(({ data }) => data.buffer));
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}

let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, request }: { id: number; request: Request }) => {
  queue = queue.then(async () => {
    try {
      const result = await answer(request);
      parentPort?.postMessage({ id, result } satisfies Reply, buffersOf(result));
    } catch (error) {
      parentPort?.postMessage({
        id,
        error: error instanceof Error ? error.message : String(error),
      } satisfies Reply);
    }
  });
});
