/**
 * What `mediators faithfulness` does once its options are known to be right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { FAITHFULNESS_FILE } from '../results/faithfulness-json.ts';
import type { FaithfulnessOptions } from '../survey/faithfulness/options.ts';
import {
  completeFaithfulness,
  type FaithfulnessSurvey,
  faithfulnessSurvey,
} from '../survey/faithfulness/run.ts';
import { real } from '../words.ts';
import { aligned } from './aligned.ts';
import { leftOutLines } from './left-out.ts';
import { type PairsCall, runOverPairs } from './over-pairs.ts';
import { wantsColour } from './summary.ts';

/** Runs circuits over the pairs, or says what the folder holds already. */
export function runFaithfulness(call: PairsCall<FaithfulnessOptions>, signal: AbortSignal): Promise<void> {
  const { options, json } = call;
  return runOverPairs<FaithfulnessSurvey>(
    call,
    {
      complete: (known, data) => completeFaithfulness(known, data, options),
      compute: (model, data, handlers) => faithfulnessSurvey(model, data, options, handlers),
      print: (result) => (json ? readFile(join(result.folder, FAITHFULNESS_FILE), 'utf8') : summary(result)),
    },
    signal,
  );
}

function summary({ page, json, wasComplete }: FaithfulnessSurvey): string {
  const paint = createColors(wantsColour(process.stdout, process.env));
  const { model, task, split, curves, findings, notes } = json;
  const rows = curves.map(({ name, cpr, cmd, random }) => [
    name,
    ...[cpr, random.cpr.mean, cmd, random.cmd.mean].map((value) => real(value, 3)),
  ]);
  const lines = [
    ...(wasComplete ? ['The run was complete already; nothing was changed.'] : []),
    `${paint.bold(model.id)}, ${task.name}: scores from ${split.scores.n} pairs, circuits on ${split.evaluation.n} others (${split.rule})`,
    '',
    ...aligned([['curve', 'CPR', 'random', 'CMD', 'random'], ...rows]),
    '',
    ...findings,
    '',
    ...notes,
    ...leftOutLines(json.skipped),
    `page: ${paint.cyan(page)}`,
  ];
  return `${lines.join('\n')}\n`;
}
