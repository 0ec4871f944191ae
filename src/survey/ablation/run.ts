/**
 * Set ablations of a finished survey: what its sets of components do when all of a set are patched at once.
 *
 * 1. The pairs are those of the survey: model, pairs and options must be what its record says. How each is answered is
 *    measured again, as a finished survey keeps no runs.
 * 2. The sets of a pair come from the survey's scores on the other folds (`sets.ts`).
 * 3. Pair by pair: all sets and their random sets in both directions (`pair.ts`); each pair's changes of F are kept as
 *    they are done, so that the same command goes on after a stop.
 * 4. Pooled effects, intervals and tests (`summarise.ts`); `ablations.json` last, beside `survey.json`.
 *
 * F is the metric that labels read: probabilities saturate.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, InputError, throwIfCancelled } from '../../errors.ts';
import { exists, writeTextAtomic } from '../../files.ts';
import type { LoadedModel } from '../../model/loaded.ts';
import { alone } from '../../patch/alone.ts';
import { blocksOf } from '../../patch/batches.ts';
import type { Model } from '../../patch/model.ts';
import { type OpenPair, openPrompts } from '../../patch/open-pair.ts';
import {
  ABLATIONS_FILE,
  ABLATIONS_SCHEMA,
  type AblationsJson,
  formatAblationsJson,
  parseAblationsJson,
} from '../../results/ablations-json.ts';
import { parseSurveyJson, SURVEY_FILE, type SurveyJson } from '../../results/survey-json.ts';
import { readResult } from '../../results/result-folder.ts';
import { SurveyScores } from '../../results/survey-scores.ts';
import { type FolderKind, firstDifference, type Identity, StudyFolder } from '../../study/folder.ts';
import type { StudyHandlers } from '../../study/handlers.ts';
import type { Studied } from '../../study/identity.ts';
import { type Done, Phases } from '../../study/phases.ts';
import type { DataSet, Item } from '../../tasks/item.ts';
import { labelMetric, type Metric } from '../../tasks/metric.ts';
import { factsOf } from '../analysis/facts.ts';
import { answeredBy } from '../answers.ts';
import { EXACT } from '../options.ts';
import { answersUnit, pairOf } from '../record.ts';
import { surveyIdentity } from '../run.ts';
import { SCORES } from '../store.ts';
import { resolveSetAblationOptions, type SetAblationOptions } from './options.ts';
import { ablatePair, type PairWork, takeoverOf } from './pair.ts';
import { HeldOutSets, setsOf, type SetWork } from './sets.ts';
import { ablationUnit, summariseSets, summariseTakeover, takeoverUnit } from './summarise.ts';

/** What is done so far lies here within the survey's folder. */
const UNFINISHED = '.ablations';
const KIND: FolderKind = { last: ABLATIONS_FILE, word: 'ablations' };
/** In place of a command, for ablations that no command began. */
const LIBRARY_COMMAND = 'ablateSurvey() of the library';

export interface SurveyAblations {
  readonly folder: string;
  readonly json: AblationsJson;
  /** True where the folder already held them. */
  readonly wasComplete: boolean;
}

/** Reads what a finished survey says of itself. Throws InputError where the folder has none. */
export async function readSurveyJson(folder: string): Promise<SurveyJson> {
  const path = join(folder, SURVEY_FILE);
  return parseSurveyJson((await readResult(path, 'survey')).toString('utf8'), path);
}

/**
 * Ablates the sets of a finished survey. Ablations that are there with the same options are left as they are, others
 * are made anew.
 * Throws InputError for bad options, a folder without a finished survey, another model or other pairs than its own, a
 * survey without exact patching, and a model that is in use; CancelledError; RunError.
 */
export async function ablateSurvey(
  model: Model,
  data: DataSet,
  path: string,
  given: Partial<SetAblationOptions> = {},
  handlers: StudyHandlers = {},
): Promise<SurveyAblations> {
  const options = resolveSetAblationOptions(given);
  const survey = await readSurveyJson(path);
  const complete = await completeAblations(model.loaded, data, path, options);
  if (complete) return complete;
  const identity = ablationsIdentity(survey, options);
  const folder = await openFolder(join(path, UNFINISHED), identity);
  const phases = new Phases(handlers.onProgress);
  try {
    const json = await computed({ model, data, survey, path, folder, options, phases, handlers });
    const text = formatAblationsJson({ ...json, identity });
    await writeTextAtomic(join(path, ABLATIONS_FILE), text, folder.work);
  } catch (error) {
    if (error instanceof CancelledError)
      throw new CancelledError(
        'cancelled; what was complete has been kept, the same command goes on from there',
      );
    throw error;
  }
  if (options.figures) {
    const { writeSurveyReport } = await import('../../report/survey/report.ts');
    await phases.run('figures and page', 1, async (done) => {
      await writeSurveyReport(path, undefined, handlers.signal);
      await done(1);
    });
  }
  await rm(folder.path, { recursive: true, force: true });
  return { folder: path, json: await recorded(path), wasComplete: false };
}

/**
 * The ablations that a folder already holds, where they are those that are asked for. No weights are needed.
 * Throws InputError for another model or other pairs than the survey's, and a survey that has no sets.
 */
export async function completeAblations(
  model: Studied,
  data: DataSet,
  path: string,
  given: Partial<SetAblationOptions>,
): Promise<SurveyAblations | undefined> {
  const options = resolveSetAblationOptions(given);
  const survey = await readSurveyJson(path);
  await checkSurveyed(model, data, survey, path);
  const isThere = (await exists(join(path, ABLATIONS_FILE))) && !(await exists(join(path, UNFINISHED)));
  if (!isThere) return undefined;
  const json = await recorded(path);
  const isSame = firstDifference(json.identity, ablationsIdentity(survey, options)) === undefined;
  return isSame ? { folder: path, json, wasComplete: true } : undefined;
}

async function recorded(path: string): Promise<AblationsJson> {
  const file = join(path, ABLATIONS_FILE);
  return parseAblationsJson(await readFile(file, 'utf8'), file);
}

function ablationsIdentity(survey: SurveyJson, { random, takeover, seed }: SetAblationOptions): Identity {
  return { ...survey.identity, random_sets: random, takeover, random_seed: seed };
}

async function openFolder(path: string, identity: Identity): Promise<StudyFolder> {
  const folder = await StudyFolder.open(path, true, KIND);
  const known = await folder.manifest();
  const other = known && firstDifference(known, identity);
  if (other)
    throw new InputError(
      `expected the ablations that ${path} has begun, with ${other.key} ${other.a}, got ${other.key} ${other.b}; give the same or remove that folder`,
    );
  await folder.claim(identity);
  return folder;
}

/** Throws InputError where model or pairs are not those of the survey, or where it has no sets. */
async function checkSurveyed(model: Studied, data: DataSet, survey: SurveyJson, path: string): Promise<void> {
  const { steps, ...options } = survey.options;
  const identity = await surveyIdentity(model, data, { ...options, steps: steps ?? undefined });
  const other = firstDifference(survey.identity, identity);
  if (other)
    throw new InputError(
      `expected the model and pairs of the survey in ${path}, with ${other.key} ${other.a}, got ${other.key} ${other.b}; give those that it was made with`,
    );
  if (setsOf(survey).length === 0)
    throw new InputError(
      `expected a survey by ${EXACT} with both directions or another method, got ${survey.options.methods.join(',')} in ${survey.options.directions.join(',')}; there are no sets to ablate`,
    );
}

interface Computing {
  readonly model: Model;
  readonly data: DataSet;
  readonly survey: SurveyJson;
  readonly path: string;
  readonly folder: StudyFolder;
  readonly options: SetAblationOptions;
  readonly phases: Phases;
  readonly handlers: StudyHandlers;
}

async function computed(given: Computing): Promise<Omit<AblationsJson, 'identity'>> {
  const { data, survey, path, folder, options, phases, handlers } = given;
  const { signal } = handlers;
  // A pair and its reverse have exchanged directions: only one of them counts.
  const among = data.items.flatMap(({ reverseOf }, i) => (reverseOf === undefined ? [i] : []));
  const again = takeoverPairs(survey, among, options.takeover);
  const work = await alone(given.model.loaded, 'ablations', async (model): Promise<SetWork> => {
    await phases.run(
      'answers',
      data.items.length,
      (done) => answerPairs(model, data, folder, done, signal),
      'pairs',
    );
    const scores = new SurveyScores(join(path, SCORES));
    const facts = await factsOf(folder, { pairs: data.items.map(pairOf), task: survey.task });
    const read = (name: string, pair: number) => scores.read(name, pair);
    const prepared: SetWork = { read, facts, record: survey, among };
    const pairWork = { sets: await HeldOutSets.of(prepared), work: prepared, options, signal };
    const body = (done: Done) => ablatePairs(model, data, folder, pairWork, new Set(again), done);
    await phases.run('sets', among.length, body, 'pairs');
    return prepared;
  });
  throwIfCancelled(signal);
  return {
    schema: ABLATIONS_SCHEMA,
    options: { random: options.random, takeover: options.takeover, seed: options.seed },
    n: among.length,
    clusters: new Set(among.map((pair) => work.facts.pairs[pair]!.cluster)).size,
    effects: await summariseSets(folder, work),
    takeover: await summariseTakeover(folder, work, again),
    command: options.command ?? LIBRARY_COMMAND,
    phases: phases.records,
  };
}

/** So many pairs, spread evenly; none where there are no labels of heads. */
function takeoverPairs(survey: SurveyJson, among: readonly number[], asked: number): number[] {
  const hasLabels = setsOf(survey).some(({ set }) => set === 'labelled');
  if (!hasLabels || !survey.options.components.includes('heads')) return [];
  const count = Math.min(asked, among.length);
  return Array.from({ length: count }, (_, k) => among[Math.floor((k * among.length) / count)]!);
}

/** How the model answers each pair, kept as a survey keeps it. */
async function answerPairs(
  model: LoadedModel,
  { items }: DataSet,
  folder: StudyFolder,
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const block of blocksOf(items)) {
    for (const pair of block) {
      throwIfCancelled(signal);
      const item = items[pair]!;
      if (!(await folder.has(answersUnit(pair)))) {
        const answered = await answeredBy(await openPrompts(model, item, item.metric, true), item);
        await folder.save(answersUnit(pair), new Map(Object.entries(answered)));
      }
      await done(1);
    }
    await model.sessions.release();
  }
}

async function ablatePairs(
  model: LoadedModel,
  { items }: DataSet,
  folder: StudyFolder,
  given: PairWork,
  again: ReadonlySet<number>,
  done: Done,
): Promise<void> {
  const { signal } = given;
  for (const block of blocksOf(items, given.work.among)) {
    const opened = new Map<number, OpenPair>();
    for (const pair of block) {
      throwIfCancelled(signal);
      const isDone = await isComplete(folder, pair, again.has(pair));
      if (isDone) await done(1);
      else opened.set(pair, await openPrompts(model, items[pair]!, measuredBy(items[pair]!), true));
    }
    // What opened them is not needed to run sets.
    await model.sessions.release();
    for (const [pair, open] of opened) {
      throwIfCancelled(signal);
      await open.chain.activate();
      await folder.save(ablationUnit(pair), await ablatePair(given, open, pair));
      if (again.has(pair)) await folder.save(takeoverUnit(pair), await takeoverOf(given, open, pair));
      await done(1);
    }
    await model.sessions.release();
  }
}

/** The metric that labels read. */
function measuredBy({ metric }: Item): Metric {
  return labelMetric(metric) ?? metric;
}

async function isComplete(folder: StudyFolder, pair: number, withTakeover: boolean): Promise<boolean> {
  const names = [ablationUnit(pair), ...(withTakeover ? [takeoverUnit(pair)] : [])];
  const there = await Promise.all(names.map((name) => folder.has(name)));
  return there.every(Boolean);
}
