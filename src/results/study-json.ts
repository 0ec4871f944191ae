/**
 * `study.json`: what a study was, what it found, and how it was made.
 *
 * Numbers that do not exist (a normalised value where D is small) are NaN in memory and null in the file.
 * Components are written as [layer, index]. Fields that a study did not compute are absent, lists without
 * members are empty.
 */
import * as z from 'zod';
import { InputError } from '../errors.ts';
import { component, count, real } from './json-values.ts';
import { componentPartners, type ComponentPartnersJson } from './partners-json.ts';
import { type Component, CONTRASTS, type Contrast, type Direction, type Kind, KINDS } from '../terms.ts';

export const STUDY_SCHEMA_NAME = 'mediators/study';
export const STUDY_SCHEMA_MAJOR = 1;
/** The phase that makes the page, which therefore cannot tell of it. */
export const PAGE_PHASE = 'figures and page';
/** The value of `schema` in every file written by this version. */
export const STUDY_SCHEMA: string = `${STUDY_SCHEMA_NAME}@${STUDY_SCHEMA_MAJOR}`;

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

/** One prompt of the pair. `text` is null for a pair given as ids; `tokens` are then the ids as text. */
export interface PromptJson {
  text: string | null;
  ids: number[];
  tokens: string[];
}

/** A token of the vocabulary; `text` is null for a model without a tokenizer. */
export interface TokenJson {
  id: number;
  text: string | null;
}

/** One of the five likeliest next tokens. */
export interface PredictionJson {
  id: number;
  token: string;
  logit: number;
  probability: number;
}

export interface PairJson {
  clean: PromptJson;
  corrupted: PromptJson;
  /** First position at which the two prompts differ. */
  first_difference: number;
  contrast: Contrast;
  /** Absent for metrics that are not a difference between two tokens. */
  answer?: TokenJson;
  wrong?: TokenJson;
}

export interface MetricJson {
  name: string;
  clean: number;
  corrupted: number;
  /** clean - corrupted */
  D: number;
}

/** Wall time and peak resident memory of one phase. */
export interface PhaseJson {
  name: string;
  seconds: number;
  peak_bytes: number;
}

/** Something about the pair or the run that a reader should know. */
export interface LintJson {
  code: string;
  message: string;
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
  model: { id: string; architecture: string; sha256: string };
  /** Sizes of the model: neurons is the number per layer. */
  shape: { layers: number; heads: number; neurons: number };
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
  /** What must be the same for `--resume` to take this study for its own. */
  identity: Record<string, string | number | boolean | null>;
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
const prompt = z.object({ text: text.nullable(), ids: z.array(count), tokens: z.array(text) });
const token = z.object({ id: count, text: text.nullable() });
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

const pair = z.object({
  clean: prompt,
  corrupted: prompt,
  first_difference: count,
  contrast: z.enum(CONTRASTS),
  answer: token.optional(),
  wrong: token.optional(),
});

const known = z.object({
  model: z.object({ id: text, architecture: text, sha256: text }),
  shape: z.object({ layers: count, heads: count, neurons: count }),
  pair,
  metric: z.object({ name: text, clean: real, corrupted: real, D: real }),
  command: text,
  versions: z.record(text, text),
  provider: text,
  phases: z.array(z.object({ name: text, seconds: real, peak_bytes: real })),
  lint: z.array(z.object({ code: text, message: text })),
  predictions: z.object({ clean: z.array(prediction), corrupted: z.array(prediction) }),
  identity: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])).default({}),
});

/** What of it a valid record holds. Unknown fields are dropped. */
export const knownJson: z.ZodType<KnownJson> = known;

/** What a valid `study.json` looks like. Unknown fields are dropped: a newer minor version may add some. */
export const studyJson: z.ZodType<StudyJson> = z.object({
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
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new InputError(`invalid study: ${name} is not JSON; run the study again`);
  }
  checkVersion(value, name);
  const result = studyJson.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue && issue.path.length > 0 ? issue.path.join('.') : 'the document';
  throw new InputError(`invalid study: ${name}, at ${where}: ${issue?.message ?? 'unexpected value'}`);
}

function checkVersion(value: unknown, name: string): void {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  const match = typeof schema === 'string' ? /^(.+)@(\d+)(?:\.\d+)*$/.exec(schema) : null;
  if (match?.[1] !== STUDY_SCHEMA_NAME) {
    throw new InputError(`invalid schema: ${JSON.stringify(schema)} in ${name}; expected "${STUDY_SCHEMA}"`);
  }
  if (Number(match[2]) > STUDY_SCHEMA_MAJOR) {
    throw new InputError(
      `unknown schema: "${String(schema)}" in ${name}; this version reads up to "${STUDY_SCHEMA}": update mediators`,
    );
  }
}
