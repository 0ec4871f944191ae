/** Figures of a survey: pooled effects of heads, both directions of every component, the strongest, gains; and all others. */
import { directionScatter } from '../../plots/direction-scatter.ts';
import type { Figure } from '../../plots/figure.ts';
import { intervalDots, type IntervalRow } from '../../plots/interval-dots.ts';
import { layerHeadMaps } from '../../plots/layer-head-maps.ts';
import { LABEL_STYLES, labelsText } from '../../plots/palette.ts';
import { componentName, formatNumber } from '../../plots/text.ts';
import type { SurveyJson, SurveySetJson } from '../../results/survey-json.ts';
import { pooledName, type SurveyResults } from '../../results/survey-read.ts';
import { type Component, type Direction, type Kind, singular } from '../../terms.ts';
import { capital } from '../../words.ts';
import { ablationFigures } from './ablation-figures.ts';
import { agreementFigures } from './agreement-figures.ts';
import { pairFigures } from './pair-figures.ts';

/** Patching, by the metric that labels read. */
function exactMethod({ has_twin }: SurveyJson): string {
  return has_twin ? 'ap_logit' : 'ap';
}

/** All figures, of all valid pairs; those of ablations where they are there. */
export function surveyFigures(results: SurveyResults): Figure[] {
  const { survey, ablations } = results;
  const all = survey.sets.find(({ set }) => set === 'all');
  if (!all) return [];
  return [
    headMaps(results),
    ...survey.options.components.flatMap((kind) => [
      scatter(results, all, kind),
      strongestFigure(survey, all, kind),
    ]),
    gainsFigure(survey, all),
    ...agreementFigures(results, all),
    ...pairFigures(results, all),
    ...(ablations ? ablationFigures(ablations) : []),
  ].flatMap((figure) => (figure ? [figure] : []));
}

function pooledOf({ survey, pooled }: SurveyResults, direction: Direction, kind: Kind) {
  return pooled.get(pooledName('mean', { set: 'all', method: exactMethod(survey), direction, kind }));
}

function headMaps(results: SurveyResults): Figure | undefined {
  const { survey } = results;
  const maps = survey.options.directions.flatMap((direction) => {
    const values = pooledOf(results, direction, 'heads');
    return values && values.data.some(Number.isFinite) ? [{ title: capital(direction), values }] : [];
  });
  if (maps.length === 0) return undefined;
  return layerHeadMaps({
    name: 'survey-heads',
    title: 'Pooled effects of heads',
    subtitle: `Exact patching over ${survey.n} pairs of ${survey.task.name}, ${survey.task.contrast}: sum of effects / sum of D`,
    caption:
      'Each cell is a head, given its value from the other prompt in every pair. 1: over all pairs, the whole difference between the prompts. Below 0 it works the other way.',
    maps,
    scale: 'diverging',
    unit: 'pooled effect e',
  });
}

function scatter(results: SurveyResults, all: SurveySetJson, kind: Kind): Figure | undefined {
  const { survey } = results;
  const [noising, denoising] = [pooledOf(results, 'noising', kind), pooledOf(results, 'denoising', kind)];
  const labels = all.labels.find((one) => one.kind === kind);
  if (!noising || !denoising || !labels || !noising.data.some(Number.isFinite)) return undefined;
  const perLayer = noising.shape[1]!;
  const named = new Map(labels.components.map(({ component, label }) => [component.join('.'), label]));
  const { tau } = survey.options;
  return directionScatter({
    name: `survey-${kind}-directions`,
    title: `Each ${singular(kind)} in both directions, pooled`,
    subtitle: `Labels from pooled effects, threshold tau = ${formatNumber(tau)} (dotted square); dashed: equal in both directions; axes logarithmic beyond the middle`,
    caption: `Each point is a ${singular(kind)}: right of 0, patching it hurts the clean runs; above 0, patching it repairs the corrupted runs. The strongest are named.`,
    kind,
    points: Array.from(noising.data, (value, i) => {
      const component: Component = [Math.floor(i / perLayer), i % perLayer];
      return {
        component,
        noising: value,
        denoising: denoising.data[i]!,
        label: named.get(component.join('.')),
      };
    }),
    tau,
    contrast: survey.task.contrast,
    axes: { noising: 'pooled effect e, noising', denoising: 'pooled effect e, denoising' },
    leaveOutBelow: noising.data.length > 1000 ? tau / 4 : 0,
  });
}

function strongestFigure(survey: SurveyJson, all: SurveySetJson, kind: Kind): Figure | undefined {
  const labels = all.labels.find((one) => one.kind === kind)?.components ?? [];
  const styleOf = (component: Component) => {
    const found = labels.find((one) => one.component.join('.') === component.join('.'));
    return found && LABEL_STYLES[found.label];
  };
  const panels = all.strongest
    .filter((one) => one.kind === kind && one.method === exactMethod(survey))
    .map(({ direction, components }) => ({
      title: capital(direction),
      rows: components
        .filter(({ e }) => Number.isFinite(e))
        .map(
          ({ component, e, low, high }): IntervalRow => ({
            name: componentName(kind, component),
            value: e,
            low,
            high,
            style: styleOf(component),
          }),
        ),
    }))
    .filter(({ rows }) => rows.length > 0);
  if (panels.length === 0) return undefined;
  return intervalDots({
    name: `survey-${kind}-strongest`,
    title: `The strongest ${kind}, with intervals`,
    subtitle: `Pooled effects over ${survey.n} pairs; 95% intervals by the bootstrap over ${survey.clusters.count} clusters (${survey.clusters.rule})`,
    caption: `The ${kind} of largest pooled effect by exact patching. Colour and symbol are the label by pooled effects. An interval tells how the pooled effect would differ with other templates and fillers of the same kind.`,
    unit: 'pooled effect e',
    bars: true,
    panels,
  });
}

function gainsFigure(survey: SurveyJson, all: SurveySetJson): Figure | undefined {
  const panels = survey.options.components.flatMap((kind) =>
    survey.options.directions.map((direction) => ({
      title: `${capital(kind)}, ${direction}`,
      rows: all.gains
        .filter((row) => row.kind === kind && row.direction === direction && row.matched > 0)
        .map((row) => ({
          name: `${labelsText(row.labels)} / ${row.controls.replaceAll('_', ' ')}`,
          value: row.mean,
          low: row.low,
          high: row.high,
        })),
    })),
  );
  const shown = panels.filter(({ rows }) => rows.length > 0);
  if (shown.length === 0) return undefined;
  return intervalDots({
    name: 'survey-gains',
    title: 'Labelled components against controls',
    subtitle: 'Mean difference of log gains, labelled less controls, with 95% intervals over clusters',
    caption:
      'Gain: how much a component changes all others for each unit of its own change. Right of 0, labelled components act on others more than their controls do. Labels come from other clusters than those that are compared. Matched controls have nearly the same own change.',
    unit: 'difference of log gains',
    panels: shown,
  });
}
