/**
 * A pair opened on a model: the chain, both runs, and which of them is edited. What every method starts from.
 */
import { InputError } from '../errors.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { checkMetric } from '../tasks/check-metric.ts';
import { checkAnswers, checkPrompts } from '../tasks/check.ts';
import { logitDifference, type Metric } from '../tasks/metric.ts';
import type { Pair, PromptPair } from '../tasks/pair.ts';
import type { Direction } from '../terms.ts';
import { alone } from './alone.ts';
import type { Model } from './model.ts';
import { type Run, runBoth } from './pair-runs.ts';
import { SuffixChain } from './suffix.ts';

/** A pair with its answers, prompts with a metric of their own (an item of a data set), or prompts alone. */
export type MeasuredPair = Pair | (PromptPair & { readonly metric?: Metric });

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

/** Runs both prompts of a pair and measures them by a metric. `keepSessions`: as `SuffixChain.create` has it. */
export async function openPrompts(
  model: LoadedModel,
  pair: PromptPair,
  metric: Metric,
  keepSessions = false,
): Promise<OpenPair> {
  const prompts = [pair.clean.ids, pair.corrupted.ids];
  const chain = await SuffixChain.create(model, metric, prompts, pair.firstDifference, keepSessions);
  const [clean, corrupted] = (await runBoth(chain)) as [Run, Run];
  if (!keepSessions) await chain.release();
  return { chain, metric, runs: { clean, corrupted } };
}

/** The same by the logit difference of the pair's answers. */
export function openPair(model: LoadedModel, pair: Pair): Promise<OpenPair> {
  return openPrompts(model, pair, logitDifference(pair.answer.id, pair.wrong.id));
}

/**
 * Runs a method on a pair; afterwards nothing of it is left in the engine. Without a metric, F is that of the pair, or the
 * logit difference of its answers.
 * Throws InputError for a pair or a metric that does not fit the model, for prompts without either where no metric is
 * given, and for a model on which other such work runs.
 */
export async function withPair<T>(
  model: Model,
  pair: MeasuredPair,
  body: (open: OpenPair) => Promise<T>,
  metric?: Metric,
): Promise<T> {
  const measured = metricFor(model, pair, metric);
  return alone(model.loaded, 'method', async (loaded) => body(await openPrompts(loaded, pair, measured)));
}

/**
 * The metric of a pair, given, its own or that of its answers, once both fit the model. Throws InputError where they do
 * not, and for prompts that have neither where none is given.
 */
export function metricFor(model: Model, pair: MeasuredPair, given?: Metric): Metric {
  const metric = given ?? ('metric' in pair ? pair.metric : undefined);
  if (metric) {
    checkPrompts(pair.clean, pair.corrupted, model.config);
    checkMetric(metric, model.config.vocabulary);
    return metric;
  }
  if (!('answer' in pair))
    throw new InputError(
      'expected a metric for prompts without answers, got none; give one, or a pair with answers',
    );
  checkPair(model, pair);
  return logitDifference(pair.answer.id, pair.wrong.id);
}

/** A pair may have been made for another model: throws InputError where it does not fit. */
export function checkPair({ config }: Model, pair: Pair): void {
  checkPrompts(pair.clean, pair.corrupted, config);
  checkAnswers(pair.answer, pair.wrong, config);
}
