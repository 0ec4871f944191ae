/**
 * How two surveys are related: what differs, what can be compared, what is in both.
 */
import { basename } from 'node:path';
import type { ComparedSurveyJson, ComparisonJson } from '../results/comparison-json.ts';
import type { SurveyJson } from '../results/survey-json.ts';
import type { SurveyPairRow } from '../results/survey-pairs.ts';
import { counted } from '../words.ts';
import { hasExact, hasSmallD, inBoth, type Side, type Sides } from './side.ts';

export interface Kinship
  extends Pick<ComparisonJson, 'same_model' | 'same_clusters' | 'shared' | 'differences' | 'limits'> {
  readonly surveys: { readonly a: ComparedSurveyJson; readonly b: ComparedSurveyJson };
  /** Pairs that are in both: their places in A and in B. */
  readonly places: readonly (readonly [a: number, b: number])[];
}

/** Tells how both are related, from what the files say. */
export function kinship(sides: Sides): Kinship {
  const { a, b } = sides;
  const places = sharedPairs(a.pairs, b.pairs);
  const clean = new Set(b.pairs.map((pair) => pair.clean));
  const same_model = sameModel(a.survey, b.survey);
  const same_clusters = sameClusters(a, b);
  return {
    surveys: { a: described(a, 'A', b), b: described(b, 'B', a) },
    places,
    same_model,
    same_clusters,
    shared: { pairs: places.length, clean: a.pairs.filter((pair) => clean.has(pair.clean)).length },
    differences: differences(a.survey, b.survey),
    limits: limits(sides, same_model, same_clusters ? 0 : places.length),
  };
}

/** A component of one is a component of the other only with the same weights in the same form. */
function sameModel(a: SurveyJson, b: SurveyJson): boolean {
  return (
    a.model.sha256 === b.model.sha256 &&
    a.options.raw_weights === b.options.raw_weights &&
    shapeText(a) === shapeText(b)
  );
}

function shapeText({ shape }: SurveyJson): string {
  return `${shape.layers} layers of ${shape.heads} heads and ${shape.neurons} neurons`;
}

/** Places of the pairs with the same prompts; of a pair and its reverse the first alone. */
function sharedPairs(a: readonly SurveyPairRow[], b: readonly SurveyPairRow[]): [number, number][] {
  const key = ({ clean, corrupted }: SurveyPairRow): string => JSON.stringify([clean, corrupted]);
  const known = new Map(b.map((pair, i) => [key(pair), i]));
  return a.flatMap((pair, i): [number, number][] => {
    const found = known.get(key(pair));
    return found === undefined || pair.reversed ? [] : [[i, found]];
  });
}

/** Whether pair by pair the clean prompts and the clusters are the same. */
function sameClusters(a: Side, b: Side): boolean {
  return (
    a.pairs.length === b.pairs.length &&
    a.pairs.every(({ clean, cluster }, i) => clean === b.pairs[i]!.clean && cluster === b.pairs[i]!.cluster)
  );
}

/** What may differ between two surveys, in words. */
const FIELDS: readonly (readonly [what: string, of: (survey: SurveyJson) => string])[] = [
  ['model', ({ model }) => model.id],
  ['sha256', ({ model }) => model.sha256.slice(0, 12)],
  ['shape', shapeText],
  ['weights', ({ options }) => (options.raw_weights ? 'raw' : 'processed')],
  ['task', ({ task }) => task.name],
  ['contrast', ({ task }) => task.contrast],
  ['metric', ({ task }) => task.metric.replaceAll('_', ' ')],
  ['pairs', ({ n }) => String(n)],
  ['clusters', ({ clusters }) => `${clusters.count} (${clusters.rule})`],
  ['components', ({ options }) => options.components.join(', ')],
  ['directions', ({ options }) => options.directions.join(', ')],
  ['methods', ({ options }) => options.methods.join(', ')],
  ['gains', ({ options }) => (options.gains ? 'yes' : 'no')],
  ['steps', ({ options }) => (options.steps === null ? 'each method’s own' : String(options.steps))],
  ['tau', ({ options }) => String(options.tau)],
  ['quantile', ({ options }) => String(options.quantile)],
  ['seed', ({ options }) => String(options.seed)],
  ['bootstrap draws', ({ options }) => String(options.draws)],
  ['executed by', ({ provider }) => provider],
];

function differences(a: SurveyJson, b: SurveyJson): Kinship['differences'] {
  return FIELDS.map(([what, of]) => ({ what, a: of(a), b: of(b) })).filter((one) => one.a !== one.b);
}

/** What is not compared, each in one line. `apart`: pairs of both whose clusters are drawn independently. */
function limits(sides: Sides, same: boolean, apart: number): string[] {
  const { a, b } = sides;
  const [one, other] = [a.survey, b.survey];
  const { kinds, directions } = inBoth(sides);
  const lines: string[] = [];
  const say = (test: boolean, line: string) => test && lines.push(line);
  say(
    !same,
    shapeText(one) === shapeText(other)
      ? 'The weights are not the same: components have no counterparts, so only totals are compared.'
      : 'The models have other shapes: components have no counterparts, so only totals are compared.',
  );
  for (const [name, side] of Object.entries({ A: a, B: b }))
    say(!hasExact(side), `${name} has no exact patching: its components and labels are not compared.`);
  for (const [name, side] of Object.entries({ A: a, B: b }))
    say(
      hasSmallD(side),
      `D of ${name} is too small to divide by: there are no effects and no labels to compare.`,
    );
  say(kinds.length === 0, 'No kind of component is in both: nothing of components is compared.');
  say(directions.length === 0, 'No direction is in both: nothing of components is compared.');
  say(directions.length === 1, `Only ${directions[0]} is in both: there are no labels to compare.`);
  const gains = one.options.gains && other.options.gains;
  say(!gains, 'Gains are not in both: they are not compared.');
  say(
    gains && one.options.raw_weights !== other.options.raw_weights,
    'Weights are raw in one and processed in the other: components write other things in each, so gains are not compared.',
  );
  say(
    apart > 0,
    `${counted(apart, 'pair')} in both, yet the clusters of each are drawn by themselves, as if no prompt were in both: intervals of differences are wider than they need be. Those of pairs in both are not.`,
  );
  say(
    one.task.metric !== other.task.metric,
    'F is by another metric in each, so in other units: its means are not subtracted. Effects are shares of D in both.',
  );
  say(
    one.task.contrast !== other.task.contrast,
    'AND and OR of a removal stand opposite noising only and denoising only of a swap: they follow one rule, but in a swap the two depend on which prompt is called clean.',
  );
  say(
    one.options.tau !== other.options.tau,
    `Labels have other thresholds (tau ${one.options.tau} and ${other.options.tau}): a label may change by that alone.`,
  );
  return lines;
}

function described(side: Side, letter: string, other: Side): ComparedSurveyJson {
  const { survey, folder, among } = side;
  const { model, shape, task, n, clusters } = survey;
  return {
    folder,
    name: nameOf(letter, survey, other.survey),
    model: model.id,
    sha256: model.sha256,
    shape,
    task: task.name,
    contrast: task.contrast,
    metric: task.metric,
    n,
    pooled: among.length,
    clusters: clusters.count,
    rule: clusters.rule,
  };
}

/** `A (swap)`: with what tells it from the other. */
function nameOf(letter: string, own: SurveyJson, other: SurveyJson): string {
  const parts: [string, string][] = [
    [basename(own.model.id), basename(other.model.id)],
    [own.task.name, other.task.name],
    [own.task.contrast, other.task.contrast],
  ];
  const words = parts.filter(([one, two]) => one !== two).map(([one]) => one);
  return words.length === 0 ? letter : `${letter} (${words.join(', ')})`;
}
