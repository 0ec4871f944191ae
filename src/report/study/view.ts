/**
 * A study as the figures and the page look at it: effects normalised where they can be, labels by component.
 */
import type { StudyResults } from '../../results/read.ts';
import { componentKey } from '../../plots/text.ts';
import { type Label, LABELS, type StudyJson } from '../../results/study-json.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Component, DIRECTIONS, type Direction, isSmallD, KINDS, type Kind } from '../../terms.ts';

export type Method = 'ap' | 'ig';

export interface StudyView {
  results: StudyResults;
  study: StudyJson;
  tau: number;
  /** False where D is too small, and as published: all values are then changes of F. */
  normalised: boolean;
  /** The published notebook's own indexing and averaging (`published.ts`). */
  asPublished: boolean;
  /** Kinds and directions for which there are patching scores. */
  kinds: readonly Kind[];
  directions: readonly Direction[];
  /** The metric in words. */
  metricName: string;
  /** Unit of changes of F. */
  unit: string;
}

const DEFAULT_TAU = 0.02;

/** Looks at the results of a study. */
export function viewStudy(results: StudyResults): StudyView {
  const { study, scores } = results;
  const { tau, as_published } = study.options;
  const asPublished = as_published === true;
  return {
    results,
    study,
    tau: typeof tau === 'number' && tau > 0 ? tau : DEFAULT_TAU,
    normalised: !isSmallD(study.metric) && !asPublished,
    asPublished,
    kinds: KINDS.filter((kind) => study.components.includes(kind)),
    directions: DIRECTIONS.filter((direction) => KINDS.some((kind) => scores.has(`ap.${direction}.${kind}`))),
    metricName: study.metric.name.replaceAll('_', ' '),
    unit: study.metric.name.includes('logit') ? 'logits' : 'units of F',
  };
}

/** A score array as stored, such as `ap.noising.heads`: [L, N]. */
export function scoreOf(view: StudyView, name: string): Tensor | undefined {
  return view.results.scores.get(name);
}

/**
 * Effects [L, N] as they are drawn: normalised effects e, or changes of F where D is small.
 * Undefined where they were not computed.
 */
export function effectsOf(
  view: StudyView,
  method: Method,
  direction: Direction,
  kind: Kind,
): Tensor | undefined {
  const scores = scoreOf(view, `${method}.${direction}.${kind}`);
  return scores && view.normalised ? normalise(scores, direction, view.study.metric.D) : scores;
}

/** e = -score / D in noising, score / D in denoising. */
export function normalise({ shape, data }: Tensor, direction: Direction, D: number): Tensor {
  const by = direction === 'noising' ? -D : D;
  return { shape, data: data.map((value) => value / by) };
}

/** The title of an axis or scale of effects. */
export function effectUnit(view: StudyView): string {
  return view.normalised
    ? 'normalised effect e (1 = the whole effect of the pair)'
    : `change of F (${view.unit})`;
}

/** Whether the study has labels: they need both directions, a D that is not small, and true effects. */
export function hasLabels(view: StudyView): boolean {
  return view.normalised && view.directions.length === DIRECTIONS.length;
}

/** The label of each labelled component, by `componentKey`; empty where the study has no labels. */
export function labelsOf(view: StudyView, kind: Kind): Map<string, Label> {
  const labels = new Map<string, Label>();
  if (!hasLabels(view)) return labels;
  for (const label of LABELS) {
    for (const component of view.study.labels[kind]?.[label] ?? [])
      labels.set(componentKey(component), label);
  }
  return labels;
}

/** One value of an [L, N] array; NaN where there is none. */
export function valueAt(values: Tensor | undefined, [layer, index]: Component): number {
  return values?.data[layer * (values.shape[1] ?? 0) + index] ?? Number.NaN;
}

/** All components of an [L, N] array, those with the largest value of `size` first. */
export function strongest(shape: readonly number[], size: (component: Component) => number): Component[] {
  const [layers = 0, width = 0] = shape;
  const all = Array.from({ length: layers * width }, (_, i): Component => [Math.floor(i / width), i % width]);
  const sizes = new Map(all.map((component) => [component, sizeOrZero(size(component))]));
  return all.sort((a, b) => sizes.get(b)! - sizes.get(a)!);
}

function sizeOrZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** The larger size of the two directions' patching effects. */
export function largestEffect(view: StudyView, kind: Kind): (component: Component) => number {
  const both = view.directions.map((direction) => effectsOf(view, 'ap', direction, kind));
  return (component) =>
    Math.max(...both.map((values) => sizeOrZero(Math.abs(valueAt(values, component)))), 0);
}

/** Latent components of a kind with the direction in which IG highlights them, the strongest first. */
export function latentBySize(
  view: StudyView,
  kind: Kind,
): { component: Component; direction: Direction; size: number }[] {
  const sets = view.study.latent[kind];
  return DIRECTIONS.flatMap((direction) => {
    const scores = scoreOf(view, `ig.${direction}.${kind}`);
    return (sets?.[direction] ?? []).map((component) => ({
      component,
      direction,
      size: Math.abs(valueAt(scores, component)),
    }));
  }).sort((a, b) => b.size - a.size);
}
