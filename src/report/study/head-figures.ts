/** Figures of the pair and of single heads: tokens, heat maps, scatter. */
import { directionScatter, type ScatterPoint } from '../../plots/direction-scatter.ts';
import type { Figure } from '../../plots/figure.ts';
import { layerHeadMaps } from '../../plots/layer-head-maps.ts';
import { componentKey, formatNumber } from '../../plots/text.ts';
import { tokenStrip } from '../../plots/token-strip.ts';
import { DIRECTIONS_TEXT, valuesText } from './captions.ts';
import { PUBLISHED_METHODS } from './published.ts';
import {
  effectsOf,
  effectUnit,
  hasLabels,
  labelsOf,
  largestEffect,
  type Method,
  scoreOf,
  strongest,
  type StudyView,
  valueAt,
} from './view.ts';
import { DIRECTIONS, type Kind, singular } from '../../terms.ts';

/** The two prompts and the likeliest next tokens. */
export function tokensFigure({ study, metricName }: StudyView): Figure {
  const { clean, corrupted, answer, wrong } = study.pair;
  const { metric } = study;
  return tokenStrip({
    name: 'tokens',
    title: 'The pair of prompts',
    subtitle: `${metricName}: F = ${formatNumber(metric.clean, 4)} clean, ${formatNumber(metric.corrupted, 4)} corrupted, D = ${formatNumber(metric.D, 4)}`,
    caption:
      'The tokens of both prompts; framed boxes are where they differ. Below, the five likeliest next tokens of both runs, with their probability and logit.',
    clean: clean.tokens,
    corrupted: corrupted.tokens,
    predictions: study.predictions,
    ...(answer ? { answer: answer.text ?? String(answer.id) } : {}),
    ...(wrong ? { wrong: wrong.text ?? String(wrong.id) } : {}),
  });
}

const METHODS: Readonly<Record<Method, { name: string; title: string; what: string; words: string }>> = {
  ap: {
    name: 'heads-patching',
    title: 'What changes when one head is patched',
    what: 'Activation patching, every head',
    words:
      'Activation patching: one head at a time gets its value of the other run, at all positions, and the model runs on.',
  },
  ig: {
    name: 'heads-ig',
    title: 'What integrated gradients attribute to each head',
    what: 'Integrated gradients, every head',
    words:
      'Layer integrated gradients: all heads of a layer move together from one run to the other, so this is a joint score. Labels never come from it.',
  },
};

/** Noising beside denoising, one scale; undefined where heads were not computed. */
export function headMapsFigure(view: StudyView, method: Method): Figure | undefined {
  const maps = DIRECTIONS.flatMap((direction) => {
    const values = effectsOf(view, method, direction, 'heads');
    return values ? [{ title: direction, values }] : [];
  });
  if (maps.length === 0) return undefined;
  const { name, title, what, words } = (view.asPublished ? PUBLISHED_METHODS : METHODS)[method];
  return layerHeadMaps({
    name,
    title,
    subtitle: `${what}, ${maps.map((map) => map.title).join(' and ')}`,
    caption: `${words} ${DIRECTIONS_TEXT} ${valuesText(view)}`,
    maps,
    scale: 'diverging',
    unit: view.asPublished ? `${PUBLISHED_METHODS[method].unit} (${view.unit})` : effectUnit(view),
  });
}

/** The asymmetry of every head; undefined where it needs a direction that was not run, or D is small. */
export function asymmetryFigure(view: StudyView): Figure | undefined {
  const maps = (['ap', 'ig'] as const).flatMap((method) => {
    const values = scoreOf(view, `asymmetry.${method}.heads`);
    const title = method === 'ap' ? 'activation patching' : 'integrated gradients';
    return values && view.normalised ? [{ title, values }] : [];
  });
  if (maps.length === 0) return undefined;
  return layerHeadMaps({
    name: 'heads-asymmetry',
    title: 'Where the two directions disagree',
    subtitle: 'Asymmetry a of every head: noising effect minus denoising effect',
    caption:
      'The asymmetry is the interaction between a head and the rest of the pair. Above 0, patching the head hurts the clean run more than it repairs the corrupted one; below 0, it is the other way round.',
    maps,
    scale: 'diverging',
    unit: 'asymmetry a (difference of normalised effects)',
  });
}

/** How many points a scatter of raw values shows, the largest ones. */
const RAW_POINTS = 600;

/** Noising against denoising; undefined where one direction was not run. */
export function scatterFigure(view: StudyView, kind: Kind): Figure | undefined {
  const noising = effectsOf(view, 'ap', 'noising', kind);
  const denoising = effectsOf(view, 'ap', 'denoising', kind);
  if (!noising || !denoising) return undefined;
  const labels = labelsOf(view, kind);
  const order = strongest(noising.shape, largestEffect(view, kind));
  const points = order.map(
    (component): ScatterPoint => ({
      component,
      noising: view.normalised ? valueAt(noising, component) : -valueAt(noising, component),
      denoising: valueAt(denoising, component),
      label: labels.get(componentKey(component)),
    }),
  );
  const many = points.length > RAW_POINTS;
  const last = points[RAW_POINTS];
  const rawLimit = last ? Math.max(Math.abs(last.noising), Math.abs(last.denoising)) : 0;
  const labelled = hasLabels(view);
  const axes = scatterAxes(view);
  return directionScatter({
    name: `${kind}-directions`,
    title: `Each ${singular(kind)} in both directions`,
    subtitle: labelled
      ? `Labels from exact patching, threshold tau = ${formatNumber(view.tau)} (dotted square); dashed: equal in both directions; axes logarithmic beyond the middle`
      : 'Exact patching; dashed: equal in both directions; axes logarithmic beyond the middle',
    caption: scatterCaption(view, kind, labelled),
    kind,
    points,
    tau: labelled ? view.tau : 0,
    contrast: view.study.pair.contrast,
    axes,
    leaveOutBelow: many ? (labelled ? view.tau / 4 : rawLimit) : 0,
  });
}

/** Both axes point the same way: raw noising values have their sign turned. */
function scatterAxes({ normalised, unit }: StudyView): { noising: string; denoising: string } {
  return normalised
    ? { noising: 'normalised effect e, noising', denoising: 'normalised effect e, denoising' }
    : { noising: `minus the change of F, noising (${unit})`, denoising: `change of F, denoising (${unit})` };
}

function scatterCaption(view: StudyView, kind: Kind, labelled: boolean): string {
  const points = `Each point is a ${singular(kind)}`;
  if (!view.normalised) {
    return `${points}: right of 0, patching it in the clean run lowers F; above 0, patching it in the corrupted run raises F. ${valuesText(view)} There are no labels.`;
  }
  const start = `${points}: right of 0, patching it hurts the clean run; above 0, patching it repairs the corrupted run.`;
  if (!labelled) return `${start} There are no labels.`;
  const regions =
    view.study.pair.contrast === 'swap'
      ? 'The tinted regions are those of the labels; which of the two “only” labels a component gets depends on which prompt is called clean.'
      : 'The tinted regions are those of the labels: breaking an AND breaks the task, restoring it alone does not; for an OR it is the other way round.';
  return `${start} ${regions} The strongest are named.`;
}
