/**
 * `comparison.json`: two surveys side by side. Numbers that do not exist are NaN in memory and null in the file.
 */
import * as z from 'zod';
import { type Component, type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { component, count, real } from './json-values.ts';
import { type DocumentKind, parseDocument } from './schema.ts';
import { CONTROL_RULES, type ControlRuleName, type Label, LABELS } from './study-json.ts';

export const COMPARISON_FILE = 'comparison.json';
const KIND_NAME = 'mediators/comparison';
export const COMPARISON_SCHEMA: string = `${KIND_NAME}@1`;

/** A value with its 95% interval; both limits are NaN where there is none. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** One value of each survey. */
export interface BothSides<T> {
  a: T;
  b: T;
}

/** One of both surveys. */
export interface ComparedSurveyJson {
  /** As it was given. */
  folder: string;
  /** What sentences and figures call it: `A (swap)`. */
  name: string;
  model: string;
  sha256: string;
  shape: { layers: number; heads: number; neurons: number };
  task: string;
  contrast: string;
  metric: string;
  n: number;
  /** Pairs that effects are pooled over: of a pair and its reverse the first alone. */
  pooled: number;
  clusters: number;
  rule: string;
}

export interface ComponentAgreementJson {
  kind: Kind;
  direction: Direction;
  /** Components. */
  n: number;
  pearson: Estimate;
  /** Pearson's without the component of largest |e| in either; absent from older comparisons, and without effects. */
  without_largest?: { component: Component; pearson: number } | undefined;
  spearman_size: Estimate;
  /** Of what both highlight, with what two random sets of the same sizes would share. */
  jaccard: Estimate;
  jaccard_expected: number;
  highlighted: BothSides<number>;
  /** Of A - B over components: mean, 2.5% and 97.5% limits. */
  difference: { mean: Estimate; low: number; high: number };
  /** How well each survey repeats itself: correlation of two halves of its clusters, for its whole length. */
  reliability: BothSides<number>;
  /** Bootstrap draws behind the intervals; 0: none. */
  draws: number;
}

export const NO_LABEL = 'none';

export interface LabelTableJson {
  kind: Kind;
  /** Components. */
  n: number;
  /** Names of the rows (A) and columns (B), in one order; the last is `none`. */
  rows: (Label | typeof NO_LABEL)[];
  columns: (Label | typeof NO_LABEL)[];
  table: number[][];
  labelled: BothSides<number>;
  /** Components with one label in both. */
  kept: number;
  /** As a share of those labelled in A and in B; and what is expected if labels of B were dealt at random. */
  share: BothSides<Estimate>;
  share_expected: BothSides<number>;
  /** Cohen's kappa over all components, no label being one of the labels. */
  kappa: Estimate;
  draws: number;
}

export interface ComparedComponentJson {
  kind: Kind;
  component: Component;
  /** Null without a label, or where labels do not exist. */
  label: BothSides<Label | null>;
  effects: { direction: Direction; a: Estimate; b: Estimate; difference: Estimate }[];
}

/** Differences of matched pairs, A - B, tested over clusters. */
export interface PairedTestJson {
  n: number;
  clusters: number;
  mean: Estimate;
  /** Matched-pairs rank-biserial correlation over clusters. */
  r: Estimate;
  /** Sign-flip test over clusters; absent under 8. Adjusted by Benjamini-Hochberg over all rows of the table. */
  p: number;
  p_adjusted: number;
}

export interface PairedMethodsJson {
  kind: Kind;
  direction: Direction;
  method: BothSides<string>;
  /** Mean correlation with exact patching within a pair. */
  agreement: BothSides<number>;
  difference: PairedTestJson;
}

export interface PairedJson {
  /** Pairs that are in both, and their clusters in A. */
  n: number;
  clusters: number;
  answers: { quantity: AnswerQuantity; difference: PairedTestJson }[];
  methods: PairedMethodsJson[];
  /** Exact patching of A against that of B within each pair. */
  exact: { kind: Kind; direction: Direction; pearson: Estimate; n: number; clusters: number }[];
}

export const ANSWER_QUANTITIES = ['solved', 'F clean', 'F corrupted', 'D'] as const;
export type AnswerQuantity = (typeof ANSWER_QUANTITIES)[number];

export interface GainSideJson {
  n: number;
  clusters: number;
  matched: number;
  mean: Estimate;
  r: Estimate;
  p_adjusted: number;
  /** Over components, among their stand-ins; NaN where there is none to draw from. */
  p_components: number;
}

export interface ComparedGainJson {
  kind: Kind;
  direction: Direction;
  labels: BothSides<Label[]>;
  controls: ControlRuleName;
  a: GainSideJson;
  b: GainSideJson;
  /** Mean of A less mean of B. */
  difference: Estimate;
}

export interface ComparedAgreementJson {
  method: string;
  direction: Direction;
  kind: Kind;
  /** Pearson's correlation with exact patching, mean over pairs; NaN where a survey did not run it. */
  a: Estimate;
  b: Estimate;
}

export interface DepthJson {
  kind: Kind;
  direction: Direction;
  /** Where half of a model's depth is 0.5: mean of (layer + 1/2) / layers, weighted by |e|. */
  centre: BothSides<number>;
  /** The strongest components of each. */
  strongest: BothSides<{ component: Component; depth: number; e: number }[]>;
}

export interface ComparisonJson {
  schema: string;
  complete: boolean;
  a: ComparedSurveyJson;
  b: ComparedSurveyJson;
  /** Whether a component of A is the same component in B. */
  same_model: boolean;
  /** Whether both have the same clusters in the same order, so that they are drawn together. */
  same_clusters: boolean;
  /** Pairs with the same prompts in both, and with the same clean prompt. */
  shared: { pairs: number; clean: number };
  differences: { what: string; a: string; b: string }[];
  /** What cannot be compared, and why. */
  limits: string[];
  answers: { quantity: AnswerQuantity; a: Estimate; b: Estimate; difference: Estimate }[];
  components: ComponentAgreementJson[];
  labels: LabelTableJson[];
  /** How many components have each label; the last is without one. */
  label_counts: { kind: Kind; label: BothSides<Label | typeof NO_LABEL>; count: BothSides<number> }[];
  strongest: ComparedComponentJson[];
  changed: ComparedComponentJson[];
  agreement: ComparedAgreementJson[];
  /** Null where no pair is in both. */
  paired: PairedJson | null;
  gains: ComparedGainJson[];
  depth: DepthJson[];
  findings: string[];
  options: { draws: number; seed: number };
  command: string;
  versions: Record<string, string>;
}

const text = z.string();
const direction = z.enum(DIRECTIONS);
const kind = z.enum(KINDS);
const label = z.enum(LABELS);
const labelOrNone = z.enum([...LABELS, NO_LABEL]);
const estimate = z.object({ value: real, low: real, high: real });
const sides = <T extends z.ZodType>(of: T) => z.object({ a: of, b: of });

const survey = z.object({
  folder: text,
  name: text,
  model: text,
  sha256: text,
  shape: z.object({ layers: count, heads: count, neurons: count }),
  task: text,
  contrast: text,
  metric: text,
  n: count,
  pooled: count,
  clusters: count,
  rule: text,
});

const components: z.ZodType<ComponentAgreementJson> = z.object({
  kind,
  direction,
  n: count,
  pearson: estimate,
  without_largest: z.object({ component, pearson: real }).optional(),
  spearman_size: estimate,
  jaccard: estimate,
  jaccard_expected: real,
  highlighted: sides(count),
  difference: z.object({ mean: estimate, low: real, high: real }),
  reliability: sides(real),
  draws: count,
});

const labels: z.ZodType<LabelTableJson> = z.object({
  kind,
  n: count,
  rows: z.array(labelOrNone),
  columns: z.array(labelOrNone),
  table: z.array(z.array(count)),
  labelled: sides(count),
  kept: count,
  share: sides(estimate),
  share_expected: sides(real),
  kappa: estimate,
  draws: count,
});

const compared: z.ZodType<ComparedComponentJson> = z.object({
  kind,
  component,
  label: sides(label.nullable()),
  effects: z.array(z.object({ direction, a: estimate, b: estimate, difference: estimate })),
});

const pairedTest = z.object({
  n: count,
  clusters: count,
  mean: estimate,
  r: estimate,
  p: real,
  p_adjusted: real,
});

const paired: z.ZodType<PairedJson> = z.object({
  n: count,
  clusters: count,
  answers: z.array(z.object({ quantity: z.enum(ANSWER_QUANTITIES), difference: pairedTest })),
  methods: z.array(
    z.object({ kind, direction, method: sides(text), agreement: sides(real), difference: pairedTest }),
  ),
  exact: z.array(z.object({ kind, direction, pearson: estimate, n: count, clusters: count })),
});

const gainSide = z.object({
  n: count,
  clusters: count,
  matched: count,
  mean: estimate,
  r: estimate,
  p_adjusted: real,
  p_components: real.default(Number.NaN),
});

const gain: z.ZodType<ComparedGainJson> = z.object({
  kind,
  direction,
  labels: sides(z.array(label)),
  controls: z.enum(CONTROL_RULES),
  a: gainSide,
  b: gainSide,
  difference: estimate,
});

const depth: z.ZodType<DepthJson> = z.object({
  kind,
  direction,
  centre: sides(real),
  strongest: sides(z.array(z.object({ component, depth: real, e: real }))),
});

const content: z.ZodType<ComparisonJson> = z.object({
  schema: text,
  complete: z.boolean(),
  a: survey,
  b: survey,
  same_model: z.boolean(),
  same_clusters: z.boolean(),
  shared: z.object({ pairs: count, clean: count }),
  differences: z.array(z.object({ what: text, a: text, b: text })),
  limits: z.array(text),
  answers: z.array(
    z.object({ quantity: z.enum(ANSWER_QUANTITIES), a: estimate, b: estimate, difference: estimate }),
  ),
  components: z.array(components),
  labels: z.array(labels),
  label_counts: z.array(z.object({ kind, label: sides(labelOrNone), count: sides(count) })),
  strongest: z.array(compared),
  changed: z.array(compared),
  agreement: z.array(z.object({ method: text, direction, kind, a: estimate, b: estimate })),
  paired: paired.nullable(),
  gains: z.array(gain),
  depth: z.array(depth),
  findings: z.array(text),
  options: z.object({ draws: count, seed: count }),
  command: text,
  versions: z.record(z.string(), text),
});

const COMPARISON: DocumentKind<ComparisonJson> = {
  what: 'comparison',
  name: KIND_NAME,
  major: 1,
  content,
};

/** Throws InputError for text that is no comparison, and for a newer major version. */
export function parseComparisonJson(source: string, file: string): ComparisonJson {
  return parseDocument(source, file, COMPARISON);
}

export function formatComparisonJson(comparison: ComparisonJson): string {
  return `${JSON.stringify(comparison, null, 1)}\n`;
}
