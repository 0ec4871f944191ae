/**
 * What `mediators ablate` does once its options are known to be right.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { InputError } from '../errors.ts';
import { EMBEDDED, openCheckpoint } from '../model/loaders/open.ts';
import { formatAblationsJson } from '../results/ablations-json.ts';
import { setLabel } from '../results/ablations-words.ts';
import { checkDevice } from '../runtime/device.ts';
import type { SetAblationOptions } from '../survey/ablation/options.ts';
import {
  ablateSurvey,
  completeAblations,
  readSurveyJson,
  type SurveyAblations,
} from '../survey/ablation/run.ts';
import { SURVEY_PAGE } from '../survey/finish.ts';
import type { SurveyJson } from '../results/survey-json.ts';
import { isTaskName } from '../tasks/builtin/index.ts';
import { counted, real } from '../words.ts';
import { aligned } from './aligned.ts';
import { type DataOptions, type DataRequest, readDataSet, requestedData } from './data-set.ts';
import { knownOf, withLoadedModel } from './loaded-model.ts';
import type { ModelRequest } from './model-options.ts';
import { progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';
import { wantsColour } from './summary.ts';

/** What was asked for. */
export interface AblateCall extends ModelRequest, OutputRequest {
  readonly survey: string;
  /** Whether `--model` was given; the survey's own is taken where it was not. */
  readonly namesModel: boolean;
  readonly data: DataOptions & { readonly task?: string | undefined; readonly bos?: boolean | undefined };
  readonly options: Partial<SetAblationOptions>;
}

/** What can still be wrong is asked in the order of its cost: the survey, the model's files, pairs; then weights. */
export async function runAblate(call: AblateCall, signal: AbortSignal): Promise<void> {
  const { options, device } = call;
  const survey = await readSurveyJson(call.survey);
  const request = dataOf(survey, call.data);
  const raw = survey.options.raw_weights;
  if (call.raw && !raw)
    throw new InputError(
      'expected weights as the survey has them, processed, got --raw-weights; leave it out',
    );
  const checkpoint = await openCheckpoint(sourceOf(survey, call));
  const progress = progressView(call.quiet);
  try {
    const data = await readDataSet(checkpoint, request);
    const known = knownOf(checkpoint, { raw, device });
    const compute = async () => {
      await checkDevice(device);
      return withLoadedModel(checkpoint, { ...call, raw }, progress, signal, async (model) => {
        const handlers = { signal, onProgress: progress.show };
        const found = await ablateSurvey(model, data, call.survey, options, handlers);
        progress.finish();
        return found;
      });
    };
    const result = (await completeAblations(known, data, call.survey, options)) ?? (await compute());
    process.stdout.write(call.json ? formatAblationsJson(result.json) : summary(result));
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/** The model that is given, or that of the survey where its record leads to it. */
function sourceOf({ model: { id } }: SurveyJson, { namesModel, source, survey }: AblateCall): string {
  if (namesModel) return source;
  if (id === EMBEDDED || existsSync(id)) return id;
  throw new InputError(
    `expected --model with ${id}, the model of ${survey}, got none; give its folder or file`,
  );
}

/** The pairs of the survey: drawn again from its seed, or those of the file that is given. */
function dataOf(survey: SurveyJson, { seed: _seed, ...given }: AblateCall['data']): DataRequest {
  const { n, task, options } = survey;
  if (given.task === undefined && !isTaskName(task.name))
    throw new InputError(
      `expected --task with the file of the survey’s task ${task.name}, got none; give it`,
    );
  const isFile = given.data !== undefined;
  const contrast = isFile ? {} : { contrast: task.contrast };
  const asked = { ...given, n, ...contrast };
  const request = requestedData(given.task ?? task.name, asked, { n, seed: options.seed, seedDraws: false });
  return { ...request, ...(given.bos !== undefined && { bos: given.bos }) };
}

function summary({ folder, json, wasComplete }: SurveyAblations): string {
  const paint = createColors(wantsColour(process.stdout, process.env));
  const rows = json.effects
    .filter(({ pairs, n }) => pairs === 'all' && n > 0)
    .map(({ kind, direction, set, method, size, e, low, high, random, matched }) => [
      `${kind}, ${direction}: ${setLabel(set, method)}`,
      size.toFixed(1),
      real(e, 3),
      `${real(low, 3)} to ${real(high, 3)}`,
      real(random.e, 3),
      matched ? real(matched.e, 3) : '-',
      matched ? matched.within.toFixed(2) : '-',
    ]);
  const lines = [
    ...(wasComplete ? ['The ablations were complete already; nothing was changed.'] : []),
    `${json.n} pairs in ${json.clusters} clusters; pooled effects of sets, 1 is the whole difference between the prompts`,
    '',
    ...(rows.length > 0
      ? aligned([['set', 'size', 'effect', '95% interval', 'random', 'matched', 'within'], ...rows])
      : ['No set has members: nothing is labelled or highlighted by the other clusters.']),
    '',
    ...json.takeover.map(({ direction, components, n }) => takeoverLine(direction, components[0], n)),
    `page: ${paint.cyan(join(folder, SURVEY_PAGE))}`,
  ];
  return `${lines.join('\n')}\n`;
}

type Grown = SurveyAblations['json']['takeover'][number]['components'][number];

function takeoverLine(direction: string, first: Grown | undefined, n: number): string {
  if (!first) return `${direction}: no head is left when the labelled ones are ablated`;
  const { component, before, after, low, high } = first;
  const name = component.join('.');
  const grown = `from ${real(before, 3)} to ${real(after, 3)} (growth ${real(low, 3)} to ${real(high, 3)})`;
  const verdict =
    low > 0 ? `the effect of ${name} grows most` : `no head surely takes over; most grows ${name}`;
  return `${direction}, labelled heads ablated in ${counted(n, 'pair')}: ${verdict}, ${grown}`;
}
