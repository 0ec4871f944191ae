/**
 * The arrays of a survey, pooled over some of its pairs.
 */
import type { SurveyFields } from '../../results/survey-record.ts';
import type { Direction, Kind } from '../../terms.ts';
import { EXACT } from '../options.ts';
import { arrayName, labelSource, TWIN } from '../passes.ts';
import type { Clustered, PairValues } from './facts.ts';
import type { BothPooled } from './labels.ts';
import { pool, type Pooled, type ReadScores } from './pool.ts';

/** What pooling needs of a survey. */
export interface PoolWork {
  readonly read: ReadScores;
  readonly facts: Clustered;
  readonly record: Pick<SurveyFields, 'shape' | 'options' | 'has_twin'>;
  /** The pairs that are pooled. */
  readonly among: readonly number[];
}

/** One array of scores, pooled. */
export function pooledArray(
  { read, facts, record, among }: PoolWork,
  method: string,
  direction: Direction,
  kind: Kind,
): Promise<Pooled> {
  const { shape, options } = record;
  const metricOf = ({ metric, logitMetric }: PairValues) => (method === TWIN ? logitMetric : metric);
  const request = {
    name: arrayName(method, direction, kind),
    direction,
    size: shape.layers * shape[kind],
    metricOf,
    quantile: options.quantile,
  };
  return pool(read, facts, among, request);
}

/** Exact patching in both directions, by the metric that labels read; undefined where the survey did not run it in both. */
export async function exactBothWays(work: PoolWork, kind: Kind): Promise<BothPooled | undefined> {
  const { options, has_twin } = work.record;
  if (!options.methods.includes(EXACT) || options.directions.length < 2) return undefined;
  const source = labelSource(has_twin);
  return {
    noising: await pooledArray(work, source, 'noising', kind),
    denoising: await pooledArray(work, source, 'denoising', kind),
  };
}
