/**
 * Gains of labelled components against those of controls, on one pair.
 *
 * Labelled: AND and OR (for a swap pair noising_only and denoising_only) with a gain above 0. A control of a labelled
 * component is another component of the same kind and layer, again with a gain above 0, that the rule allows:
 *
 *   any                 any, whatever its label
 *   matched             own change within a factor e^0.25 of the labelled one's: the primary rule
 *   matched_unlabelled  of those, ADDER or without label only, and of these the nearest in max |e| (ties all)
 *
 * For each rule the mean log gain of the labelled components that have a control is ranked among matched sets (see
 * stats/randomisation). It says how these components of this pair compare. It is no inference about other prompts.
 */
import { type RandomisationRank, randomisationRank } from '../stats/randomisation.ts';
import { sampleWithout, seededRandom } from '../stats/random.ts';
import { type Label, type LabelName, labelName } from './labels.ts';
import type { Component, Contrast } from '../terms.ts';

/** How far apart, in natural logarithm, the own changes of a component and its matched control may be. */
export const OWN_CHANGE_CALIPER = 0.25;

/** Controls listed with each point, so that a figure can show them. */
export const LISTED_CONTROLS = 256;

export type ControlRule = 'any' | 'matched' | 'matched_unlabelled';

/** One labelled component and its controls, as written to study.json. */
export interface ControlPoint {
  component: Component;
  label: LabelName;
  log_gain: number;
  /** How many controls the rule allows. */
  candidates: number;
  /** At most LISTED_CONTROLS of them, drawn at random, by index within the layer. */
  controls: number[];
  /** Log gains of `controls`. */
  control_log_gain: number[];
}

/** The comparison under one rule, as written to study.json. Means are NaN, sets 0, where nothing has a control. */
export interface RuleComparison {
  /** Labelled components with a gain above 0. */
  labelled: number;
  /** Of these, how many have a control, and how many have none. */
  matched: number;
  unmatched: number;
  /** Over the matched labelled components. */
  mean_log_gain_labelled: number;
  /** Mean over the same components of the mean of their controls: the mean of all possible matched sets. */
  mean_log_gain_controls: number;
  sets: number;
  exhaustive: boolean;
  exceeds: number;
  smallest_rank: number;
  points: ControlPoint[];
}

export interface ControlComparison extends Record<ControlRule, RuleComparison> {
  /** Components of the kind, labelled or not, without a gain: no targets or no change. */
  without_gain: number;
  /** Components of the kind whose gain is 0: no logarithm. */
  zero_gain: number;
}

/** One kind in one direction. Every array is flat, [layers, perLayer]. */
export interface ControlInput {
  readonly labels: readonly (Label | undefined)[];
  readonly contrast: Contrast;
  /** Gains, NaN where there is none. */
  readonly gain: ArrayLike<number>;
  /** Norm of the component's own change. */
  readonly own: ArrayLike<number>;
  /** max(|e_noising|, |e_denoising|). */
  readonly strength: ArrayLike<number>;
  readonly perLayer: number;
  readonly seed: number;
  /** Matched sets at most; by default MATCHED_SETS. */
  readonly draws?: number;
}

/** Compares under all three rules. */
export function compareWithControls(input: ControlInput): ControlComparison {
  const gain = Float64Array.from(input.gain);
  return {
    without_gain: gain.filter(Number.isNaN).length,
    zero_gain: gain.filter((g) => g === 0).length,
    any: compareUnder('any', input),
    matched: compareUnder('matched', input),
    matched_unlabelled: compareUnder('matched_unlabelled', input),
  };
}

function compareUnder(rule: ControlRule, input: ControlInput): RuleComparison {
  const logGain = Float64Array.from(input.gain, Math.log);
  const labelled = input.labels.flatMap((label, i) => (isLabelled(label) && input.gain[i]! > 0 ? [i] : []));
  const candidates = labelled.map((i) => controlsOf(i, rule, input));
  const kept = labelled.flatMap((_, k) => (candidates[k]!.length > 0 ? [k] : []));
  const own = kept.map((k) => logGain[labelled[k]!]!);
  const pools = kept.map((k) => Float64Array.from(candidates[k]!, (c) => logGain[c]!));
  const rank = kept.length > 0 ? randomisationRank(own, pools, input.seed, input.draws) : NO_RANK;
  return {
    labelled: labelled.length,
    matched: kept.length,
    unmatched: labelled.length - kept.length,
    mean_log_gain_labelled: mean(own),
    mean_log_gain_controls: mean(pools.map(mean)),
    sets: rank.sets,
    exhaustive: rank.exhaustive,
    exceeds: rank.exceeds,
    smallest_rank: rank.smallestRank,
    points: labelled.map((i, k) => pointOf(i, candidates[k]!, logGain, input)),
  };
}

const NO_RANK: RandomisationRank = {
  sets: 0,
  exhaustive: true,
  exceeds: 0,
  exceededBy: 0,
  smallestRank: Number.NaN,
};

function isLabelled(label: Label | undefined): boolean {
  return label === 'and' || label === 'or';
}

/** Flat positions of the controls of component `i` under a rule, ascending. */
export function controlsOf(i: number, rule: ControlRule, input: ControlInput): number[] {
  const { gain, own, labels, strength, perLayer } = input;
  const first = i - (i % perLayer);
  const any: number[] = [];
  for (let c = first; c < first + perLayer; c++) {
    if (c !== i && gain[c]! > 0) any.push(c);
  }
  if (rule === 'any') return any;
  const matched = any.filter((c) => Math.abs(Math.log(own[c]! / own[i]!)) <= OWN_CHANGE_CALIPER);
  if (rule === 'matched') return matched;
  const unlabelled = matched.filter((c) => labels[c] === undefined || labels[c] === 'adder');
  const distance = (c: number): number => Math.abs(strength[c]! - strength[i]!);
  const nearest = unlabelled.reduce((least, c) => Math.min(least, distance(c)), Number.POSITIVE_INFINITY);
  return unlabelled.filter((c) => distance(c) === nearest);
}

function pointOf(
  i: number,
  candidates: readonly number[],
  logGain: Float64Array,
  { labels, contrast, perLayer, seed }: ControlInput,
): ControlPoint {
  const listed = sampleWithout(
    seededRandom(seed + i),
    candidates.length,
    Math.min(LISTED_CONTROLS, candidates.length),
  )
    .sort((a, b) => a - b)
    .map((k) => candidates[k]!);
  return {
    component: [Math.floor(i / perLayer), i % perLayer],
    label: labelName(labels[i]!, contrast),
    log_gain: logGain[i]!,
    candidates: candidates.length,
    controls: listed.map((c) => c % perLayer),
    control_log_gain: listed.map((c) => logGain[c]!),
  };
}

function mean(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return values.length > 0 ? total / values.length : Number.NaN;
}
