/**
 * Surveys to compare, made up: pairs in clusters, and scores by array and pair.
 */
import { type Side, sideFrom } from '../../src/compare/side.ts';
import { SURVEY_SCHEMA, type SurveyJson } from '../../src/results/survey-json.ts';
import type { SurveyRecord } from '../../src/results/survey-record.ts';
import { analyseSet } from '../../src/survey/analysis/analyse.ts';
import type { ReadScores } from '../../src/survey/analysis/pool.ts';
import { factsFrom, type MadePair, reader, recordFrom } from '../survey/synthetic.ts';

export interface MadeSurvey {
  readonly pairs: readonly MadePair[];
  readonly scores: (name: string, pair: number) => readonly number[] | undefined;
  readonly shape?: SurveyRecord['shape'];
  readonly options?: Partial<SurveyRecord['options']>;
  readonly task?: Partial<SurveyRecord['task']>;
  readonly sha256?: string;
  /** Begins the prompts: pairs with the same number are the same pair where it is the same. */
  readonly words?: string;
}

export const HEADS: SurveyRecord['shape'] = { layers: 2, heads: 3, neurons: 1 };

export async function madeSide(folder: string, made: MadeSurvey): Promise<Side> {
  const { pairs, scores, shape = HEADS, options = {}, task = {}, sha256 = '0', words = 'prompt' } = made;
  const facts = factsFrom(pairs);
  const plain = recordFrom(facts, { components: ['heads'], draws: 200, ...options }, shape);
  const record = { ...plain, task: { ...plain.task, ...task }, model: { ...plain.model, sha256 } };
  const read: ReadScores = reader(scores);
  const { json } = (await analyseSet(read, facts, record, 'all'))!;
  const { pairs: _pairs, ...fields } = record;
  const survey: SurveyJson = {
    schema: SURVEY_SCHEMA,
    complete: true,
    ...fields,
    n: pairs.length,
    clusters: { count: facts.clusters, rule: facts.rule },
    sets: [json],
    findings: [],
    phases: [],
  };
  const rows = facts.pairs.map(({ cluster, metric, logitMetric, solved, pair }, i) => ({
    clean: `${words} ${i}`,
    corrupted: `${words} ${i} corrupted`,
    cluster,
    metric,
    logitMetric,
    solved,
    reversed: pair.reversed,
  }));
  return sideFrom(folder, survey, json, rows, read);
}

/** Pairs of F 3 and -1, each a cluster. */
export function pairsOf(n: number): MadePair[] {
  return Array.from({ length: n }, (_, cluster) => ({ clean: 3, corrupted: -1, cluster }));
}

/** Scores that give these normalised effects at D = 4, a little other in each pair. */
export function effects(
  noising: readonly number[],
  denoising: readonly number[],
): (name: string, pair: number) => number[] | undefined {
  return (name, pair) => {
    const jitter = (e: number, c: number) => e * 4 * (1 + 0.02 * Math.sin(7 * pair + c));
    if (name === 'ap.noising.heads') return noising.map((e, c) => -jitter(e, c));
    if (name === 'ap.denoising.heads') return denoising.map(jitter);
    return undefined;
  };
}
