/**
 * `faithfulness.json`: how faithful circuits are over a data set. Numbers that do not exist are NaN in memory and null in
 * the file.
 */
import * as z from 'zod';
import {
  type Contrast,
  CONTRASTS,
  type Direction,
  DIRECTIONS,
  METRIC_WORDS,
  type MetricWord,
} from '../terms.ts';
import { count, real } from './json-values.ts';
import { identity, type IdentityJson, model, type ModelJson, shape, type ShapeJson } from './run-json.ts';
import { type DocumentKind, parseDocument } from './schema.ts';

export const FAITHFULNESS_FILE = 'faithfulness.json';
const KIND_NAME = 'mediators/faithfulness';
export const FAITHFULNESS_SCHEMA: string = `${KIND_NAME}@1`;

/** How large a circuit is after pruning. */
export interface CircuitSizeJson {
  nodes: number;
  edges: number;
  /** As the Mechanistic Interpretability Benchmark counts them. */
  weighted_edges: number;
}

/** The circuit of one size. */
export interface CircuitPointJson extends CircuitSizeJson {
  /** Share of the edges (nodes) that was asked for. */
  k: number;
  /** Edges (nodes) before pruning. */
  asked: number;
  /** `weighted_edges` / those of the whole graph. */
  share: number;
  /** A ratio of means over the pairs, and its 95% interval over clusters. */
  f: number;
  low: number;
  high: number;
  /** F of each pair, in the order of `split.evaluation.rows`. */
  values: number[];
}

/** All that is not the circuit. */
export interface ComplementPointJson {
  k: number;
  f: number;
  weighted_edges: number;
}

/** Random circuits of one size: mean over the draws, the least and the most. */
export interface RandomPointJson {
  k: number;
  f: number;
  least: number;
  most: number;
  /** Mean over the draws. */
  weighted_edges: number;
}

/** Over the draws. */
export interface DrawsJson {
  mean: number;
  least: number;
  most: number;
}

export interface CurveJson {
  /** `<method>.<level>.<select>.<rule>` */
  name: string;
  method: string;
  level: string;
  select: string;
  rule: string;
  cpr: number;
  cmd: number;
  points: CircuitPointJson[];
  complement: ComplementPointJson[];
  random: { draws: number; seed: number; cpr: DrawsJson; cmd: DrawsJson; points: RandomPointJson[] };
}

/** One of the two lists of pairs. */
export interface SideJson {
  n: number;
  clusters: number;
  /** Places of its pairs in the data. */
  rows: number[];
}

/** How the pairs that circuits run on are answered. */
export interface EvaluatedJson {
  /** Means of F, and their difference; `small_d`: too small to divide by, so that there is no f. */
  clean: number;
  corrupted: number;
  D: number;
  small_d: boolean;
  /** F of each pair's prompts, in the order of `rows`. */
  values: MetricsJson;
}

export interface MetricsJson {
  clean: number[];
  corrupted: number[];
}

export interface FaithfulnessJson {
  schema: string;
  complete: boolean;
  model: ModelJson;
  shape: ShapeJson;
  /** The whole graph. */
  graph: CircuitSizeJson;
  task: { name: string; metric: MetricWord; contrast: Contrast };
  options: {
    methods: string[];
    levels: string[];
    select: string[];
    rules: string[];
    direction: Direction;
    sizes: number[];
    circuit_sizes: number[];
    draws: number;
    seed: number;
    split: number;
    raw_weights: boolean;
  };
  split: {
    /** What a cluster is, in words. */
    rule: string;
    scores: SideJson;
    evaluation: SideJson & EvaluatedJson;
  };
  curves: CurveJson[];
  /** Sentences that the page begins with. */
  findings: string[];
  /** Examples that were left out, and why. */
  skipped: { row: number; line?: number | undefined; column?: string | undefined; reason: string }[];
  notes: string[];
  command: string;
  versions: Record<string, string>;
  provider: string;
  processors: string[];
  phases: { name: string; seconds: number; peak_bytes: number }[];
  identity: IdentityJson;
}

const text = z.string();
const size = { nodes: count, edges: count, weighted_edges: count };
const draws = z.object({ mean: real, least: real, most: real });
const side = { n: count, clusters: count, rows: z.array(count) };

const metrics: z.ZodType<MetricsJson> = z.object({ clean: z.array(real), corrupted: z.array(real) });

const curve: z.ZodType<CurveJson> = z.object({
  name: text,
  method: text,
  level: text,
  select: text,
  rule: text,
  cpr: real,
  cmd: real,
  points: z.array(
    z.object({
      k: z.number(),
      asked: count,
      ...size,
      share: real,
      f: real,
      low: real,
      high: real,
      values: z.array(real),
    }),
  ),
  complement: z.array(z.object({ k: z.number(), f: real, weighted_edges: count })),
  random: z.object({
    draws: count,
    seed: count,
    cpr: draws,
    cmd: draws,
    points: z.array(z.object({ k: z.number(), f: real, least: real, most: real, weighted_edges: real })),
  }),
});

/** What the folder keeps of a curve until all are done. */
export const keptCurve: z.ZodType<{ curve: CurveJson; values: MetricsJson }> = z.object({
  curve,
  values: metrics,
});

const content: z.ZodType<FaithfulnessJson> = z.object({
  schema: text,
  complete: z.boolean(),
  model,
  shape,
  graph: z.object(size),
  task: z.object({ name: text, metric: z.enum(METRIC_WORDS), contrast: z.enum(CONTRASTS) }),
  options: z.object({
    methods: z.array(text),
    levels: z.array(text),
    select: z.array(text),
    rules: z.array(text),
    direction: z.enum(DIRECTIONS),
    sizes: z.array(z.number()),
    circuit_sizes: z.array(z.number()),
    draws: count,
    seed: count,
    split: z.number(),
    raw_weights: z.boolean(),
  }),
  split: z.object({
    rule: text,
    scores: z.object(side),
    evaluation: z.object({
      ...side,
      clean: real,
      corrupted: real,
      D: real,
      small_d: z.boolean(),
      values: metrics,
    }),
  }),
  curves: z.array(curve),
  findings: z.array(text),
  skipped: z.array(z.object({ row: count, line: count.optional(), column: text.optional(), reason: text })),
  notes: z.array(text),
  command: text,
  versions: z.record(text, text),
  provider: text,
  processors: z.array(text),
  phases: z.array(z.object({ name: text, seconds: real, peak_bytes: real })),
  identity,
});

const FAITHFULNESS: DocumentKind<FaithfulnessJson> = {
  what: 'faithfulness',
  name: KIND_NAME,
  major: 1,
  content,
};

/** Throws InputError for text that is none, and for a newer major version. */
export function parseFaithfulnessJson(source: string, file: string): FaithfulnessJson {
  return parseDocument(source, file, FAITHFULNESS);
}

export function formatFaithfulnessJson(faithfulness: FaithfulnessJson): string {
  return `${JSON.stringify(faithfulness, null, 1)}\n`;
}
