/** Figures of gains, and of neurons as a crowd. */
import { max } from 'd3-array';
import { type Figure } from '../../plots/figure.ts';
import { gainDots, type GainPoint } from '../../plots/gain-dots.ts';
import { layerHistograms } from '../../plots/layer-histograms.ts';
import { DIRECTION_COLORS } from '../../plots/palette.ts';
import { componentKey, formatCount } from '../../plots/text.ts';
import type { Label } from '../../results/study-json.ts';
import { DIRECTIONS_TEXT, valuesText } from './captions.ts';
import { effectsOf, effectUnit, hasLabels, scoreOf, type StudyView, valueAt } from './view.ts';
import { type Component, type Direction, type Kind, singular } from '../../terms.ts';

const COMPARED: readonly Label[] = ['and', 'or', 'noising_only', 'denoising_only', 'adder'];

/** Gains per layer; undefined where no component that would be compared (AND, OR, or only one direction) has one. */
export function gainsFigure(view: StudyView, kind: Kind): Figure | undefined {
  const groups = view.directions.map((direction) => ({
    title: direction,
    points: gainPoints(view, kind, direction),
  }));
  const isLabelled = ({ role }: GainPoint) => role !== 'control' && role !== 'adder';
  if (!hasLabels(view) || !groups.some(({ points }) => points.some(isLabelled))) return undefined;
  const counts = view.directions.map((direction) => {
    const rule = view.study.controls[kind]?.[direction]?.matched;
    return rule
      ? `${direction}: ${formatCount(rule.matched)} labelled with controls, ${formatCount(rule.unmatched)} without`
      : direction;
  });
  return gainDots({
    name: `${kind}-gains`,
    title: `Gains of ${kind}: labelled against matched controls`,
    subtitle: 'Gain: how much all reachable targets change, per unit of own change',
    caption: `On this pair, the gain of each labelled ${singular(kind)}, of each ADDER, and of controls of the same layer whose own change is within 0.25 in natural logarithm. A short black line is the geometric mean. ${shownText(view, kind)} One pair allows no inference about other prompts.`,
    kind,
    layers: view.study.shape.layers,
    groups,
    notes: [`${counts.join('; ')}.`, ...targetsNote(view)],
  });
}

/** Whether the controls drawn are all there are. */
function shownText(view: StudyView, kind: Kind): string {
  const points = view.directions.flatMap((d) => view.study.controls[kind]?.[d]?.matched.points ?? []);
  const most = max(points, (point) => point.controls.length) ?? 0;
  return points.some((point) => point.candidates > point.controls.length)
    ? `Of the controls of one labelled component, at most ${formatCount(most)} are drawn; the comparison uses all.`
    : 'All points are shown.';
}

/** Says over which targets gains run where only one kind was computed. */
export function targetsNote(view: StudyView): string[] {
  return view.kinds.length === 1
    ? [`Only ${view.kinds[0]} were computed, so gains run over ${view.kinds[0]} alone.`]
    : [];
}

function gainPoints(view: StudyView, kind: Kind, direction: Direction): GainPoint[] {
  const gains = scoreOf(view, `gain.${direction}.${kind}`);
  if (!gains) return [];
  const points: GainPoint[] = COMPARED.flatMap((role) =>
    (view.study.labels[kind]?.[role] ?? []).map((component) => ({
      component,
      role,
      gain: valueAt(gains, component),
    })),
  );
  const controls = new Map<string, Component>();
  for (const point of view.study.controls[kind]?.[direction]?.matched.points ?? []) {
    for (const index of point.controls) {
      const component: Component = [point.component[0], index];
      controls.set(componentKey(component), component);
    }
  }
  for (const component of controls.values())
    points.push({ component, role: 'control', gain: valueAt(gains, component) });
  return points.filter((point) => point.gain > 0);
}

/** Histograms of the neurons' effects, layer by layer; undefined where neurons were not computed. */
export function neuronHistogramsFigure(view: StudyView): Figure | undefined {
  const groups = view.directions.flatMap((direction) => {
    const values = effectsOf(view, 'ap', direction, 'neurons');
    return values ? [{ title: direction, values, color: DIRECTION_COLORS[direction] }] : [];
  });
  if (groups.length === 0) return undefined;
  const labelled = hasLabels(view);
  return layerHistograms({
    name: 'neurons-layers',
    title: 'Effects of neurons, layer by layer',
    subtitle: `Activation patching of every neuron alone${labelled ? '; dashed lines: the threshold tau' : ''}`,
    caption: `How many neurons of each layer have which effect. The axis is linear around 0 and logarithmic beyond; heights are logarithmic too, so that single strong neurons can be seen. ${DIRECTIONS_TEXT} ${valuesText(view)}`,
    groups,
    unit: effectUnit(view),
    tau: labelled ? view.tau : 0,
  });
}
