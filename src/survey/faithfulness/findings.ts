/**
 * What curves show, in sentences: each with its numbers, and no more than they allow.
 */
import { type Level, LEVELS } from '../../faithfulness/curves.ts';
import type { CurveJson, FaithfulnessJson } from '../../results/faithfulness-json.ts';
import { counted, real } from '../../words.ts';

/** A circuit whose f is this near to 1 is called faithful in a sentence: above 1 is no better than 1. */
const NEAR = 0.1;

type Described = Omit<FaithfulnessJson, 'findings' | 'phases'>;

export function faithfulnessFindings({ split, curves, task, graph, options }: Described): string[] {
  const { scores, evaluation } = split;
  const begin = `${task.name}, ${task.contrast}: scores come from ${pairs(scores)}, circuits run on ${pairs(evaluation)}, where F is ${real(evaluation.clean)} on clean prompts and ${real(evaluation.corrupted)} on corrupted ones, on average.`;
  if (evaluation.small_d)
    return [begin, 'D is too small to divide by on these pairs: there is no f, and there are no areas.'];
  return [
    begin,
    ...LEVELS.flatMap((level) => bests(curves, level)),
    smallest(curves, graph.weighted_edges),
    ...weak(curves, options.draws),
  ];
}

function pairs({ n, clusters }: { n: number; clusters: number }): string {
  return `${counted(n, 'pair')} in ${counted(clusters, 'cluster')}`;
}

/** Circuits of edges and of nodes have other k: areas of one level alone can be compared. */
function bests(curves: readonly CurveJson[], level: Level): string[] {
  const own = curves.filter((curve) => curve.level === level);
  return own.length === 0 ? [] : [best(own, level, 'cmd'), best(own, level, 'cpr')];
}

function best(curves: readonly CurveJson[], level: Level, area: 'cmd' | 'cpr'): string {
  const sign = area === 'cmd' ? 1 : -1;
  const [first] = curves.toSorted((a, b) => sign * (a[area] - b[area]));
  const { name, random } = first!;
  const { mean, least, most } = random[area];
  const what = area === 'cmd' ? 'the lowest CMD' : 'the highest CPR';
  return `Of circuits of ${level}, ${what} is that of ${name}: ${areaText(first![area])}; random circuits at least as large have ${areaText(mean)} (${areaText(least)} to ${areaText(most)} over ${counted(random.draws, 'draw')}).`;
}

/** The smallest circuit that has nearly all of the effect, and not much more. */
function smallest(curves: readonly CurveJson[], all: number): string {
  const found = curves.flatMap(({ name, points, random }) => {
    const at = points.findIndex(({ f }) => Math.abs(1 - f) <= NEAR);
    return at < 0 ? [] : [{ name, ...points[at]!, random: random.points[at]! }];
  });
  const [first] = found.toSorted((a, b) => a.weighted_edges - b.weighted_edges);
  if (!first || first.weighted_edges === all)
    return `No circuit smaller than the whole model has f within ${NEAR} of 1.`;
  const { name, k, f, low, high, weighted_edges: edges, random } = first;
  const interval = Number.isNaN(low) ? '' : ` (95% interval ${real(low)} to ${real(high)})`;
  return `The smallest circuit with f within ${NEAR} of 1 is that of ${name} at k = ${k}: ${edges} of ${all} edges after pruning, f = ${real(f)}${interval}; random circuits at least as large have f = ${real(random.f)} on average.`;
}

/** Curves that random circuits match: their scores are worth nothing here. */
function weak(curves: readonly CurveJson[], draws: number): string[] {
  const names = curves.filter(({ cmd, random }) => cmd >= random.cmd.least).map(({ name }) => name);
  if (names.length === 0)
    return [`By CMD every curve is better than each of its random ones (${counted(draws, 'draw')}).`];
  return [
    `By CMD no better than one or more of their random curves (${counted(draws, 'draw')}): ${names.join(', ')}.`,
  ];
}

function areaText(value: number): string {
  return real(value, 3);
}
