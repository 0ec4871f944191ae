/**
 * A curve as its file tells it: the circuit with intervals over clusters, random circuits as mean and range.
 *
 *     f = sum over pairs of (F(circuit) - F(corrupted)) / sum over pairs of (F(clean) - F(corrupted))
 *
 * The interval is that of the bootstrap of ratios (`stats/ratio-bootstrap.ts`): clusters of pairs are drawn again. It tells
 * what this very circuit would do on other clusters; the scores and the circuit stay as they are.
 */
import type { Curve, FaithfulnessCurves } from '../../faithfulness/curves.ts';
import { mean } from '../../faithfulness/faithfulness.ts';
import type { CurveJson, DrawsJson } from '../../results/faithfulness-json.ts';
import { ratioBootstrap } from '../../stats/ratio-bootstrap.ts';

/** Draws of the bootstrap. */
const BOOTSTRAP_DRAWS = 1000;

/** `clusterOf`: the cluster of each pair of the curves. */
export function curveJson(
  curves: FaithfulnessCurves,
  method: string,
  clusterOf: readonly number[],
): CurveJson {
  const { circuit, complement, random, seed } = curves;
  const limits = intervals(curves, clusterOf);
  return {
    name: curves.name,
    method,
    level: curves.level,
    select: curves.select,
    rule: curves.method,
    cpr: circuit.cpr ?? Number.NaN,
    cmd: circuit.cmd ?? Number.NaN,
    points: circuit.points.map(({ k, asked, nodes, edges, weightedEdges, share, f, values }, i) => ({
      k,
      asked,
      nodes,
      edges,
      weighted_edges: weightedEdges,
      share,
      f: f ?? Number.NaN,
      low: f === null ? Number.NaN : limits.low[i]!,
      high: f === null ? Number.NaN : limits.high[i]!,
      values: [...values],
    })),
    complement: complement.points.map(({ k, f, weightedEdges }) => ({
      k,
      f: f ?? Number.NaN,
      weighted_edges: weightedEdges,
    })),
    random: {
      draws: random.length,
      seed,
      cpr: spread(random.map(({ cpr }) => cpr)),
      cmd: spread(random.map(({ cmd }) => cmd)),
      points: circuit.points.map(({ k }, i) => randomPoint(random, k, i)),
    },
  };
}

function randomPoint(random: readonly Curve[], k: number, i: number): CurveJson['random']['points'][number] {
  const points = random.map((one) => one.points[i]!);
  const { mean: f, least, most } = spread(points.map((point) => point.f));
  return { k, f, least, most, weighted_edges: mean(points.map(({ weightedEdges }) => weightedEdges)) };
}

/** NaN where one of the values is missing. */
function spread(values: readonly (number | null)[]): DrawsJson {
  const known = values.map((value) => value ?? Number.NaN);
  return { mean: mean(known), least: Math.min(...known), most: Math.max(...known) };
}

/** Of f at every size: [sizes] each. */
function intervals(
  { circuit: { points }, clean, corrupted, seed }: FaithfulnessCurves,
  clusterOf: readonly number[],
): { readonly low: Float64Array; readonly high: Float64Array } {
  const present = [...new Set(clusterOf)];
  const weights = new Float64Array(present.length);
  const sums = new Float64Array(present.length * points.length);
  for (const [pair, cluster] of clusterOf.entries()) {
    const at = present.indexOf(cluster);
    weights[at]! += clean[pair]! - corrupted[pair]!;
    points.forEach(({ values }, i) => {
      sums[at * points.length + i]! += values[pair]! - corrupted[pair]!;
    });
  }
  return ratioBootstrap({ sums, weights, draws: BOOTSTRAP_DRAWS, seed });
}
