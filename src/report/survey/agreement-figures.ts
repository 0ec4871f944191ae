/** Figures of a survey: how far approximate methods agree with exact patching, and where they do not. */
import type { Figure } from '../../plots/figure.ts';
import { intervalDots, type IntervalRow } from '../../plots/interval-dots.ts';
import type { FramePoint } from '../../plots/linear-frame.ts';
import { limitsCaption, meanDifferencePlot } from '../../plots/mean-difference.ts';
import { type MethodPanel, methodScatter } from '../../plots/method-scatter.ts';
import { type CategoryStyle, INK, LABEL_STYLES, UNLABELLED } from '../../plots/palette.ts';
import { componentKey, componentName } from '../../plots/text.ts';
import {
  approximateMethods,
  type SurveyAgreementJson,
  type SurveyJson,
  type SurveySetJson,
} from '../../results/survey-json.ts';
import { pooledName, type SurveyResults } from '../../results/survey-read.ts';
import type { Component, Kind } from '../../terms.ts';
import { capital } from '../../words.ts';
import { pairFigureNames } from './pair-figures.ts';

const METHOD: CategoryStyle = { name: 'the method', color: INK, symbol: 'diamond' };
const CHANCE: CategoryStyle = { name: 'two random sets', color: UNLABELLED.color, symbol: 'circle' };

/** Of all valid pairs: correlations, overlaps, then each method against exact patching. */
export function agreementFigures(results: SurveyResults, all: SurveySetJson): Figure[] {
  const { survey } = results;
  if (all.agreement.length === 0) return [];
  return [
    correlationFigure(survey, all),
    overlapFigure(survey, all),
    ...approximateMethods(all).flatMap((method) =>
      survey.options.components.flatMap((kind) => methodFigures(results, all, method, kind)),
    ),
  ];
}

/** The names of a method's own figures. */
export function methodFigureNames({ options }: SurveyJson, method: string): string[] {
  const own = options.components.flatMap((kind) => [scatterName(kind, method), differenceName(kind, method)]);
  return [...own, ...pairFigureNames(options.components, method)];
}

const scatterName = (kind: Kind, method: string) => `survey-${kind}-${method}`;
const differenceName = (kind: Kind, method: string) => `${scatterName(kind, method)}-difference`;

/** One panel a kind, with what `rowsOf` makes of each method and direction. */
function panelsOf(
  survey: SurveyJson,
  { agreement }: SurveySetJson,
  rowsOf: (one: SurveyAgreementJson) => IntervalRow[],
): { title: string; rows: IntervalRow[] }[] {
  return survey.options.components.map((kind) => ({
    title: capital(kind),
    rows: agreement.filter((one) => one.kind === kind).flatMap(rowsOf),
  }));
}

function correlationFigure(survey: SurveyJson, all: SurveySetJson): Figure {
  return intervalDots({
    name: 'survey-agreement',
    title: 'Approximate methods against exact patching',
    subtitle: `Pearson’s correlation within each of ${survey.n} pairs: mean over pairs, 95% interval over ${survey.clusters.count} clusters`,
    caption:
      '1: within a pair the method’s scores are those of exact patching, but for their scale. No dot: in every pair the scores of one of both are all equal, and have no correlation.',
    unit: 'correlation',
    panels: panelsOf(survey, all, ({ method, direction, pearson }) => [
      { name: `${method}, ${direction}`, value: pearson.mean, low: pearson.low, high: pearson.high },
    ]),
  });
}

function overlapFigure(survey: SurveyJson, all: SurveySetJson): Figure {
  return intervalDots({
    name: 'survey-overlap',
    title: 'How much of what a method highlights exact patching highlights too',
    subtitle: `Jaccard overlap within each of ${survey.n} pairs: mean over pairs, 95% interval over ${survey.clusters.count} clusters`,
    caption:
      'Of the components that either highlights, the share that both do: 1 where both highlight the same, or nothing. Grey: what two random sets of the same sizes share on average.',
    unit: 'overlap',
    panels: panelsOf(survey, all, ({ method, direction, jaccard, jaccard_expected }) => [
      {
        name: `${method}, ${direction}`,
        value: jaccard.mean,
        low: jaccard.low,
        high: jaccard.high,
        style: METHOD,
      },
      {
        name: 'by chance',
        value: jaccard_expected,
        low: Number.NaN,
        high: Number.NaN,
        style: CHANCE,
      },
    ]),
  });
}

/** A component's pooled effects by both. */
interface BothEffects {
  readonly name: string;
  readonly exact: number;
  readonly approximate: number;
  readonly style: CategoryStyle | undefined;
}

interface EffectPanel {
  readonly title: string;
  readonly points: readonly BothEffects[];
}

function methodFigures(results: SurveyResults, all: SurveySetJson, method: string, kind: Kind): Figure[] {
  const { survey } = results;
  const panels = survey.options.directions.flatMap((direction): EffectPanel[] => {
    const mean = (of: string) =>
      results.pooled.get(pooledName('mean', { set: 'all', method: of, direction, kind }));
    const [approximate, exact] = [mean(method), mean('ap')];
    if (!approximate || !exact || !exact.data.some(Number.isFinite)) return [];
    const styleOf = labelStyles(all, kind);
    const perLayer = exact.shape[1]!;
    const points = Array.from(exact.data, (e, i): BothEffects => {
      const component: Component = [Math.floor(i / perLayer), i % perLayer];
      const name = componentName(kind, component);
      return { name, exact: e, approximate: approximate.data[i]!, style: styleOf(component) };
    });
    return [{ title: capital(direction), points }];
  });
  if (panels.length === 0) return [];
  const signed = all.agreement.find((one) => one.method === method)!.signed;
  const scatter = scatterFigure(survey, { method, kind, signed }, panels);
  return signed ? [scatter, differenceFigure(survey, { method, kind }, panels)] : [scatter];
}

function labelStyles({ labels }: SurveySetJson, kind: Kind) {
  const found = labels.find((one) => one.kind === kind)?.components ?? [];
  const styles = new Map(found.map(({ component, label }) => [componentKey(component), LABEL_STYLES[label]]));
  return (component: Component) => styles.get(componentKey(component));
}

function scatterFigure(
  survey: SurveyJson,
  { method, kind, signed }: { readonly method: string; readonly kind: Kind; readonly signed: boolean },
  panels: readonly EffectPanel[],
): Figure {
  // A method without signs estimates sizes.
  const shown = (e: number): number => (signed ? e : Math.abs(e));
  const drawn = panels.map(
    ({ title, points }): MethodPanel => ({
      title,
      points: points.map(
        ({ name, exact, approximate, style }): FramePoint => ({
          name,
          x: shown(exact),
          y: shown(approximate),
          style,
        }),
      ),
    }),
  );
  const what = signed ? 'pooled effect e' : 'size of the pooled effect';
  return methodScatter({
    name: scatterName(kind, method),
    title: `${capital(kind)}: ${method} against exact patching`,
    subtitle: `Pooled over ${survey.n} pairs, each ${kind === 'heads' ? 'head' : 'neuron'} a point; line: least squares${signed ? '; dashed: equal' : ''}`,
    caption: `Points far from the line have names: there ${method} and exact patching disagree most, but for scale. Colours are labels by exact patching. Components of one model are not independent of one another, so the line has no band.${signed ? '' : ` ${method} gives no signs: sizes are compared.`}`,
    axes: { x: `exact patching, ${what}`, y: `${method}, ${what}` },
    unit: 'components',
    panels: drawn,
    sameUnit: signed,
  });
}

function differenceFigure(
  survey: SurveyJson,
  { method, kind }: { readonly method: string; readonly kind: Kind },
  panels: readonly EffectPanel[],
): Figure {
  return meanDifferencePlot({
    name: differenceName(kind, method),
    title: `${capital(kind)}: how far ${method} is from exact patching`,
    subtitle: `Pooled over ${survey.n} pairs: difference of both effects against their average`,
    caption: `Above 0, ${method} gives more than exact patching, below 0 less. Points that rise or fall together say that it is off by a factor; points about a level line, by an amount. ${limitsCaption(kind, panels[0]!.points.length)}`,
    first: method,
    second: 'exact',
    unit: 'pooled effect e',
    panels: panels.map(({ title, points }) => ({
      title,
      points: points.map(({ name, exact, approximate, style }) => ({
        name,
        first: approximate,
        second: exact,
        style,
      })),
    })),
  });
}
