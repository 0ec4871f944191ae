/**
 * One of the two surveys of a comparison, opened: its file, its pairs, its scores. Nothing is pooled yet.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { parseSurveyJson, SURVEY_FILE, type SurveyJson, type SurveySetJson } from '../results/survey-json.ts';
import { readSurveyPairs, type SurveyPairRow } from '../results/survey-pairs.ts';
import { readResult } from '../results/result-folder.ts';
import { SurveyScores } from '../results/survey-scores.ts';
import { pooledArray, type PoolWork } from '../survey/analysis/arrays.ts';
import { meanMetric } from '../survey/analysis/facts.ts';
import type { Pooled, ReadScores } from '../survey/analysis/pool.ts';
import { EXACT } from '../survey/options.ts';
import { labelSource } from '../survey/passes.ts';
import { SCORES } from '../survey/store.ts';
import { type Direction, isSmallD, type Kind } from '../terms.ts';

export interface Side extends PoolWork {
  /** As it was given. */
  readonly folder: string;
  readonly survey: SurveyJson;
  /** What the survey says of all valid pairs. */
  readonly found: SurveySetJson;
  readonly pairs: readonly SurveyPairRow[];
  readonly record: SurveyJson;
  /** The pairs that labels read: of a pair and its reverse the first alone. */
  readonly among: readonly number[];
}

export interface Sides {
  readonly a: Side;
  readonly b: Side;
}

/** Opens both. Throws InputError for a folder that is no finished survey, and for one folder twice. */
export async function openSides(first: string, second: string): Promise<Sides> {
  const [a, b] = [await openSide(first), await openSide(second)];
  if ((await realpath(first)) === (await realpath(second)))
    throw new InputError(`expected two surveys, got ${first} twice; give another for one of them`);
  return { a, b };
}

async function openSide(folder: string): Promise<Side> {
  const path = join(folder, SURVEY_FILE);
  const survey = parseSurveyJson((await readResult(path, 'survey')).toString('utf8'), path);
  const pairs = await readSurveyPairs(folder);
  const found = survey.sets.find(({ set }) => set === 'all');
  if (!found || pairs.length !== survey.n)
    throw new InputError(
      `expected ${survey.n} pairs in ${folder}, as ${SURVEY_FILE} says, got ${pairs.length}; run the survey again`,
    );
  const scores = new SurveyScores(join(folder, SCORES));
  const read: ReadScores = (name, pair) => scores.read(name, pair);
  return sideFrom(folder, survey, found, pairs, read);
}

/** A survey that is at hand, such as one that a test made up. */
export function sideFrom(
  folder: string,
  survey: SurveyJson,
  found: SurveySetJson,
  pairs: readonly SurveyPairRow[],
  read: ReadScores,
): Side {
  return {
    folder,
    survey,
    found,
    pairs,
    read,
    record: survey,
    facts: { pairs, clusters: survey.clusters.count },
    among: pairs.flatMap(({ reversed }, i) => (reversed ? [] : [i])),
  };
}

/** Whether a survey has exact patching. */
export function hasExact({ survey }: Side): boolean {
  return survey.options.methods.includes(EXACT);
}

/** The array of exact patching by the metric that labels read. */
export function exactMethod({ survey }: Side): string {
  return labelSource(survey.has_twin);
}

/** Whether D is too small for pooled effects and labels. */
export function hasSmallD({ facts, among }: Side): boolean {
  return isSmallD(meanMetric(facts, among, ({ logitMetric }) => logitMetric));
}

/** Exact patching by the metric that labels read, pooled by cluster. */
export function pooledExact(side: Side, direction: Direction, kind: Kind): Promise<Pooled> {
  return pooledArray(side, exactMethod(side), direction, kind);
}

/** Kinds and directions that both have. */
export function inBoth({ a, b }: Sides): { readonly kinds: Kind[]; readonly directions: Direction[] } {
  const { components, directions } = b.survey.options;
  return {
    kinds: a.survey.options.components.filter((kind) => components.includes(kind)),
    directions: a.survey.options.directions.filter((direction) => directions.includes(direction)),
  };
}
