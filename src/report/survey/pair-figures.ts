/** Figures of a survey in which the unit is the pair: F of both prompts, D, and how well a method agrees. */
import type { Figure } from '../../plots/figure.ts';
import { histograms } from '../../plots/histograms.ts';
import type { FramePoint } from '../../plots/linear-frame.ts';
import { methodScatter } from '../../plots/method-scatter.ts';
import { DIRECTION_COLORS, SOFT_INK } from '../../plots/palette.ts';
import { approximateMethods, type SurveyJson, type SurveySetJson } from '../../results/survey-json.ts';
import { correlationName, PAIR_NUMBERS, type SurveyResults } from '../../results/survey-read.ts';
import type { Kind } from '../../terms.ts';
import { capital } from '../../words.ts';

/** Of each pair, [pairs]. */
interface PairNumbers {
  readonly clean: Float32Array;
  readonly corrupted: Float32Array;
  readonly cluster: Float32Array;
  readonly d: Float32Array;
}

/** Of all valid pairs; none for surveys that have no numbers of pairs. */
export function pairFigures(results: SurveyResults, all: SurveySetJson): Figure[] {
  const numbers = numbersOf(results);
  if (!numbers) return [];
  const { survey } = results;
  return [
    metricFigure(survey, numbers),
    differenceFigure(survey, numbers),
    ...approximateMethods(all).flatMap((method) => [
      ...correlationFigures(results, all, method),
      ...survey.options.components.flatMap((kind) => byDifference(results, all, numbers, { method, kind })),
    ]),
  ];
}

/** The names of the figures of a method in which pairs are the unit. */
export function pairFigureNames(kinds: readonly Kind[], method: string): string[] {
  return [correlationsName(method), ...kinds.map((kind) => byDifferenceName(kind, method))];
}

const correlationsName = (method: string) => `survey-${method}-correlations`;
const byDifferenceName = (kind: Kind, method: string) => `survey-${kind}-${method}-by-d`;

function numbersOf({ pairs }: SurveyResults): PairNumbers | undefined {
  const [clean, corrupted, cluster] = PAIR_NUMBERS.map(
    (name) => pairs.get(name)?.data as Float32Array | undefined,
  );
  if (!clean || !corrupted || !cluster) return undefined;
  return { clean, corrupted, cluster, d: clean.map((value, i) => value - corrupted[i]!) };
}

/** What is independent: pairs where each is a cluster by itself, else clusters, by their means over pairs with both values. */
function independent(
  { cluster }: PairNumbers,
  xs: Float32Array,
  ys: Float32Array,
): { readonly unit: 'pairs' | 'clusters'; readonly points: FramePoint[] } {
  const groups = new Map<number, number[]>();
  cluster.forEach((own, i) => groups.set(own, [...(groups.get(own) ?? []), i]));
  if (groups.size === cluster.length)
    return {
      unit: 'pairs',
      points: Array.from(xs, (x, i) => ({ name: `pair ${i + 1}`, x, y: ys[i]! })),
    };
  const points = [...groups].map(([own, members]) => {
    const known = members.filter((i) => Number.isFinite(xs[i]) && Number.isFinite(ys[i]));
    const over = (values: Float32Array): number =>
      known.reduce((sum, i) => sum + values[i]!, 0) / known.length;
    return { name: `cluster ${own + 1}`, x: over(xs), y: over(ys) };
  });
  return { unit: 'clusters', points };
}

function unitWords({ n, clusters }: SurveyJson): string {
  return n === clusters.count
    ? `Each point is one of ${n} pairs, each its own cluster`
    : `Each point is the mean of one of ${clusters.count} clusters of ${n} pairs (${clusters.rule})`;
}

function metricFigure(survey: SurveyJson, numbers: PairNumbers): Figure {
  const { unit, points } = independent(numbers, numbers.corrupted, numbers.clean);
  return methodScatter({
    name: 'survey-metric',
    title: 'F of both prompts',
    subtitle: unitWords(survey),
    caption:
      'D is F of the clean prompt less F of the corrupted one: what the corruption takes away. It is large at the upper left, and small where both are alike. The line tells whether prompts that are solved more surely clean are so corrupted, too.',
    axes: { x: 'F, corrupted prompt', y: 'F, clean prompt' },
    unit,
    panels: [{ title: survey.task.name, points }],
  });
}

function differenceFigure(survey: SurveyJson, { d }: PairNumbers): Figure {
  return histograms({
    name: 'survey-d',
    title: 'D of each pair',
    subtitle: `${survey.n} pairs of ${survey.task.name}, ${survey.task.contrast}: F clean − F corrupted`,
    caption:
      'Pooled effects are sums over pairs divided by the sum of D, so pairs with a large D weigh more. Pairs near 0 have next to nothing to explain.',
    unit: 'D',
    panels: [{ title: survey.task.name, values: d, color: SOFT_INK }],
  });
}

function correlationFigures(
  { survey, pairs }: SurveyResults,
  { agreement }: SurveySetJson,
  method: string,
): Figure[] {
  const own = agreement.filter((one) => one.method === method);
  const panels = own.flatMap((one) => {
    const values = pairs.get(correlationName(one))?.data as Float32Array | undefined;
    const title = `${capital(one.kind)}, ${one.direction}`;
    return values ? [{ title, values, color: DIRECTION_COLORS[one.direction] }] : [];
  });
  if (panels.length === 0) return [];
  return [
    histograms({
      name: correlationsName(method),
      title: `Agreement of ${method} with exact patching, pair by pair`,
      subtitle: `Pearson’s correlation within each of ${survey.n} pairs`,
      caption:
        'A mean can hide two groups of pairs, or one pair on which a method fails. A pair in which the scores of one of both are all equal has no correlation.',
      unit: 'correlation',
      panels,
    }),
  ];
}

/** D of each pair against how well the method agrees on it. */
function byDifference(
  { survey, pairs }: SurveyResults,
  all: SurveySetJson,
  numbers: PairNumbers,
  { method, kind }: { readonly method: string; readonly kind: Kind },
): Figure[] {
  const found = all.agreement.filter((one) => one.kind === kind && one.method === method);
  const drawn = found.flatMap((one) => {
    const values = pairs.get(correlationName(one))?.data as Float32Array | undefined;
    return values ? [{ title: capital(one.direction), ...independent(numbers, numbers.d, values) }] : [];
  });
  if (drawn.length === 0) return [];
  return [
    methodScatter({
      name: byDifferenceName(kind, method),
      title: `${capital(kind)}: does ${method} agree better where D is large?`,
      subtitle: unitWords(survey),
      caption:
        'A line that rises says that pairs with little to explain are those on which the method is off. A band that holds a level line says that these pairs do not tell.',
      axes: { x: 'D', y: 'correlation with exact patching' },
      unit: drawn[0]!.unit,
      panels: drawn,
    }),
  ];
}
