/**
 * The study in words. Each sentence says what the definitions allow and no more: one pair allows no inference
 * about other prompts, effects of components do not add up to shares, and labels come from patching alone.
 */
import { LABEL_STYLES } from '../../plots/palette.ts';
import { countText, componentName, formatCount, formatNumber } from '../../plots/text.ts';
import type { TokenJson } from '../../results/run-json.ts';
import { type ControlsJson, type Label, LABELS } from '../../results/study-json.ts';
import { targetsNote } from './gain-figures.ts';
import { publishedSentences } from './published.ts';
import { tokenHtml, escape } from '../html/html.ts';
import {
  effectsOf,
  hasLabels,
  largestEffect,
  latentBySize,
  scoreOf,
  strongest,
  type StudyView,
  valueAt,
} from './view.ts';
import { type Component, type Direction, type Kind, singular } from '../../terms.ts';

/** The summary: a few sentences on the pair, on each kind of component, and on the quality of the numbers. */
export function summaryHtml(view: StudyView): string {
  const perKind = view.kinds.map((kind): [string, string[]] => [
    kind === 'heads' ? 'Heads' : 'Neurons',
    view.asPublished
      ? [...publishedSentences(view, kind), latentSentence(view, kind)]
      : [
          effectSentence(view, kind),
          labelSentence(view, kind),
          latentSentence(view, kind),
          ledgerSentence(view, kind),
          ...gainSentences(view, kind),
        ],
  ]);
  const parts: [string, string[]][] = [
    ['The pair', [pairSentence(view)]],
    ...perKind,
    [
      'What to keep in mind',
      [...(view.asPublished ? [] : targetsNote(view)).map(escape), gapSentence(view), limitsSentence(view)],
    ],
  ];
  return parts.map(([title, sentences]) => partHtml(title, sentences)).join('\n');
}

function partHtml(title: string, sentences: readonly string[]): string {
  const items = sentences.filter((sentence) => sentence !== '').map((sentence) => `<li>${sentence}</li>`);
  return items.length === 0 ? '' : `<h3>${title}</h3>\n<ul>${items.join('\n')}</ul>`;
}

/** How many components a sentence names. */
const NAMED = 6;

/** The strongest of some components by name, and how many more there are. */
function names(view: StudyView, kind: Kind, components: readonly Component[]): string {
  const size = largestEffect(view, kind);
  const sorted = [...components].sort((a, b) => size(b) - size(a));
  const shown = sorted
    .slice(0, NAMED)
    .map((component) => componentName(kind, component))
    .join(', ');
  const rest = components.length - NAMED;
  return rest > 0 ? `${shown} and ${formatCount(rest)} more` : shown;
}

function pairSentence({ study, metricName, unit, normalised, asPublished }: StudyView): string {
  const { metric, pair } = study;
  const token = ({ id, text }: TokenJson) => (text === null ? `id ${id}` : tokenHtml(text));
  const answers = pair.answer && pair.wrong ? ` (${token(pair.answer)} against ${token(pair.wrong)})` : '';
  const contrast =
    pair.contrast === 'swap'
      ? 'a swap: the corrupted prompt is itself valid, with the two answers exchanged, so which of the two directions is which depends on the prompt that one calls clean'
      : 'a removal: the corrupted prompt no longer tells the answer';
  const small =
    normalised || asPublished ? '' : ' D is small, so nothing is normalised and there are no labels.';
  return `The metric F is the ${escape(metricName)}${answers}: ${formatNumber(metric.clean, 4)} in the clean run and ${formatNumber(metric.corrupted, 4)} in the corrupted run, so D = ${formatNumber(metric.D, 4)} ${unit}. The pair is ${contrast}.${small}`;
}

function effectSentence(view: StudyView, kind: Kind): string {
  const clauses = view.directions.flatMap((direction) => {
    const effects = effectsOf(view, 'ap', direction, kind);
    const first =
      effects && strongest(effects.shape, (component) => Math.abs(valueAt(effects, component)))[0];
    if (!first) return [];
    return [
      `in ${direction} at ${componentName(kind, first)} (${effectWords(view, direction, valueAt(effects, first))})`,
    ];
  });
  if (clauses.length === 0) return '';
  return `Patching one ${singular(kind)} has its largest effect ${clauses.join(', and ')}.`;
}

/** "Sufficient" only from here on, only in denoising, and only for this contrast. */
const SUFFICIENT = 0.9;

function effectWords(view: StudyView, direction: Direction, value: number): string {
  if (!view.normalised) return `F changes by ${formatNumber(value)} ${view.unit}`;
  const change = (direction === 'noising' ? -value : value) * view.study.metric.D;
  const words = `e = ${formatNumber(value)}: F changes by ${formatNumber(change)} ${view.unit}`;
  const sufficient = direction === 'denoising' && value >= SUFFICIENT;
  return sufficient ? `${words}, sufficient for this contrast` : words;
}

function labelSentence(view: StudyView, kind: Kind): string {
  const sets = view.study.labels[kind];
  if (!hasLabels(view) || !sets) return '';
  const parts = LABELS.flatMap((label) => {
    const components = sets[label];
    if (!components) return [];
    const named = label !== 'mixed' && components.length > 0;
    return [
      `${formatCount(components.length)} ${LABEL_STYLES[label].name}${named ? ` (${names(view, kind, components)})` : ''}`,
    ];
  });
  const total = view.study.shape.layers * view.study.shape[kind];
  const stability = view.study.label_stability[kind];
  const stable = stability
    ? ` At half of tau ${formatCount(stability.half_tau)} labels change, at twice tau ${formatCount(stability.double_tau)}.`
    : '';
  return `Labels from exact patching, of ${countText(total, kind)} at tau = ${formatNumber(view.tau)}: ${parts.join(', ')}.${stable}`;
}

function latentSentence(view: StudyView, kind: Kind): string {
  const sets = view.study.latent[kind];
  if (!sets) return '';
  const first = latentBySize(view, kind)
    .slice(0, NAMED)
    .map(({ component }) => componentName(kind, component));
  const some = first.length > 0 ? ` The strongest latent ${kind}: ${first.join(', ')}.` : '';
  return `Integrated gradients highlight ${countText(sets.noising.length, kind)} in noising only, ${formatCount(sets.denoising.length)} in denoising only and ${formatCount(sets.both.length)} in both; those in exactly one direction are called latent. Each direction highlights the same number by construction, so nothing follows from the sizes of these sets.${some}`;
}

function ledgerSentence(view: StudyView, kind: Kind): string {
  const direction = view.directions[0];
  const ap = direction && scoreOf(view, `ap.${direction}.${kind}`);
  const ledger = direction && scoreOf(view, `ledger.${direction}.${kind}`);
  const first = ap && strongest(ap.shape, (component) => Math.abs(valueAt(ap, component)))[0];
  if (!first || !ledger) return '';
  const at = 4 * (first[0] * (ap.shape[1] ?? 0) + first[1]);
  const [own, heads, neurons, norm] = Array.from(ledger.data.subarray(at, at + 4), (value) =>
    formatNumber(value),
  );
  return `The ledger of ${singular(kind)} ${componentName(kind, first)} in ${direction}: ${formatNumber(valueAt(ap, first))} = ${own} own direct, ${heads} by heads, ${neurons} by neurons, ${norm} by the norm (${view.unit}).`;
}

function gainSentences(view: StudyView, kind: Kind): string[] {
  if (!hasLabels(view)) return [];
  return view.directions.flatMap((direction) => {
    const controls = view.study.controls[kind]?.[direction];
    return controls ? [gainSentence(view, kind, direction, controls)] : [];
  });
}

/** The labels whose gains are compared with controls. */
const COMPARED: readonly Label[] = ['and', 'or', 'noising_only', 'denoising_only'];

function gainSentence(view: StudyView, kind: Kind, direction: Direction, controls: ControlsJson): string {
  const which = view.study.pair.contrast === 'swap' ? 'noising only or denoising only' : 'AND or OR';
  const total = COMPARED.reduce((sum, label) => sum + (view.study.labels[kind]?.[label]?.length ?? 0), 0);
  const { labelled, matched, unmatched, sets, exceeds, smallest_rank, exhaustive, ...means } =
    controls.matched;
  if (total === 0)
    return `No ${singular(kind)} is labelled ${which}, so in ${direction} there are no gains to compare.`;
  const left = [
    ...(total > labelled ? [`${countText(total - labelled, kind)} without a gain above 0`] : []),
    ...(unmatched > 0 ? [`${countText(unmatched, kind)} without a matched control`] : []),
  ].join(' and ');
  if (matched === 0)
    return `On this pair, in ${direction}, gains cannot be compared: ${left}, out of ${formatCount(total)} labelled ${which}.`;
  const of = exhaustive ? `all ${formatCount(sets)}` : formatCount(sets);
  return `On this pair, in ${direction}, take the set of ${countText(matched, kind)} labelled ${which}${left === '' ? '' : ` (left out: ${left})`}: its mean log gain exceeds ${formatCount(exceeds)} of ${of} matched sets (${formatNumber(means.mean_log_gain_labelled)}, against ${formatNumber(means.mean_log_gain_controls)} on average; the smallest attainable rank is ${rankText(smallest_rank)}).`;
}

function rankText(smallest: number): string {
  return smallest > 0 ? `1 of ${formatCount(Math.round(1 / smallest))}` : '–';
}

function gapSentence({ study, unit }: StudyView): string {
  const gaps = Object.values(study.completeness_gap).flatMap((kinds) => Object.values(kinds).flat());
  const finite = gaps.filter(Number.isFinite).map(Math.abs);
  if (finite.length === 0) return '';
  return `Integrated gradients of a layer sum to the change of F when the whole layer is patched, up to ${formatNumber(Math.max(...finite))} ${unit} (the largest completeness gap of any layer).`;
}

function limitsSentence(view: StudyView): string {
  const patched =
    'No label does not mean that a component does nothing: a backup, which takes over only when another component is absent, cannot be seen by patching one component at a time.';
  return `${hasLabels(view) ? `${patched} ` : ''}All numbers are of this one pair of prompts; nothing here says how other prompts would turn out.`;
}
