/**
 * The survey: methods of the project over a task's data set, from a loaded model to a folder of results.
 *
 * 1. for each pair both runs, and every method in every direction; each array's chunk is written as it is done, and a
 *    pair's answers when all of its chunks are;
 * 2. from the folder alone: pooled effects, labels, tests; figures and page; `survey.json` last.
 *
 * A survey that was stopped goes on with `resume`. A shard does its part of 1; `mergeSurveys` does 2. Memory does not
 * grow with the number of pairs.
 */
import type { ChunkStore } from '../chunk-store.ts';
import { throwIfCancelled } from '../errors.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { alone } from '../patch/alone.ts';
import { blocksOf } from '../patch/batches.ts';
import type { Model } from '../patch/model.ts';
import { type FolderKind, type Identity, StudyFolder } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { modelIdentity, type Studied } from '../study/identity.ts';
import { Phases } from '../study/phases.ts';
import type { DataSet } from '../tasks/item.ts';
import { SURVEY_FILE } from '../results/survey-json.ts';
import { finishSurvey, recordedSurvey, type Survey } from './finish.ts';
import { type BlockItem, runBlock } from './block.ts';
import { checkData, dataIdentity, hasTwin, pairsOf } from './data.ts';
import { resolveSurveyOptions, type SurveyOptions } from './options.ts';
import { type Pass, passesOf } from './passes.ts';
import { answersUnit, saveSurveyRecord } from './record.ts';
import { chunkOf, openScores } from './store.ts';

const SURVEY_FOLDER: FolderKind = { last: SURVEY_FILE, word: 'survey' };

/** A shard that is computed: its folder is a part for `mergeSurveys`. */
export interface SurveyShard {
  readonly folder: string;
  /** Pairs of the data set, and how many of them the folder has. */
  readonly pairs: number;
  readonly done: number;
}

/**
 * Runs methods over all pairs of a data set and writes a folder (docs/survey.md tells what is in it).
 * Throws InputError for bad options, no pairs, pairs that do not fit the model, a folder that cannot be used and a model
 * that is in use; CancelledError; RunError.
 */
export async function survey(
  model: Model,
  data: DataSet,
  given: Partial<SurveyOptions> = {},
  handlers: StudyHandlers = {},
): Promise<Survey | SurveyShard> {
  const options = resolveSurveyOptions(given);
  checkData(model, data);
  const folder = await StudyFolder.open(options.out, options.resume, SURVEY_FOLDER);
  const identity = await surveyIdentity(model.loaded, data, options);
  if ((await folder.claim(identity)) === 'complete') return recordedSurvey(folder);
  const passes = passesOf(options, hasTwin(data));
  await alone(model.loaded, 'survey', async (loaded) => {
    await saveSurveyRecord(folder, { model: loaded, data, options, identity });
    await computePairs({ model: loaded, data, options, folder, passes, handlers });
  });
  throwIfCancelled(handlers.signal);
  if (options.shard.count > 1)
    return { folder: folder.path, pairs: data.items.length, done: (await pairsDone(options.out, data)).size };
  return finishSurvey(folder, options.figures, handlers);
}

/** The complete survey that `out` already holds, if `resume` is given and it does. No weights are needed. */
export async function completeSurvey(
  model: Studied,
  data: DataSet,
  given: Partial<SurveyOptions>,
): Promise<Survey | undefined> {
  const options = resolveSurveyOptions(given);
  if (!options.resume) return undefined;
  const folder = new StudyFolder(options.out, SURVEY_FOLDER);
  const state = await folder.holds(await surveyIdentity(model, data, options));
  return state === 'complete' ? recordedSurvey(folder) : undefined;
}

/** The pairs that a survey's folder has, complete; none where there is no folder. */
export async function pairsDone(out: string, { items }: DataSet): Promise<ReadonlySet<number>> {
  const folder = new StudyFolder(out, SURVEY_FOLDER);
  return new Set(await filterAsync([...items.keys()], (pair) => folder.has(answersUnit(pair))));
}

interface Work {
  readonly model: LoadedModel;
  readonly data: DataSet;
  readonly options: SurveyOptions;
  readonly folder: StudyFolder;
  readonly passes: readonly Pass[];
  readonly handlers: StudyHandlers;
}

async function computePairs(work: Work): Promise<void> {
  const { model, data, options, folder, passes, handlers } = work;
  const scores = await openScores(folder, model.config, passes, data.items.length);
  const own = pairsOf(data, options.shard);
  const phases = new Phases(handlers.onProgress);
  await phases.run(
    'pairs',
    own.length,
    async (done) => {
      for (const block of blocksOf(data.items, own)) {
        const missing = await filterAsync(block, async (pair) => !(await folder.has(answersUnit(pair))));
        await done(block.length - missing.length);
        await computeBlock(work, scores, missing, () => done(1));
      }
    },
    'pairs',
  );
}

async function filterAsync<T>(all: readonly T[], test: (one: T) => Promise<boolean>): Promise<T[]> {
  const passed = await Promise.all(all.map(test));
  return all.filter((_, i) => passed[i]);
}

/** Computes what is missing of the pairs of a block. */
async function computeBlock(
  { model, data, options, folder, passes, handlers: { signal } }: Work,
  store: ChunkStore,
  pairs: readonly number[],
  done: () => Promise<void>,
): Promise<void> {
  if (pairs.length === 0) return;
  const items = await Promise.all(
    pairs.map(async (pair): Promise<BlockItem> => {
      const at = chunkOf(pair);
      const isMissing = async ({ arrays }: Pass) =>
        (await filterAsync(arrays, (name) => store.hasChunk(name, at))).length < arrays.length;
      return {
        item: data.items[pair]!,
        passes: await filterAsync(passes, isMissing),
        keep: async ({ arrays }, found) => {
          for (const [i, name] of arrays.entries()) await store.writeChunk(name, at, found[i]!.data);
        },
        finish: async (answered) => {
          await folder.save(answersUnit(pair), new Map(Object.entries(answered)));
          await done();
        },
      };
    }),
  );
  await runBlock({ model, options, signal }, items);
}

/** What `--resume` compares: the model, the pairs in their order with their metrics, and what is computed. */
export async function surveyIdentity(
  model: Studied,
  data: DataSet,
  options: Omit<SurveyOptions, 'out' | 'resume' | 'figures' | 'shard' | 'command'>,
): Promise<Identity> {
  const { methods, components, directions, gains, steps, quantile, tau, seed, draws } = options;
  return {
    ...(await modelIdentity(model)),
    ...dataIdentity(data, {
      methods: methods.join(','),
      components: components.join(','),
      directions: directions.join(','),
      gains,
      steps: steps ?? 'default',
      quantile,
      tau,
      seed,
      draws,
    }),
  };
}
