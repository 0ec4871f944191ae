/**
 * `study.json`: what a study was, what it found, and how it was made.
 *
 * Numbers that do not exist (a normalised value where D is small) are NaN in memory and null in the file.
 * Components are written as [layer, index]. Fields that a study did not compute are absent, lists without
 * members are empty.
 */
import * as z from 'zod';
import { component, count, real } from './json-values.ts';
import { componentPartners, type ComponentPartnersJson } from './partners-json.ts';
import {
  identity,
  type IdentityJson,
  lint,
  type LintJson,
  metric,
  type MetricJson,
  model,
  type ModelJson,
  pair,
  type PairJson,
  shape,
  type ShapeJson,
} from './run-json.ts';
import { parseDocument } from './schema.ts';
import { type Component, type Direction, type Kind, KINDS } from '../terms.ts';

const NAME = 'mediators/study';
const MAJOR = 1;
/** The phase that makes the page, which therefore cannot tell of it. */
export const PAGE_PHASE = 'figures and page';
/** The value of `schema` in every file written by this version. */
export const STUDY_SCHEMA: string = `${NAME}@${MAJOR}`;

/** Every label, in reading order. A swap pair has the two `_only` in place of AND and OR. */
export const LABELS = [
  'and',
  'or',
  'noising_only',
  'denoising_only',
  'adder',
  'inhibitory',
  'mixed',
] as const;
export type Label = (typeof LABELS)[number];
/** The three ways to draw controls; `matched` is the primary one. */
export const CONTROL_RULES = ['any', 'matched', 'matched_unlabelled'] as const;
export type ControlRuleName = (typeof CONTROL_RULES)[number];

/** One of the five likeliest next tokens. */
export interface PredictionJson {
  id: number;
  token: string;
  logit: number;
  probability: number;
}

/** Wall time and peak resident memory of one phase. */
export interface PhaseJson {
  name: string;
  seconds: number;
  peak_bytes: number;
}

export interface LatentSetsJson {
  noising: Component[];
  denoising: Component[];
  both: Component[];
}

export type LabelSetsJson = Partial<Record<Label, Component[]>>;

/** How many components change their label at half and at twice the threshold tau. */
export interface LabelStabilityJson {
  half_tau: number;
  double_tau: number;
}

/** One labelled component and the components that it is compared with. */
export interface ControlPointJson {
  component: Component;
  label: Label;
  log_gain: number;
  /** How many components of the layer the rule allows. */
  candidates: number;
  /** Some of them, by index within the layer; all where they are few. */
  controls: number[];
  /** Natural logarithm of the gains of `controls`, in the same order. */
  control_log_gain: number[];
}

/** The comparison of labelled components with controls under one rule. */
export interface ControlRuleJson {
  /** Labelled components that have a gain above 0. */
  labelled: number;
  /** Of these, how many have at least one control. */
  matched: number;
  unmatched: number;
  /** Over the matched labelled components; NaN where there are none. */
  mean_log_gain_labelled: number;
  /** Over the same number of controls, mean of all sets. */
  mean_log_gain_controls: number;
  /** Number of matched sets: draws, or all there are. */
  sets: number;
  /** True where `sets` are all there are. */
  exhaustive: boolean;
  /** The labelled mean exceeds that of so many sets. */
  exceeds: number;
  /** The smallest rank from the top, as a fraction, that this number of sets can attain: 1 / (sets + 1). */
  smallest_rank: number;
  points: ControlPointJson[];
}

/** Gains of one kind in one direction against the three kinds of control. */
export interface ControlsJson extends Record<ControlRuleName, ControlRuleJson> {
  /** Components without targets or without change: left out. */
  without_gain: number;
  /** Components whose gain is 0: left out of logarithms. */
  zero_gain: number;
}

/** Per kind; a kind that was not computed is absent. */
export type PerKind<T> = Partial<Record<Kind, T>>;
/** Per direction; a direction that was not computed is absent. */
export type PerDirection<T> = Partial<Record<Direction, T>>;

/** What is known of a study before its scores: the record of an unfinished one tells it too. */
export interface KnownJson {
  model: ModelJson;
  shape: ShapeJson;
  pair: PairJson;
  metric: MetricJson;
  /** A command that makes this study again. */
  command: string;
  versions: Record<string, string>;
  /** What executed the model, such as `cpu`. */
  provider: string;
  /** Seconds of all runs together, and the largest peak of any. */
  phases: PhaseJson[];
  lint: LintJson[];
  predictions: { clean: PredictionJson[]; corrupted: PredictionJson[] };
  identity: IdentityJson;
}

export interface StudyJson extends KnownJson {
  schema: string;
  complete: boolean;
  components: Kind[];
  /** The options as resolved, defaults included. */
  options: Record<string, unknown>;
  /** Types of processor that computed it, sorted: results of different types agree to rounding. */
  processors?: string[];
  /** |sum of scores - change of F| of every layer, in units of F. */
  completeness_gap: PerDirection<PerKind<number[]>>;
  latent: PerKind<LatentSetsJson>;
  labels: PerKind<LabelSetsJson>;
  label_stability: PerKind<LabelStabilityJson>;
  controls: PerKind<PerDirection<ControlsJson>>;
  /** Components with an effect of their own, the largest first; absent where no pairs were computed. */
  partners?: ComponentPartnersJson[];
  /** Components that no single score shows, but some pair does; absent where no pairs were computed. */
  hidden_backups?: ComponentPartnersJson[];
  /** Names of effect arrays that are too large to be written whole. */
  arrays_absent: string[];
}

const text = z.string();
const components = z.array(component);
const prediction = z.object({ id: count, token: text, logit: real, probability: real });

const controlPoint = z.object({
  component,
  label: z.enum(LABELS),
  log_gain: real,
  candidates: count,
  controls: z.array(count),
  control_log_gain: z.array(real),
});

const controlRule = z.object({
  labelled: count,
  matched: count,
  unmatched: count,
  mean_log_gain_labelled: real,
  mean_log_gain_controls: real,
  sets: count,
  exhaustive: z.boolean(),
  exceeds: count,
  smallest_rank: real,
  points: z.array(controlPoint),
});

const controls = z.object({
  without_gain: count,
  zero_gain: count,
  any: controlRule,
  matched: controlRule,
  matched_unlabelled: controlRule,
});

const perKind = <T extends z.ZodType>(value: T) => z.object({ heads: value, neurons: value }).partial();
const perDirection = <T extends z.ZodType>(value: T) =>
  z.object({ noising: value, denoising: value }).partial();

const known = z.object({
  model,
  shape,
  pair,
  metric,
  command: text,
  versions: z.record(text, text),
  provider: text,
  phases: z.array(z.object({ name: text, seconds: real, peak_bytes: real })),
  lint,
  predictions: z.object({ clean: z.array(prediction), corrupted: z.array(prediction) }),
  identity: identity.default({}),
});

/** What of it a valid record holds. Unknown fields are dropped. */
export const knownJson: z.ZodType<KnownJson> = known;

/** What a valid `study.json` looks like. Unknown fields are dropped: a newer minor version may add some. */
const studyJson: z.ZodType<StudyJson> = z.object({
  schema: text,
  complete: z.boolean(),
  ...known.shape,
  components: z.array(z.enum(KINDS)),
  options: z.record(text, z.unknown()),
  processors: z.array(text).optional(),
  completeness_gap: perDirection(perKind(z.array(real))),
  latent: perKind(z.object({ noising: components, denoising: components, both: components })),
  labels: perKind(z.partialRecord(z.enum(LABELS), components)),
  label_stability: perKind(z.object({ half_tau: count, double_tau: count })),
  controls: perKind(perDirection(controls)),
  partners: z.array(componentPartners).optional(),
  hidden_backups: z.array(componentPartners).optional(),
  arrays_absent: z.array(text),
});

/** The text of `study.json`. NaN becomes null. */
export function formatStudyJson(study: StudyJson): string {
  return `${JSON.stringify(study, null, 1)}\n`;
}

/**
 * Reads the text of a `study.json`.
 * `name` is how messages call it, such as its path.
 * Throws InputError for text that is not JSON, for a newer major version and for fields that do not fit.
 */
export function parseStudyJson(source: string, name = 'study.json'): StudyJson {
  return parseDocument(source, name, { what: 'study', name: NAME, major: MAJOR, content: studyJson });
}
