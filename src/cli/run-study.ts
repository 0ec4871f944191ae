/**
 * What `mediators study` does once its options are known to be right.
 */
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { checkDevice } from '../runtime/device.ts';
import type { StudyOptions } from '../study/options.ts';
import type { Study } from '../study/handlers.ts';
import { shardLine } from '../study/missing.ts';
import { checkPublished } from '../study/published.ts';
import { completeStudy, study, type StudyShard, studyShard } from '../study/study.ts';
import { type Pair, pairFor } from '../tasks/pair.ts';
import { knownOf, withLoadedModel } from './loaded-model.ts';
import type { ModelRequest } from './model-options.ts';
import { checkOutFolder } from './out-folder.ts';
import type { PairRequest } from './pair.ts';
import { makePlan, planLines, planTable } from './plan.ts';
import { type ProgressView, progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';
import { studyOutput } from './summary.ts';

/** What was asked for. */
export interface StudyCall extends ModelRequest, OutputRequest {
  readonly request: PairRequest;
  readonly options: StudyOptions;
  /** Print the plan and stop. */
  readonly plan: boolean;
}

/** What can still be wrong is asked in the order of its cost: the folder, the model's files, the pair; then weights. */
export async function runStudy(call: StudyCall, signal: AbortSignal): Promise<void> {
  if (call.plan) return printPlan(call, signal);
  const { options, request } = call;
  await checkOutFolder(options, call.quiet);
  const checkpoint = await openCheckpoint(call.source);
  const progress = progressView(call.quiet);
  try {
    const pair = pairFor(checkpoint, request.pair, request);
    checkPublished(checkpoint.config, pair, options);
    const complete = await completeStudy(knownOf(checkpoint, call), pair, options);
    const result = complete ?? (await compute(checkpoint, pair, call, progress, signal));
    process.stdout.write(await output(result, call.json));
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/** What `--plan` does: nothing is written, no weights are read. */
async function printPlan(
  { source, request, options, threads, device, json }: StudyCall,
  signal: AbortSignal,
) {
  const checkpoint = await openCheckpoint(source);
  try {
    const pair = pairFor(checkpoint, request.pair, request);
    checkPublished(checkpoint.config, pair, options);
    const plan = await makePlan(checkpoint, pair, options, { threads, measure: device === 'cpu' }, signal);
    process.stdout.write(`${json ? JSON.stringify(plan, null, 2) : planTable(plan)}\n`);
  } finally {
    await checkpoint.close();
  }
}

async function compute(
  checkpoint: Checkpoint,
  pair: Pair,
  call: StudyCall,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<Study | StudyShard> {
  const { options, threads, device, quiet } = call;
  await checkDevice(device);
  // Rates are those of the processor.
  const measure = !quiet && device === 'cpu';
  const plan = await makePlan(checkpoint, pair, options, { threads, measure }, signal);
  if (!quiet) process.stderr.write(planLines(plan));
  return withLoadedModel<Study | StudyShard>(checkpoint, call, progress, signal, async (model) => {
    const run = options.shard.count > 1 ? studyShard : study;
    const result = await run(model, pair, options, { signal, onProgress: progress.show });
    progress.finish();
    return result;
  });
}

/** What goes to stdout: a study's as `studyOutput` has it, a shard's record or what to do with its folder. */
function output(result: Study | StudyShard, json: boolean): Promise<string> | string {
  if (!('record' in result)) return studyOutput(result, json);
  return json ? `${JSON.stringify(result.record, null, 1)}\n` : `${shardLine(result)}\n`;
}
