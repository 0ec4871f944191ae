/**
 * How the model of each survey answers, side by side: means over all valid pairs with intervals over clusters.
 */
import { ANSWER_QUANTITIES, type AnswerQuantity, type ComparisonJson } from '../results/comparison-json.ts';
import type { SurveyPairRow } from '../results/survey-pairs.ts';
import { mean } from '../stats/moments.ts';
import { meanOverPairs } from '../stats/mean-over-pairs.ts';
import type { Counts, Draw } from './draws.ts';
import { estimate } from './draws.ts';
import type { Side, Sides } from './side.ts';

/** What a pair gives for each quantity. F is by the task's metric. */
export function answerOf(quantity: AnswerQuantity, { solved, metric }: SurveyPairRow): number {
  switch (quantity) {
    case 'solved':
      return Number(solved);
    case 'F clean':
      return metric.clean;
    case 'F corrupted':
      return metric.corrupted;
    case 'D':
      return metric.clean - metric.corrupted;
  }
}

/**
 * Each survey's own interval is BCa; that of the difference, A - B, percentiles of draws of both. F by two metrics has two
 * units: no difference then.
 */
export function compareAnswers({ a, b }: Sides, draws: readonly Draw[]): ComparisonJson['answers'] {
  const oneUnit = a.survey.task.metric === b.survey.task.metric;
  return ANSWER_QUANTITIES.map((quantity) => {
    const [one, two] = [values(a, quantity), values(b, quantity)];
    const drawn = draws.map((draw) => drawnMean(a, one, draw.a) - drawnMean(b, two, draw.b));
    const comparable = oneUnit || quantity === 'solved';
    return {
      quantity,
      a: ownInterval(a, one),
      b: ownInterval(b, two),
      difference: comparable ? estimate(mean(one) - mean(two), drawn) : estimate(Number.NaN, []),
    };
  });
}

function values({ pairs }: Side, quantity: AnswerQuantity): number[] {
  return pairs.map((pair) => answerOf(quantity, pair));
}

function ownInterval({ pairs, survey }: Side, of: readonly number[]) {
  const { draws, seed } = survey.options;
  const clusters = pairs.map(({ cluster }) => cluster);
  const { mean: value, low, high } = meanOverPairs(of, clusters, { draws, seed });
  return { value, low, high };
}

function drawnMean({ pairs }: Side, of: readonly number[], counts: Counts): number {
  let [sum, n] = [0, 0];
  pairs.forEach(({ cluster }, i) => {
    sum += counts[cluster]! * of[i]!;
    n += counts[cluster]!;
  });
  return sum / n;
}
