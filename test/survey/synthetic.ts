/**
 * Surveys without a model: pairs in clusters, and scores that a test makes up.
 */
import type { PairSet } from '../../src/results/survey-json.ts';
import type { SurveyRecord } from '../../src/results/survey-record.ts';
import { pairsIn, type Facts } from '../../src/survey/analysis/facts.ts';
import { type AnalysedSet, analyseSet } from '../../src/survey/analysis/analyse.ts';
import type { ReadScores } from '../../src/survey/analysis/pool.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';

/** F of both prompts of one pair, its cluster, and whether it is an earlier one turned round. */
export interface MadePair {
  readonly clean: number;
  readonly corrupted: number;
  readonly cluster: number;
  readonly reversed?: boolean;
}

export function factsFrom(pairs: readonly MadePair[]): Facts {
  return {
    clusters: 1 + Math.max(...pairs.map(({ cluster }) => cluster)),
    rule: 'made up',
    pairs: pairs.map(({ clean, corrupted, cluster, reversed = false }, row) => ({
      cluster,
      metric: { clean, corrupted },
      logitMetric: { clean, corrupted },
      rank: [0, 0] as const,
      probability: [1, 0] as const,
      solved: clean > 0,
      pair: {
        row,
        clean: 'a',
        corrupted: 'b',
        template: String(cluster),
        fillers: {},
        length: 1,
        positive: ['x'],
        negative: ['y'],
        reversed,
      },
    })),
  };
}

/** Scores by array and pair; an array that is not given is an error. */
export function reader(score: (name: string, pair: number) => readonly number[] | undefined): ReadScores {
  return async (name, pair) => {
    const found = score(name, pair);
    if (!found) throw new RangeError(`the test has no ${name}`);
    return Float32Array.from(found);
  };
}

export function recordFrom(
  facts: Facts,
  changes: Partial<SurveyRecord['options']>,
  shape: SurveyRecord['shape'],
): SurveyRecord {
  return {
    model: { id: 'none', architecture: 'gpt2', sha256: '0'.repeat(64) },
    shape,
    task: { name: 'ioi', metric: 'logit_difference', contrast: 'removal' },
    has_twin: false,
    options: {
      methods: ['ap'],
      components: [...KINDS],
      directions: [...DIRECTIONS],
      gains: false,
      steps: null,
      quantile: 0.9,
      tau: 0.02,
      seed: 0,
      draws: 200,
      raw_weights: false,
      ...changes,
    },
    skipped: [],
    notes: [],
    command: 'mediators survey',
    versions: {},
    provider: 'cpu',
    processors: [],
    identity: {},
    pairs: pairsIn(facts, 'all').map((i) => facts.pairs[i]!.pair),
  };
}

interface AnalysedPart {
  readonly set: PairSet;
  readonly shape: SurveyRecord['shape'];
}

/** What a survey of heads says of made-up scores: a layer of four, where nothing else is asked for. */
export async function analysed(
  pairs: readonly MadePair[],
  score: (name: string, pair: number) => readonly number[] | undefined,
  options: Parameters<typeof recordFrom>[1] = {},
  { set = 'all', shape = { layers: 1, heads: 4, neurons: 1 } }: Partial<AnalysedPart> = {},
): Promise<AnalysedSet | undefined> {
  const facts = factsFrom(pairs);
  const record = recordFrom(facts, { components: ['heads'], ...options }, shape);
  return analyseSet(reader(score), facts, record, set);
}
