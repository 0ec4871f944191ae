/**
 * The record of a survey: all that is known of it before its scores, so that it can be finished from its folder alone.
 * It lies in `.work/`; all shards write the same one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedModel } from '../model/loaded.ts';
import { InputError } from '../errors.ts';
import { createTextAtomic } from '../files.ts';
import { parseWith } from '../model/parse-with.ts';
import { type SurveyPair, type SurveyRecord, surveyRecord } from '../results/survey-record.ts';
import type { Identity, StudyFolder } from '../study/folder.ts';
import { processorType, versions } from '../study/identity.ts';
import type { DataSet, Item } from '../tasks/item.ts';
import { parseJson } from '../tensor/json.ts';
import { hasTwin } from './data.ts';
import type { SurveyOptions } from './options.ts';

/** Its name in `.work/`. */
export const SURVEY_RECORD = 'survey.json';
const LIMITS = { maxBytes: 500e6, maxDepth: 12 };
/** In place of a command, for a survey that no command began. */
const LIBRARY_COMMAND = 'survey() of the library';

/** The unit that holds how a pair is answered; where it is, all of the pair's chunks are. */
export function answersUnit(pair: number): string {
  return `answers.${pair}`;
}

export interface Recorded {
  readonly model: LoadedModel;
  readonly data: DataSet;
  readonly options: SurveyOptions;
  readonly identity: Identity;
}

/** Writes the record where there is none yet. */
export async function saveSurveyRecord(folder: StudyFolder, recorded: Recorded): Promise<void> {
  const text = `${JSON.stringify(await recordOf(recorded))}\n`;
  await createTextAtomic(join(folder.work, SURVEY_RECORD), text, folder.work);
}

/** Reads it back. Throws InputError for a folder without one. */
export async function readSurveyRecord(folder: StudyFolder): Promise<SurveyRecord> {
  const path = join(folder.work, SURVEY_RECORD);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch {
    throw new InputError(`expected a survey that was begun in ${folder.path}, got none; run it first`);
  }
  return parseWith(surveyRecord, parseJson(bytes, path, LIMITS), path);
}

async function recordOf({ model, data, options, identity }: Recorded): Promise<SurveyRecord> {
  const { config } = model;
  const { out: _out, resume: _resume, figures: _figures, shard: _shard, command, steps, ...kept } = options;
  return {
    model: { id: model.id, architecture: config.architecture, sha256: await model.sha256() },
    shape: { layers: config.nLayers, heads: config.nHeads, neurons: config.dMlp },
    task: { name: data.task, metric: data.metric, contrast: data.contrast },
    has_twin: hasTwin(data),
    options: {
      ...kept,
      methods: [...kept.methods],
      components: [...kept.components],
      directions: [...kept.directions],
      steps: steps ?? null,
      raw_weights: model.raw,
    },
    skipped: data.skipped.map((one) => ({ ...one })),
    notes: [...data.notes],
    pairs: data.items.map(pairOf),
    command: command ?? LIBRARY_COMMAND,
    versions: versions(),
    provider: model.engine.provider,
    processors: [processorType()],
    identity: { ...identity },
  };
}

/** What the record tells of a pair. */
export function pairOf({
  row,
  clean,
  corrupted,
  template,
  fillers,
  positive,
  negative,
  reverseOf,
}: Item): SurveyPair {
  const text = ({ text: own, tokens }: Item['clean']): string => own ?? tokens.join(' ');
  const answers = (tokens: Item['positive']): string[] =>
    tokens.map(({ id, text: own }) => own ?? String(id));
  return {
    row,
    clean: text(clean),
    corrupted: text(corrupted),
    template,
    fillers: { ...fillers },
    length: clean.ids.length,
    positive: answers(positive),
    negative: answers(negative),
    reversed: reverseOf !== undefined,
  };
}
