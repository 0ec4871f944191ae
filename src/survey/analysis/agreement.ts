/**
 * An approximate method against exact patching, pair by pair: correlations, calibration, overlap of what both highlight,
 * wrong signs. A method without signs is compared with |exact|, and has no wrong signs.
 */
import { highlighted } from '../../latent/highlight.ts';
import type { Interval, SurveyAgreementJson } from '../../results/survey-json.ts';
import { pearson, spearman } from '../../stats/correlation.ts';
import { meanOverPairs } from '../../stats/mean-over-pairs.ts';
import { mean } from '../../stats/moments.ts';
import { jaccard } from '../../stats/overlap.ts';
import { slopeThroughOrigin } from '../../stats/slope.ts';
import { type Direction, isSmallD, type Kind } from '../../terms.ts';
import type { Clustered, PairValues } from './facts.ts';
import type { ReadScores } from './pool.ts';

export interface AgreementRequest {
  readonly method: string;
  readonly signed: boolean;
  readonly direction: Direction;
  readonly kind: Kind;
  /** The arrays of the method and of exact patching. */
  readonly names: { readonly method: string; readonly exact: string };
  readonly among: readonly number[];
  readonly quantile: number;
  readonly tau: number;
  readonly draws: number;
  readonly seed: number;
}

export interface Agreement {
  readonly json: SurveyAgreementJson;
  /** Pearson's correlation of each pair among those asked for; NaN where one list is constant. */
  readonly pearson: Float64Array;
}

const MEASURES = ['pearson', 'spearman', 'spearman_size', 'slope', 'jaccard'] as const;
type Measure = (typeof MEASURES)[number];

/** Means over pairs with intervals over clusters; counts of wrong signs over all pairs. */
export async function describeAgreement(
  read: ReadScores,
  facts: Clustered,
  request: AgreementRequest,
): Promise<Agreement> {
  const { method, signed, direction, kind, names, among, draws, seed } = request;
  const values = Object.fromEntries(
    MEASURES.map((measure) => [measure, new Float64Array(among.length)]),
  ) as Record<Measure, Float64Array>;
  const expected = new Float64Array(among.length);
  let [wrong, of] = [0, 0];
  for (const [k, i] of among.entries()) {
    const [approximate, exact] = [await read(names.method, i), await read(names.exact, i)];
    const found = measured(approximate, exact, request);
    for (const measure of MEASURES) values[measure][k] = found[measure];
    expected[k] = found.expected;
    if (!signed) continue;
    const signs = signsOf(approximate, exact, facts.pairs[i]!, request.tau);
    wrong += signs.wrong;
    of += signs.of;
  }
  const cluster = among.map((i) => facts.pairs[i]!.cluster);
  const over = (measure: Measure): Interval => meanOverPairs(values[measure], cluster, { draws, seed });
  const json = {
    method,
    signed,
    direction,
    kind,
    n: among.length,
    pearson: over('pearson'),
    spearman: over('spearman'),
    spearman_size: over('spearman_size'),
    slope: over('slope'),
    jaccard: over('jaccard'),
    jaccard_expected: mean(expected),
    wrong_signs: wrong,
    wrong_signs_of: of,
  };
  return { json, pearson: values.pearson };
}

function measured(
  approximate: Float32Array,
  exact: Float32Array,
  { signed, quantile }: AgreementRequest,
): Record<Measure | 'expected', number> {
  const [sizes, exactSizes] = [approximate.map(Math.abs), exact.map(Math.abs)];
  const compared = signed ? exact : exactSizes;
  const overlap = jaccard(highlighted(approximate, quantile), highlighted(exact, quantile));
  return {
    pearson: pearson(approximate, compared),
    spearman: spearman(approximate, compared),
    spearman_size: spearman(sizes, exactSizes),
    slope: slopeThroughOrigin(approximate, compared),
    jaccard: overlap.jaccard,
    expected: overlap.expected,
  };
}

/** Signs among components of |e| of tau or more; a score of 0 has none, nor have pairs with a small D. */
function signsOf(
  approximate: Float32Array,
  exact: Float32Array,
  { metric }: PairValues,
  tau: number,
): { readonly wrong: number; readonly of: number } {
  let [wrong, of] = [0, 0];
  if (isSmallD(metric)) return { wrong, of };
  const least = tau * Math.abs(metric.clean - metric.corrupted);
  exact.forEach((score, c) => {
    if (Math.abs(score) < least || approximate[c] === 0) return;
    of++;
    if (Math.sign(score) !== Math.sign(approximate[c]!)) wrong++;
  });
  return { wrong, of };
}
