/**
 * What a metric must satisfy before it is measured on a model. Each check throws InputError with one line.
 */
import { InputError } from '../errors.ts';
import { checkAnswers, checkIds } from './check.ts';
import type { KlDivergence, Metric, SetDifference } from './metric.ts';

/** How far the probabilities of a reference may sum from 1: float32's rounding over a large vocabulary. */
const SUM_TOLERANCE = 1e-3;

/** Tokens of the vocabulary; sets that are not empty and share none; a reference that is a distribution over it. */
export function checkMetric(metric: Metric, vocabulary: number): void {
  switch (metric.name) {
    case 'logit_difference':
      checkIds([metric.answer, metric.wrong], 'metric', vocabulary);
      return checkAnswers({ id: metric.answer }, { id: metric.wrong }, { vocabulary });
    case 'log_probability':
      return checkIds([metric.answer], 'metric', vocabulary);
    case 'set_difference':
      return checkSets(metric, vocabulary);
    case 'kl_divergence':
      return checkReference(metric, vocabulary);
  }
}

function checkSets({ positive, negative }: SetDifference, vocabulary: number): void {
  for (const [set, what] of [
    [positive, 'positive set'],
    [negative, 'negative set'],
  ] as const) {
    if (set.length === 0)
      throw new InputError(`expected a ${what} of at least one token, got none; name some`);
    checkIds(set, `metric's ${what}`, vocabulary);
    const twice = set.find((token, i) => set.indexOf(token) !== i);
    if (twice !== undefined)
      throw new InputError(`expected every token of the ${what} once, got ${twice} twice; leave one out`);
  }
  const shared = positive.find((token) => negative.includes(token));
  if (shared !== undefined)
    throw new InputError(
      `expected sets without a common token, got ${shared} in both; it adds nothing to the difference: leave it out`,
    );
}

function checkReference({ reference }: KlDivergence, vocabulary: number): void {
  const mend = "take the clean run's logits at its last token (klDivergence)";
  if (reference.length !== vocabulary)
    throw new InputError(
      `expected a reference of ${vocabulary} log probabilities, got ${reference.length}; ${mend}`,
    );
  const sum = reference.reduce((total, value) => total + Math.exp(value), 0);
  if (Math.abs(sum - 1) > SUM_TOLERANCE || !reference.every(Number.isFinite))
    throw new InputError(
      `expected a reference of finite log probabilities whose probabilities sum to 1, got a sum of ${sum}; ${mend}`,
    );
}
