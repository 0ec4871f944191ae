/**
 * What all commands over a task's pairs do, in the order of what it costs to be wrong: the folder, the model's files, the
 * pairs; then weights. What is complete already is found before these are read.
 */
import type { Model } from '../patch/model.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { checkDevice } from '../runtime/device.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import type { Studied } from '../study/identity.ts';
import type { DataSet } from '../tasks/item.ts';
import { type DataRequest, readDataSet } from './data-set.ts';
import { knownOf, withLoadedModel } from './loaded-model.ts';
import type { ModelRequest } from './model-options.ts';
import { checkOutFolder, type OutOptions } from './out-folder.ts';
import { progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';

/** What was asked for. */
export interface PairsCall<O> extends ModelRequest, OutputRequest {
  readonly data: DataRequest;
  readonly options: O;
}

export interface PairsWork<R> {
  /** The result that the folder holds already, if it is asked to go on and it does. */
  readonly complete: (known: Studied, data: DataSet) => Promise<R | undefined>;
  /** Tells of what is to be computed, before weights are read. */
  readonly announce?: (checkpoint: Checkpoint, data: DataSet) => Promise<void>;
  readonly compute: (model: Model, data: DataSet, handlers: StudyHandlers) => Promise<R>;
  /** What is printed. */
  readonly print: (result: R) => Promise<string> | string;
}

/** Runs a command over pairs. The signal stops it. */
export async function runOverPairs<R>(
  call: PairsCall<OutOptions>,
  { complete, announce, compute, print }: PairsWork<R>,
  signal: AbortSignal,
): Promise<void> {
  await checkOutFolder(call.options, call.quiet);
  const checkpoint = await openCheckpoint(call.source);
  const progress = progressView(call.quiet);
  try {
    const data = await readDataSet(checkpoint, call.data);
    const computed = async () => {
      await checkDevice(call.device);
      await announce?.(checkpoint, data);
      return withLoadedModel(checkpoint, call, progress, signal, async (model) => {
        const found = await compute(model, data, { signal, onProgress: progress.show });
        progress.finish();
        return found;
      });
    };
    const result = (await complete(knownOf(checkpoint, call), data)) ?? (await computed());
    process.stdout.write(await print(result));
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}
