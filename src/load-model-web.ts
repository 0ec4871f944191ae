/**
 * Loading a model in a browser, from files that the page has fetched.
 */
import { type Buffers, openBuffers } from './model/loaders/buffers.ts';
import { type AssembleOptions, assembleModel, type Model } from './patch/model.ts';
import { checkWebDevice, createWebEngine, type WebEngineOptions } from './runtime/web.ts';

export interface LoadModelOptions extends AssembleOptions, WebEngineOptions {
  /** The name shown in results; default `model`. */
  readonly id?: string;
}

/**
 * Opens a model from the bytes of its files, in Hugging Face's format. They must stay as they are.
 * Throws InputError, one line, where they cannot be read or the device is not there.
 */
export async function loadModel(source: Buffers, options: LoadModelOptions = {}): Promise<Model> {
  await checkWebDevice(options.device ?? 'wasm');
  const checkpoint = await openBuffers(source, options.id ?? 'model');
  const engine = createWebEngine(options);
  try {
    return await assembleModel(checkpoint, engine, options);
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}
