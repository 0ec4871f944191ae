/**
 * What a survey is, as its record in `.work/` and later `survey.json` tell it.
 */
import * as z from 'zod';
import {
  type Contrast,
  CONTRASTS,
  type Direction,
  DIRECTIONS,
  type Kind,
  KINDS,
  METRIC_WORDS,
  type MetricWord,
} from '../terms.ts';
import { count } from './json-values.ts';

/** What is told of a survey in both files. */
export interface SurveyFields {
  model: { id: string; architecture: string; sha256: string };
  shape: { layers: number; heads: number; neurons: number };
  task: { name: string; metric: MetricWord; contrast: Contrast };
  /** Whether labels come from patching by the metric's logit-level twin. */
  has_twin: boolean;
  options: {
    methods: string[];
    components: Kind[];
    directions: Direction[];
    gains: boolean;
    steps: number | null;
    quantile: number;
    tau: number;
    seed: number;
    draws: number;
    raw_weights: boolean;
  };
  /** Examples that were left out, and why. */
  skipped: { row: number; line?: number | undefined; column?: string | undefined; reason: string }[];
  notes: string[];
  command: string;
  versions: Record<string, string>;
  provider: string;
  processors: string[];
  identity: Record<string, string | number | boolean | null>;
}

/** One pair of the data set. */
export interface SurveyPair {
  row: number;
  clean: string;
  corrupted: string;
  template: string;
  fillers: Record<string, string>;
  /** Tokens. */
  length: number;
  positive: string[];
  negative: string[];
  /** Whether it is an earlier pair with its prompts exchanged: labels and gains leave it out. */
  reversed: boolean;
}

/** What a survey is, before its scores. */
export interface SurveyRecord extends SurveyFields {
  pairs: SurveyPair[];
}

const text = z.string().max(100_000);

/** The fields of both files, to be spread into an object's schema. */
export const surveyFields: { [K in keyof SurveyFields]: z.ZodType<SurveyFields[K]> } = {
  model: z.object({ id: text, architecture: text, sha256: text }),
  shape: z.object({ layers: count, heads: count, neurons: count }),
  task: z.object({ name: text, metric: z.enum(METRIC_WORDS), contrast: z.enum(CONTRASTS) }),
  has_twin: z.boolean(),
  options: z.object({
    methods: z.array(text),
    components: z.array(z.enum(KINDS)),
    directions: z.array(z.enum(DIRECTIONS)),
    gains: z.boolean(),
    steps: count.nullable(),
    quantile: z.number().gt(0).lt(1),
    tau: z.number().gt(0),
    seed: count,
    draws: count,
    raw_weights: z.boolean(),
  }),
  skipped: z.array(z.object({ row: count, line: count.optional(), column: text.optional(), reason: text })),
  notes: z.array(text),
  command: text,
  versions: z.record(z.string(), text),
  provider: text,
  processors: z.array(text),
  identity: z.record(z.string(), z.union([text, z.number(), z.boolean(), z.null()])),
};

const surveyPair: z.ZodType<SurveyPair> = z.object({
  row: count,
  clean: text,
  corrupted: text,
  template: text,
  fillers: z.record(z.string(), text),
  length: count,
  positive: z.array(text),
  negative: z.array(text),
  reversed: z.boolean(),
});

export const surveyRecord: z.ZodType<SurveyRecord> = z.object({
  ...surveyFields,
  pairs: z.array(surveyPair).min(1),
});
