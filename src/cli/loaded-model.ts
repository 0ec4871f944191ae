/**
 * A model in memory for as long as a command needs it.
 */
import { loadCheckpoint } from '../load-model.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import type { Model } from '../patch/model.ts';
import type { Studied } from '../study/identity.ts';
import type { ModelRequest } from './model-options.ts';
import type { ProgressView } from './progress.ts';

/** Reads the weights, shows how far it is, runs the body, and lets go of the model however that ends. */
export async function withLoadedModel<R>(
  checkpoint: Checkpoint,
  { raw, device, threads }: Omit<ModelRequest, 'source'>,
  { show }: Pick<ProgressView, 'show'>,
  signal: AbortSignal,
  body: (model: Model) => Promise<R>,
): Promise<R> {
  const model = await loadCheckpoint(checkpoint, {
    raw,
    device,
    signal,
    ...(threads === undefined ? {} : { threads }),
    onProgress: (done, total) => show({ phase: 'weights', done, total, unit: 'bytes' }),
  });
  try {
    return await body(model);
  } finally {
    await model.dispose();
  }
}

/** What a folder is compared with before weights are read. */
export function knownOf(
  checkpoint: Checkpoint,
  { raw, device }: Pick<ModelRequest, 'raw' | 'device'>,
): Studied {
  const sha256 = () => checkpoint.sha256();
  return { raw, sha256, config: checkpoint.config, engine: { provider: device } };
}
