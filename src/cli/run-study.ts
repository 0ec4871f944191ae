/**
 * What `mediators study` does once its options are known to be right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCheckpoint } from '../load-model.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { checkOut } from '../study/folder.ts';
import type { StudyOptions } from '../study/options.ts';
import { completeStudy, type Study, study } from '../study/study.ts';
import { type Pair, pairFor } from '../tasks/pair.ts';
import type { PairRequest } from './pair.ts';
import { makePlan, planLines, planTable } from './plan.ts';
import { type ProgressView, progressView } from './progress.ts';
import { summaryText, wantsColour } from './summary.ts';

/** What was asked for. */
export interface StudyCall {
  /** `--model`. */
  readonly source: string;
  readonly request: PairRequest;
  readonly options: StudyOptions;
  readonly raw: boolean;
  readonly threads: number | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Print the plan and stop. */
  readonly plan: boolean;
}

/** What can still be wrong is asked in the order of its cost: the folder, the model's files, the pair; then weights. */
export async function runStudy(call: StudyCall, signal: AbortSignal): Promise<void> {
  if (call.plan) return printPlan(call, signal);
  const { options, request, raw } = call;
  await checkOut(options.out, options.resume);
  const checkpoint = await openCheckpoint(call.source);
  const progress = progressView(call.quiet);
  try {
    const pair = pairFor(checkpoint, request.pair, request);
    const sha256 = () => checkpoint.sha256();
    const complete = await completeStudy({ raw, sha256, config: checkpoint.config }, pair, options);
    const result = complete ?? (await compute(checkpoint, pair, call, progress, signal));
    process.stdout.write(
      call.json
        ? await studyJsonOf(result)
        : `${summaryText(result, wantsColour(process.stdout, process.env))}\n`,
    );
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/** What `--plan` does: nothing is written, no weights are read. */
async function printPlan({ source, request, options, threads, json }: StudyCall, signal: AbortSignal) {
  const checkpoint = await openCheckpoint(source);
  try {
    const pair = pairFor(checkpoint, request.pair, request);
    const plan = await makePlan(checkpoint, pair, options, { threads, measure: true }, signal);
    process.stdout.write(`${json ? JSON.stringify(plan, null, 2) : planTable(plan)}\n`);
  } finally {
    await checkpoint.close();
  }
}

async function compute(
  checkpoint: Checkpoint,
  pair: Pair,
  { options, raw, threads, quiet }: StudyCall,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<Study> {
  const plan = await makePlan(checkpoint, pair, options, { threads, measure: !quiet }, signal);
  if (!quiet) process.stderr.write(planLines(plan));
  const model = await loadCheckpoint(checkpoint, {
    raw,
    signal,
    ...(threads === undefined ? {} : { threads }),
    onProgress: (done, total) => progress.show({ phase: 'weights', done, total, unit: 'bytes' }),
  });
  try {
    const result = await study(model, pair, options, { signal, onProgress: progress.show });
    progress.finish();
    return result;
  } finally {
    await model.dispose();
  }
}

/** The file as it is: what a script reads is what the folder holds. */
function studyJsonOf({ folder }: Study): Promise<string> {
  return readFile(join(folder, 'study.json'), 'utf8');
}
