/**
 * What `mediators survey` does once its options are known to be right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { SURVEY_FILE } from '../results/survey-json.ts';
import type { Survey } from '../survey/finish.ts';
import type { SurveyOptions } from '../survey/options.ts';
import { completeSurvey, survey, type SurveyShard } from '../survey/run.ts';
import { counted } from '../words.ts';
import { leftOutLines } from './left-out.ts';
import { type PairsCall, runOverPairs } from './over-pairs.ts';
import { wantsColour } from './summary.ts';

/** Surveys the pairs, or says what the folder holds already. */
export function runSurvey(call: PairsCall<SurveyOptions>, signal: AbortSignal): Promise<void> {
  const { options, json } = call;
  return runOverPairs<Survey | SurveyShard>(
    call,
    {
      complete: (known, data) => completeSurvey(known, data, options),
      compute: (model, data, handlers) => survey(model, data, options, handlers),
      print: (result) => output(result, json),
    },
    signal,
  );
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
