/** What `study.json` and `audit.json` tell alike: the model, the pair and its metric, warnings, and what made the file. */
import * as z from 'zod';
import { type Contrast, CONTRASTS } from '../terms.ts';
import { count, real } from './json-values.ts';

export interface ModelJson {
  id: string;
  architecture: string;
  sha256: string;
}

/** Sizes of the model: neurons is the number per layer. */
export interface ShapeJson {
  layers: number;
  heads: number;
  neurons: number;
}

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

/** Something about the pair or the run that a reader should know. */
export interface LintJson {
  code: string;
  message: string;
}

/** What must be the same for `--resume` to take a folder for its own. */
export type IdentityJson = Record<string, string | number | boolean | null>;

const text = z.string();
const prompt = z.object({ text: text.nullable(), ids: z.array(count), tokens: z.array(text) });
const token = z.object({ id: count, text: text.nullable() });

export const model: z.ZodType<ModelJson> = z.object({ id: text, architecture: text, sha256: text });
export const shape: z.ZodType<ShapeJson> = z.object({ layers: count, heads: count, neurons: count });
export const pair: z.ZodType<PairJson> = z.object({
  clean: prompt,
  corrupted: prompt,
  first_difference: count,
  contrast: z.enum(CONTRASTS),
  answer: token.optional(),
  wrong: token.optional(),
});
export const metric: z.ZodType<MetricJson> = z.object({ name: text, clean: real, corrupted: real, D: real });
export const lint: z.ZodType<LintJson[]> = z.array(z.object({ code: text, message: text }));
export const identity: z.ZodType<IdentityJson> = z.record(
  text,
  z.union([text, z.number(), z.boolean(), z.null()]),
);
