/**
 * Loading a model in Node: checkpoint, weights, and the worker that runs it.
 */
import type { Checkpoint } from './model/checkpoint.ts';
import { openCheckpoint } from './model/loaders/open.ts';
import { type AssembleOptions, assembleModel, type Model } from './patch/model.ts';
import type { Engine } from './runtime/engine.ts';
import { checkDevice } from './runtime/device.ts';
import { createNodeEngine } from './runtime/node.ts';
import type { Device } from './terms.ts';

export interface LoadModelOptions extends AssembleOptions {
  /** Threads of the engine; default: the number of physical cores. */
  readonly threads?: number;
  /** What computes; default `cpu`. Results on `webgpu` are equal within tolerance (docs/webgpu.md). */
  readonly device?: Device;
}

/**
 * Opens a model: `embedded`, a folder in Hugging Face's format, or a `.gguf` file.
 * Throws InputError, one line, where it cannot be read, or the device is not there. `await using` or `dispose()` ends its worker.
 */
export async function loadModel(source: string, options: LoadModelOptions = {}): Promise<Model> {
  return loadCheckpoint(await openCheckpoint(source), options);
}

/** The same for a checkpoint that is open already; the model closes it. */
export async function loadCheckpoint(checkpoint: Checkpoint, options: LoadModelOptions = {}): Promise<Model> {
  const { threads, device = 'cpu' } = options;
  let engine: Engine | undefined;
  try {
    await checkDevice(device);
    engine = createNodeEngine({ device, ...(threads === undefined ? {} : { threads }) });
    return await assembleModel(checkpoint, engine, options);
  } catch (error) {
    await engine?.dispose();
    await checkpoint.close();
    throw error;
  }
}
