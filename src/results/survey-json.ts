/**
 * `survey.json`: what a survey was, and what it found. Numbers that do not exist are NaN in memory and null in the file.
 */
import * as z from 'zod';
import { type Component, type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { component, count, real } from './json-values.ts';
import { type DocumentKind, parseDocument } from './schema.ts';
import { CONTROL_RULES, type ControlRuleName, type Label, LABELS } from './study-json.ts';
import { type SurveyFields, surveyFields } from './survey-record.ts';

export const SURVEY_FILE = 'survey.json';
const KIND_NAME = 'mediators/survey';
export const SURVEY_SCHEMA: string = `${KIND_NAME}@1`;

/** Which pairs a number is of: all valid ones, or those that the model solves. */
export const PAIR_SETS = ['all', 'solved'] as const;
export type PairSet = (typeof PAIR_SETS)[number];

/** A mean over pairs with its 95% interval over clusters. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  /** Pairs with a value, and their clusters. */
  n: number;
  clusters: number;
}

/** How the model answers. */
export interface SurveyAnswersJson {
  n: number;
  clusters: number;
  /** Share of pairs that the model solves. */
  accuracy: number;
  /** Share of clean prompts whose likeliest next token is a right answer. */
  first: number;
  /** Of the right answer on the clean prompt: median rank, from 0, and mean probability. */
  median_rank: number;
  probability: number;
  /** Means of F, by the task's metric. */
  clean: number;
  corrupted: number;
  D: number;
  /** Pairs whose own D is too small for labels. */
  small_d: number;
}

export interface SurveyComponentJson {
  component: Component;
  /** Pooled effect, and its 95% interval. */
  e: number;
  low: number;
  high: number;
}

/** The strongest components by pooled |effect|; all stand in components.parquet. */
export interface SurveyStrongestJson {
  method: string;
  direction: Direction;
  kind: Kind;
  components: SurveyComponentJson[];
}

export interface SurveyLabelsJson {
  kind: Kind;
  /** Pairs with a D that is large enough for labels of their own. */
  pairs: number;
  /** Labelled by pooled effects, the strongest first. */
  components: {
    component: Component;
    label: Label;
    noising: number;
    denoising: number;
    /** Share of pairs, and of bootstrap draws of clusters, that give the same label. */
    same_in_pairs: number;
    same_in_draws: number;
  }[];
  /** Components whose label is another at half and at twice tau. */
  changed_at_half_tau: number;
  changed_at_double_tau: number;
}

export interface SurveyAgreementJson {
  method: string;
  /** Whether its scores have signs: one without is compared with |exact|. */
  signed: boolean;
  direction: Direction;
  kind: Kind;
  n: number;
  pearson: Interval;
  /** Of values; absent from older surveys. */
  spearman?: Interval | undefined;
  /** Of |score|. */
  spearman_size: Interval;
  /** Calibration: of exact on the method's scores, through the origin; absent from older surveys. */
  slope?: Interval | undefined;
  jaccard: Interval;
  /** What two random sets of the same sizes would share. */
  jaccard_expected: number;
  wrong_signs: number;
  wrong_signs_of: number;
}

/** Where a method with signs and exact patching disagree most, by pooled effects. */
export interface SurveyDisagreementJson {
  method: string;
  direction: Direction;
  kind: Kind;
  /** Components with both effects. */
  n: number;
  /** Of the differences, method less exact; outliers lie outside the limits, which are absent where most are equal. */
  median: number;
  low: number;
  high: number;
  /** Components outside. */
  outliers: number;
  /** Those furthest out. */
  components: DisagreementJson[];
  /** Of all, that of the largest |difference|; absent from older surveys, and without effects. */
  largest?: DisagreementJson | undefined;
  /** Components whose |difference| is tau or more; absent from older surveys. */
  reach_tau?: number | undefined;
}

export interface DisagreementJson {
  component: Component;
  exact: number;
  approximate: number;
  difference: number;
}

/** Which of two agrees better with exact patching: differences of Pearson's correlation within pairs, first less second. */
export interface MethodComparisonJson {
  kind: Kind;
  first: { method: string; direction: Direction };
  second: { method: string; direction: Direction };
  /** Pairs in which both have a correlation, and their clusters. */
  n: number;
  clusters: number;
  mean: number;
  low: number;
  high: number;
  r: number;
  r_low: number;
  r_high: number;
  /** Sign-flip test over clusters; absent under 8. Adjusted by Benjamini-Hochberg over all rows of the set. */
  p: number;
  p_adjusted: number;
}

/** Where labelled components stand among sets of others of their layers (and own change). */
export interface StandInsJson {
  /** Labelled components that have another to stand in for them. */
  components: number;
  /** Sets that were compared: all that there are, or 10,000 drawn. */
  sets: number;
  /** Sets of a smaller mean log gain. */
  exceeds: number;
  /** Two-sided share of sets at least as far out: a rank over components, not over prompts; not adjusted. */
  p: number;
  /** No data could give less. */
  smallest_p: number;
}

export interface SurveyGainJson {
  kind: Kind;
  direction: Direction;
  labels: Label[];
  controls: ControlRuleName;
  /** Pairs and clusters with a labelled component that has a control. */
  n: number;
  clusters: number;
  /** Labelled components with a gain, over all pairs; and those of them with a control. */
  labelled: number;
  matched: number;
  /** Mean difference of log gains, and its 95% interval over clusters. */
  mean: number;
  low: number;
  high: number;
  /** Matched-pairs rank-biserial correlation over clusters, and its interval. */
  r: number;
  r_low: number;
  r_high: number;
  /** Sign-flip test over clusters; absent under 8. Adjusted by Benjamini-Hochberg over all rows of the set. */
  p: number;
  p_adjusted: number;
  /** Null for the third rule of controls, and where no component has another of its kind. */
  stand_ins: StandInsJson | null;
}

/** What one set of pairs shows. */
export interface SurveySetJson {
  set: PairSet;
  answers: SurveyAnswersJson;
  strongest: SurveyStrongestJson[];
  labels: SurveyLabelsJson[];
  agreement: SurveyAgreementJson[];
  disagreements: SurveyDisagreementJson[];
  comparisons: MethodComparisonJson[];
  gains: SurveyGainJson[];
}

export interface SurveyJson extends SurveyFields {
  schema: string;
  complete: boolean;
  n: number;
  clusters: { count: number; rule: string };
  sets: SurveySetJson[];
  /** Sentences that the page begins with. */
  findings: string[];
  phases: { name: string; seconds: number; peak_bytes: number }[];
}

/** The approximate methods of a set, integrated gradients first: the method that exact patching is compared with most. */
export function approximateMethods({ agreement }: SurveySetJson): string[] {
  const methods = [...new Set(agreement.map(({ method }) => method))];
  return methods.toSorted((a, b) => Number(b === 'ig') - Number(a === 'ig'));
}

const text = z.string();
const direction = z.enum(DIRECTIONS);
const kind = z.enum(KINDS);
const interval = z.object({ mean: real, low: real, high: real, n: count, clusters: count });

const answers = z.object({
  n: count,
  clusters: count,
  accuracy: real,
  first: real,
  median_rank: real,
  probability: real,
  clean: real,
  corrupted: real,
  D: real,
  small_d: count,
});

const labels = z.object({
  kind,
  pairs: count,
  components: z.array(
    z.object({
      component,
      label: z.enum(LABELS),
      noising: real,
      denoising: real,
      same_in_pairs: real,
      same_in_draws: real,
    }),
  ),
  changed_at_half_tau: count,
  changed_at_double_tau: count,
});

const agreement = z.object({
  method: text,
  signed: z.boolean().default(true),
  direction,
  kind,
  n: count,
  pearson: interval,
  spearman: interval.optional(),
  spearman_size: interval,
  slope: interval.optional(),
  jaccard: interval,
  jaccard_expected: real,
  wrong_signs: count,
  wrong_signs_of: count,
});

const differing = z.object({ component, exact: real, approximate: real, difference: real });

const disagreement = z.object({
  method: text,
  direction,
  kind,
  n: count,
  median: real,
  low: real,
  high: real,
  outliers: count,
  components: z.array(differing),
  largest: differing.optional(),
  reach_tau: count.optional(),
});

const side = z.object({ method: text, direction });
/** Paired differences over clusters. */
const test = {
  mean: real,
  low: real,
  high: real,
  r: real,
  r_low: real,
  r_high: real,
  p: real,
  p_adjusted: real,
};

const comparison = z.object({ kind, first: side, second: side, n: count, clusters: count, ...test });

const standIns = z.object({
  components: count,
  sets: count,
  exceeds: count,
  p: real,
  smallest_p: real,
});

const gain = z.object({
  kind,
  direction,
  labels: z.array(z.enum(LABELS)),
  controls: z.enum(CONTROL_RULES),
  n: count,
  clusters: count,
  labelled: count,
  matched: count,
  ...test,
  stand_ins: standIns.nullable().default(null),
});

const set: z.ZodType<SurveySetJson> = z.object({
  set: z.enum(PAIR_SETS),
  answers,
  strongest: z.array(
    z.object({
      method: text,
      direction,
      kind,
      components: z.array(z.object({ component, e: real, low: real, high: real })),
    }),
  ),
  labels: z.array(labels),
  agreement: z.array(agreement),
  disagreements: z.array(disagreement).default([]),
  comparisons: z.array(comparison).default([]),
  gains: z.array(gain),
});

const content: z.ZodType<SurveyJson> = z.object({
  schema: text,
  complete: z.boolean(),
  ...surveyFields,
  n: count,
  clusters: z.object({ count, rule: text }),
  sets: z.array(set),
  findings: z.array(text),
  phases: z.array(z.object({ name: text, seconds: real, peak_bytes: real })),
});

const SURVEY: DocumentKind<SurveyJson> = { what: 'survey', name: KIND_NAME, major: 1, content };

/** Throws InputError for text that is no survey, and for a newer major version. */
export function parseSurveyJson(source: string, file: string): SurveyJson {
  return parseDocument(source, file, SURVEY);
}

export function formatSurveyJson(survey: SurveyJson): string {
  return `${JSON.stringify(survey, null, 1)}\n`;
}
