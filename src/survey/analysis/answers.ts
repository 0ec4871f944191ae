/**
 * How the model answers a set of pairs.
 */
import type { SurveyAnswersJson } from '../../results/survey-json.ts';
import { mean } from '../../stats/moments.ts';
import { quantile } from '../../stats/quantile.ts';
import { isSmallD } from '../../terms.ts';
import { type Facts, meanMetric } from './facts.ts';

export function describeAnswers(facts: Facts, among: readonly number[]): SurveyAnswersJson {
  const own = among.map((i) => facts.pairs[i]!);
  const share = (test: (one: (typeof own)[number]) => boolean): number =>
    own.filter(test).length / own.length;
  const { clean, corrupted } = meanMetric(facts, among, ({ metric }) => metric);
  return {
    n: own.length,
    clusters: new Set(own.map(({ cluster }) => cluster)).size,
    accuracy: share(({ solved }) => solved),
    first: share(({ rank }) => rank[0] === 0),
    median_rank:
      own.length > 0
        ? quantile(
            own.map(({ rank }) => rank[0]),
            0.5,
          )
        : Number.NaN,
    probability: mean(own.map(({ probability }) => probability[0])),
    clean,
    corrupted,
    D: clean - corrupted,
    small_d: own.filter(({ logitMetric }) => isSmallD(logitMetric)).length,
  };
}
