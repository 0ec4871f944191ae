/**
 * Labelled components against controls, in both surveys: the rows of each, side by side, and the difference of their means.
 *
 *   difference = mean of d_i over the pairs of A - the same of B        (d_i: `survey/analysis/gains.ts`)
 *
 * Its interval has the clusters of both drawn (`draws.ts`); folds, and so labels, stay as they are. That two intervals
 * overlap, or do not, is no test of the difference.
 */
import type { ComparedGainJson, GainSideJson } from '../results/comparison-json.ts';
import type { SurveyGainJson } from '../results/survey-json.ts';
import { exactBothWays } from '../survey/analysis/arrays.ts';
import { type GainDifferences, gainDifferences } from '../survey/analysis/gains.ts';
import { holdOut } from '../survey/analysis/held-out.ts';
import type { BothPooled } from '../survey/analysis/labels.ts';
import { arrayName, GAIN, OWN } from '../survey/passes.ts';
import type { Direction, Kind } from '../terms.ts';
import { type Counts, type Draw, estimate } from './draws.ts';
import { inBoth, type Side, type Sides } from './side.ts';

/** No rows where gains or labels are not in both. */
export async function compareGainRows(sides: Sides, draws: readonly Draw[]): Promise<ComparedGainJson[]> {
  const { a, b } = sides;
  if (!a.survey.options.gains || !b.survey.options.gains) return [];
  const { kinds, directions } = inBoth(sides);
  const rows: ComparedGainJson[] = [];
  for (const kind of kinds) {
    const [one, two] = [await exactBothWays(a, kind), await exactBothWays(b, kind)];
    if (!one || !two) continue;
    for (const direction of directions)
      rows.push(
        ...compareRows(await gainsOf(a, one, kind, direction), await gainsOf(b, two, kind, direction), draws),
      );
  }
  return rows;
}

/** A row of a survey with the differences that it is the mean of. */
interface GainRow {
  readonly row: SurveyGainJson;
  readonly of: GainDifferences;
}

async function gainsOf(
  { read, facts, survey, found, among }: Side,
  both: BothPooled,
  kind: Kind,
  direction: Direction,
): Promise<GainRow[]> {
  const { options, task, shape } = survey;
  const names = { gain: arrayName(GAIN, direction, kind), own: arrayName(OWN, direction, kind) };
  const { tau, draws, seed } = options;
  const request = { kind, direction, contrast: task.contrast, tau, perLayer: shape[kind], names };
  const asked = { ...request, among, draws, seed };
  const all = await gainDifferences(read, facts, holdOut(both, facts.clusters, asked), asked);
  const rows = found.gains.filter((row) => row.kind === kind && row.direction === direction);
  // Both are in one order: labels, then controls.
  return rows.map((row, i) => ({ row, of: all[i]! }));
}

function compareRows(
  a: readonly GainRow[],
  b: readonly GainRow[],
  draws: readonly Draw[],
): ComparedGainJson[] {
  return a.map((one, i) => {
    const two = b[i]!;
    const { kind, direction, controls } = one.row;
    const drawn = draws.map((draw) => drawnMean(one.of, draw.a) - drawnMean(two.of, draw.b));
    return {
      kind,
      direction,
      labels: { a: one.row.labels, b: two.row.labels },
      controls,
      a: sideOf(one.row),
      b: sideOf(two.row),
      difference: estimate(one.row.mean - two.row.mean, drawn),
    };
  });
}

function sideOf({
  n,
  clusters,
  matched,
  mean,
  low,
  high,
  r,
  r_low,
  r_high,
  p_adjusted,
  stand_ins,
}: SurveyGainJson): GainSideJson {
  return {
    n,
    clusters,
    matched,
    mean: { value: mean, low, high },
    r: { value: r, low: r_low, high: r_high },
    p_adjusted,
    p_components: stand_ins?.p ?? Number.NaN,
  };
}

/** NaN where no cluster with a value is drawn. */
function drawnMean({ differences, clusters }: GainDifferences, counts: Counts): number {
  let [sum, n] = [0, 0];
  differences.forEach((d, i) => {
    const times = counts[clusters[i]!]!;
    sum += times * d;
    n += times;
  });
  return sum / n;
}
