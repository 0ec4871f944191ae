/**
 * A pair opened on a model: the chain, both runs, and which of them is edited. What every method starts from.
 */
import type { LoadedModel } from '../model/loaded.ts';
import { checkAnswers, checkPrompts } from '../tasks/check.ts';
import { logitDifference, type Metric } from '../tasks/metric.ts';
import type { Pair } from '../tasks/pair.ts';
import type { Direction } from '../terms.ts';
import { alone } from './alone.ts';
import type { Model } from './model.ts';
import { type Run, runBoth } from './pair-runs.ts';
import { SuffixChain } from './suffix.ts';

/** Both runs of a pair. */
export interface PairRuns {
  readonly clean: Run;
  readonly corrupted: Run;
}

export interface OpenPair {
  readonly chain: SuffixChain;
  readonly metric: Metric;
  readonly runs: PairRuns;
}

/** The edited run, and the one that gives the values. */
export function baseAndOther(runs: PairRuns, direction: Direction): { base: Run; other: Run } {
  return direction === 'noising'
    ? { base: runs.clean, other: runs.corrupted }
    : { base: runs.corrupted, other: runs.clean };
}

/** Runs both prompts of a pair. */
export async function openPair(model: LoadedModel, pair: Pair): Promise<OpenPair> {
  const metric = logitDifference(pair.answer.id, pair.wrong.id);
  const prompts = [pair.clean.ids, pair.corrupted.ids];
  const chain = await SuffixChain.create(model, metric, prompts, pair.firstDifference);
  const [clean, corrupted] = (await runBoth(chain)) as [Run, Run];
  await chain.release();
  return { chain, metric, runs: { clean, corrupted } };
}

/**
 * Runs a method on a pair; afterwards nothing of it is left in the engine.
 * Throws InputError for a pair that does not fit the model, and for a model on which other such work runs.
 */
export async function withPair<T>(
  model: Model,
  pair: Pair,
  body: (open: OpenPair) => Promise<T>,
): Promise<T> {
  checkPair(model, pair);
  return alone(model.loaded, 'method', async (loaded) => body(await openPair(loaded, pair)));
}

/** A pair may have been made for another model: throws InputError where it does not fit. */
export function checkPair({ config }: Model, pair: Pair): void {
  checkPrompts(pair.clean, pair.corrupted, config);
  checkAnswers(pair.answer, pair.wrong, config);
}
