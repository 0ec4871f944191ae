/**
 * What `mediators paths` does once its options are known to be right: computes, writes, prints the strongest.
 */
import { join } from 'node:path';
import { CancelledError } from '../errors.ts';
import { writeSafetensors, writeTextAtomic } from '../files.ts';
import { checkReceivers } from '../mediation/path-patching.ts';
import { type PathArrays, pathArrays, type PathsOptions } from '../mediation/paths.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import type { Model } from '../patch/model.ts';
import { checkDevice } from '../runtime/device.ts';
import { describePair } from '../study/describe.ts';
import { checkOut } from '../study/folder.ts';
import { versions } from '../study/identity.ts';
import { inferContrast, type Pair, pairFor } from '../tasks/pair.ts';
import { withLoadedModel } from './loaded-model.ts';
import type { ModelRequest } from './model-options.ts';
import type { PairRequest } from './pair.ts';
import { pathTables } from './path-tables.ts';
import { progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';

/** What was asked for. */
export interface PathsCall extends ModelRequest, OutputRequest {
  readonly request: PairRequest;
  readonly options: PathsOptions;
  readonly out: string;
  /** For the record. */
  readonly command: string;
}

const SCHEMA = 'mediators/paths@1';

/** What can still be wrong is asked in the order of its cost: the folder, the model's files, pair and heads; then weights. */
export async function runPaths(call: PathsCall, signal: AbortSignal): Promise<void> {
  const { options, out, request } = call;
  await checkOut(out, false, 'choose another');
  const checkpoint = await openCheckpoint(call.source);
  try {
    const pair = pairFor(checkpoint, request.pair, request);
    if (options.receivers.length > 0) {
      const [input] = options.inputs;
      checkReceivers({ ...options, input: input! }, checkpoint.config);
    }
    await checkDevice(call.device);
    await compute(checkpoint, pair, call, signal);
  } catch (error) {
    if (error instanceof CancelledError) throw new CancelledError('cancelled; nothing was written');
    throw error;
  } finally {
    await checkpoint.close();
  }
}

async function compute(
  checkpoint: Checkpoint,
  pair: Pair,
  call: PathsCall,
  signal: AbortSignal,
): Promise<void> {
  const { out } = call;
  const progress = progressView(call.quiet);
  try {
    await withLoadedModel(checkpoint, call, progress, signal, async (model) => {
      const found = await pathArrays(model, pair, call.options, {
        signal,
        onProgress: (done, total) => progress.show({ phase: 'paths', done, total, unit: 'steps' }),
      });
      const record = await recordOf(model, pair, call, found);
      const tensors = [...found.arrays].map(([name, tensor]) => ({ name, tensor }));
      await writeSafetensors(join(out, 'paths.safetensors'), tensors);
      const text = `${JSON.stringify(record, null, 1)}\n`;
      await writeTextAtomic(join(out, 'paths.json'), text);
      progress.finish();
      process.stdout.write(
        call.json ? text : `${pathTables(found, pair, call.options)}\nwritten to ${out}\n`,
      );
    });
  } finally {
    progress.stop();
  }
}

/** What paths.json holds: written last, so that where it is, all is. */
async function recordOf(model: Model, pair: Pair, call: PathsCall, { metric, arrays }: PathArrays) {
  const { loaded } = model;
  const { receivers, inputs, mlps, ...options } = call.options;
  const contrast = pair.contrast ?? inferContrast(metric.clean, metric.corrupted);
  return {
    schema: SCHEMA,
    model: { id: loaded.id, architecture: loaded.config.architecture, sha256: await loaded.sha256() },
    pair: describePair(pair, contrast),
    metric: { name: 'logit_difference', ...metric, D: metric.clean - metric.corrupted },
    options: {
      ...options,
      ...(receivers.length > 0 ? { receivers, inputs, mlps } : {}),
      raw_weights: loaded.raw,
    },
    // Where query heads share key-value heads, a receiver's k and v are its group's.
    ...(receivers.length > 0
      ? { query_heads_per_key_value_head: loaded.config.nHeads / loaded.config.nKvHeads }
      : {}),
    arrays: Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape])),
    command: call.command,
    versions: versions(),
    provider: loaded.engine.provider,
  };
}
