/**
 * The study: the whole experiment on one pair, from a loaded model to a folder of results.
 *
 * 1. both runs of the pair, forward and back;
 * 2. integrated gradients of all layers, both directions;
 * 3. patching of all components with their effects, in the directions asked;
 * 4. scores, labels, controls; figures and page; `study.json` last.
 *
 * Units of 2 and 3 are kept as they finish: a study that was stopped goes on with `resume`. A shard does 1 and its
 * part of 2 and 3; `mergeStudies` does 4.
 */
import { InputError, throwIfCancelled } from '../errors.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { alone } from '../patch/alone.ts';
import type { Model } from '../patch/model.ts';
import { checkPair } from '../patch/open-pair.ts';
import type { Pair } from '../tasks/pair.ts';
import { computeShard } from './compute.ts';
import { finishStudy, recordedStudy } from './finish.ts';
import { StudyFolder } from './folder.ts';
import type { Study, StudyHandlers } from './handlers.ts';
import { identityOf, type Studied } from './identity.ts';
import { resolveOptions, type StudyOptions } from './options.ts';
import { withinBudget } from './plan/memory.ts';
import { checkPublished } from './published.ts';
import type { ShardRecord } from './record.ts';
import { shardText } from './shard.ts';
import { unitsOf } from './units.ts';

/** A shard that is computed: its folder is a part for `mergeStudies`. */
export interface StudyShard {
  readonly folder: string;
  readonly record: ShardRecord;
  /** Names of all units of the study that the folder holds, those of other shards too. */
  readonly units: readonly string[];
  /** How many units the study has. */
  readonly total: number;
}

/**
 * Runs the experiment on one pair and writes its folder (docs/definitions.md tells what is in it).
 * Throws InputError for bad options, a folder that cannot be used, a pair that does not fit the model and for a model
 * on which another study runs; CancelledError; RunError.
 */
export async function study(
  model: Model,
  pair: Pair,
  given: Partial<StudyOptions> = {},
  handlers: StudyHandlers = {},
): Promise<Study> {
  const options = resolveOptions(given);
  if (options.shard.count > 1) {
    throw new InputError(
      `expected a whole study, got shard ${shardText(options.shard)}; call studyShard() for each shard, then mergeStudies()`,
    );
  }
  checkPair(model, pair);
  checkPublished(model.config, pair, options);
  return alone(model.loaded, 'study', async (loaded) => {
    const begun = await begin(loaded, pair, options);
    if (begun.state === 'complete') return recordedStudy(begun.folder);
    await computeShard({ ...begun, model: loaded, pair, handlers });
    throwIfCancelled(handlers.signal);
    return finishStudy(begun.folder, options.figures, handlers);
  });
}

/**
 * Computes one shard, `options.shard`, into a folder of its own or into one that shards share, also at the same time.
 * What the folder already holds of it is kept. `mergeStudies` makes the study of all shards.
 * Gives the study where the folder already holds a complete one. Throws as `study`.
 */
export async function studyShard(
  model: Model,
  pair: Pair,
  given: Partial<StudyOptions>,
  handlers: StudyHandlers = {},
): Promise<StudyShard | Study> {
  const options = resolveOptions(given);
  checkPair(model, pair);
  checkPublished(model.config, pair, options);
  return alone(model.loaded, 'study', async (loaded) => {
    const begun = await begin(loaded, pair, options);
    const { folder } = begun;
    if (begun.state === 'complete') return recordedStudy(folder);
    const record = await computeShard({ ...begun, model: loaded, pair, handlers });
    const names = unitsOf(loaded.config, options).map(({ name }) => name);
    const there = await Promise.all(names.map((name) => folder.has(name)));
    return { folder: folder.path, record, units: names.filter((_, i) => there[i]), total: names.length };
  });
}

async function begin(model: LoadedModel, pair: Pair, given: StudyOptions) {
  const options = withinBudget(model.config, pair, given);
  const folder = await StudyFolder.open(options.out, options.resume);
  const identity = await identityOf(model, pair, asCompared(given, options));
  return { folder, identity, options, state: await folder.claim(identity) };
}

/** Batches change no bit of a result, the rows of integrated gradients do: the batch as asked, the rows as chosen. */
function asCompared(given: StudyOptions, { rows }: StudyOptions): StudyOptions {
  return rows === undefined ? given : { ...given, rows };
}

/**
 * The complete study that `out` already holds, if `resume` is given and it does. No weights are needed and nothing is
 * written. Throws InputError for bad options, and naming the first difference where the folder holds another study.
 */
export async function completeStudy(
  model: Studied,
  pair: Pair,
  given: Partial<StudyOptions>,
): Promise<Study | undefined> {
  const options = resolveOptions(given);
  if (!options.resume) return undefined;
  const folder = new StudyFolder(options.out);
  const compared = asCompared(options, withinBudget(model.config, pair, options));
  const state = await folder.holds(await identityOf(model, pair, compared));
  return state === 'complete' ? recordedStudy(folder) : undefined;
}
