/**
 * What `mediators survey` does once its options are known to be right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { SURVEY_FILE } from '../results/survey-json.ts';
import type { Survey } from '../survey/finish.ts';
import type { SurveyOptions } from '../survey/options.ts';
import type { SurveyPlan } from '../survey/plan.ts';
import { completeSurvey, pairsDone, survey, type SurveyShard } from '../survey/run.ts';
import type { DataSet } from '../tasks/item.ts';
import { counted } from '../words.ts';
import { readDataSet } from './data-set.ts';
import { leftOutLines } from './left-out.ts';
import { type PairsCall, runOverPairs } from './over-pairs.ts';
import { makeSurveyPlan, pairsPlanLines, surveyPlanTable } from './plan.ts';
import { wantsColour } from './summary.ts';

/** What was asked for. */
export interface SurveyCall extends PairsCall<SurveyOptions> {
  /** Print the plan and stop. */
  readonly plan: boolean;
}

/** Surveys the pairs, or says what the folder holds already. */
export async function runSurvey(call: SurveyCall, signal: AbortSignal): Promise<void> {
  if (call.plan) return printPlan(call, signal);
  const { options, json, quiet } = call;
  return runOverPairs<Survey | SurveyShard>(
    call,
    {
      complete: (known, data) => completeSurvey(known, data, options),
      announce: async (checkpoint, data) => {
        if (quiet) return;
        const done = await pairsDone(options.out, data);
        process.stderr.write(pairsPlanLines(await planned(checkpoint, data, done, call, signal)));
      },
      compute: (model, data, handlers) => survey(model, data, options, handlers),
      print: (result) => output(result, json),
    },
    signal,
  );
}

/** What `--plan` does: nothing is written, no weights are read. All pairs are planned, whatever a folder has. */
async function printPlan(call: SurveyCall, signal: AbortSignal): Promise<void> {
  const checkpoint = await openCheckpoint(call.source);
  try {
    const data = await readDataSet(checkpoint, call.data);
    const plan = await planned(checkpoint, data, new Set(), call, signal);
    process.stdout.write(`${call.json ? JSON.stringify(plan, null, 2) : surveyPlanTable(plan)}\n`);
  } finally {
    await checkpoint.close();
  }
}

function planned(
  checkpoint: Checkpoint,
  data: DataSet,
  done: ReadonlySet<number>,
  { options, threads, device }: SurveyCall,
  signal: AbortSignal,
): Promise<SurveyPlan> {
  // Rates are those of the processor.
  return makeSurveyPlan(checkpoint, data, options, done, { threads, measure: device === 'cpu' }, signal);
}

async function output(result: Survey | SurveyShard, json: boolean): Promise<string> {
  if (!('page' in result)) {
    const { folder, pairs, done } = result;
    return json
      ? `${JSON.stringify(result, null, 1)}\n`
      : `${done} of ${pairs} pairs are in ${folder}; when all are: mediators merge --out FOLDER PART...\n`;
  }
  return surveyOutput(result, json);
}

/** What a command prints of a finished survey: the file as it is, for scripts, or what it found. */
export async function surveyOutput(
  { folder, page, json: found, wasComplete }: Survey,
  json: boolean,
): Promise<string> {
  if (json) return readFile(join(folder, SURVEY_FILE), 'utf8');
  const paint = createColors(wantsColour(process.stdout, process.env));
  const lines = [
    ...(wasComplete ? ['The survey was complete already; nothing was changed.'] : []),
    `${paint.bold(found.model.id)}, ${found.task.name}: ${counted(found.n, 'pair')} in ${counted(found.clusters.count, 'cluster')} (${found.clusters.rule})`,
    '',
    ...found.findings,
    '',
    ...found.notes,
    ...leftOutLines(found.skipped),
    `page: ${paint.cyan(page)}`,
  ];
  return `${lines.join('\n')}\n`;
}
