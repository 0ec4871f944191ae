/**
 * What is known of each pair before its scores are read: its cluster, F of both prompts, whether the model solves it.
 */
import { clustersOf } from '../../stats/clusters.ts';
import type { StudyFolder } from '../../study/folder.ts';
import type { PairSet } from '../../results/survey-json.ts';
import type { SurveyPair, SurveyRecord } from '../../results/survey-record.ts';
import type { MetricValues } from '../../terms.ts';
import { answersUnit } from '../record.ts';

/** What scores of a pair are pooled and chosen by. */
export interface PairValues {
  readonly cluster: number;
  /** F by the task's metric, and by the metric that labels read. */
  readonly metric: MetricValues;
  readonly logitMetric: MetricValues;
  /** F > 0 on the clean prompt, and in a swap F < 0 on the corrupted one, by the metric that labels read. */
  readonly solved: boolean;
}

export interface PairFacts extends PairValues {
  readonly pair: SurveyPair;
  /** Of the clean and of the corrupted prompt. */
  readonly rank: readonly [number, number];
  readonly probability: readonly [number, number];
}

/** Pairs in clusters, counted from 0. */
export interface Clustered {
  readonly pairs: readonly PairValues[];
  readonly clusters: number;
}

export interface Facts extends Clustered {
  readonly pairs: readonly PairFacts[];
  /** What a cluster is, in words. */
  readonly rule: string;
}

/** Reads how every pair was answered. */
export async function factsOf(
  folder: StudyFolder,
  { pairs, task }: Pick<SurveyRecord, 'pairs' | 'task'>,
): Promise<Facts> {
  const clusters = clustersOf(pairs);
  const facts: PairFacts[] = [];
  for (const [i, pair] of pairs.entries()) {
    const kept = await folder.load(answersUnit(i));
    const both = (name: string) => [...kept.get(name)!.data.subarray(0, 2)].map(Number) as [number, number];
    const [clean, corrupted] = both('metric');
    const [logitClean, logitCorrupted] = both('logitMetric');
    facts.push({
      pair,
      cluster: clusters.of[i]!,
      metric: { clean, corrupted },
      logitMetric: { clean: logitClean, corrupted: logitCorrupted },
      rank: both('rank'),
      probability: both('probability'),
      solved: logitClean > 0 && (task.contrast === 'removal' || logitCorrupted < 0),
    });
  }
  return { pairs: facts, clusters: clusters.count, rule: clusters.rule };
}

/** The places of the pairs of a set. */
export function pairsIn({ pairs }: Pick<Clustered, 'pairs'>, set: PairSet): number[] {
  return pairs.flatMap(({ solved }, i) => (set === 'all' || solved ? [i] : []));
}

/** Means of F over pairs. NaN for none. */
export function meanMetric(
  { pairs }: Pick<Clustered, 'pairs'>,
  among: readonly number[],
  pick: (facts: PairValues) => MetricValues,
): MetricValues {
  const mean = (value: (metric: MetricValues) => number): number =>
    among.reduce((sum, i) => sum + value(pick(pairs[i]!)), 0) / among.length;
  return { clean: mean(({ clean }) => clean), corrupted: mean(({ corrupted }) => corrupted) };
}
