/**
 * `ablations.json` of a survey: what its sets of components do when all of a set are patched at once. Numbers that do not
 * exist are NaN in memory and null in the file.
 */
import * as z from 'zod';
import { type Component, type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { component, count, real } from './json-values.ts';
import { type DocumentKind, parseDocument } from './schema.ts';
import { PAIR_SETS, type PairSet } from './survey-json.ts';

export const ABLATIONS_FILE = 'ablations.json';
const KIND_NAME = 'mediators/ablations';
export const ABLATIONS_SCHEMA: string = `${KIND_NAME}@1`;

/**
 * Sets of one pair. Labels: `and`, `or` (in a swap `noising_only`, `denoising_only`), `labelled` (both). Highlights of
 * exact patching and of another method: `shared`, `union`, `exact_own`, `method_own`.
 */
export const SET_NAMES = [
  'and',
  'or',
  'noising_only',
  'denoising_only',
  'labelled',
  'shared',
  'union',
  'exact_own',
  'method_own',
] as const;
export type SetName = (typeof SET_NAMES)[number];

/** A set against random sets. */
export interface SetControlJson {
  /** Pairs with such sets, and their clusters. */
  n: number;
  clusters: number;
  /** Pooled effect of the mean random set, and its 95% interval. */
  e: number;
  low: number;
  high: number;
  /** Pooled effect of the set less that, over the same pairs, and its 95% interval. */
  difference: number;
  difference_low: number;
  difference_high: number;
  /** Two-sided sign-flip test over clusters; absent under 8. Adjusted by Benjamini-Hochberg over all of these pairs. */
  p: number;
  p_adjusted: number;
  /** Mean share of a random set that lies in the set itself, as its layers have too few others, or none that match. */
  within: number;
}

export interface SetEffectJson {
  pairs: PairSet;
  kind: Kind;
  direction: Direction;
  set: SetName;
  /** Of highlights: the method beside exact patching. */
  method: string | null;
  /** Pairs whose set has members, and their clusters. */
  n: number;
  clusters: number;
  /** Mean number of members. */
  size: number;
  /** Pooled effect: 1 is the whole difference between the prompts; and its 95% interval. */
  e: number;
  low: number;
  high: number;
  random: SetControlJson;
  /** Of matched own change; null where the survey has no own changes. */
  matched: SetControlJson | null;
}

/** Who takes over: heads patched again while the labelled heads are ablated. */
export interface TakeoverJson {
  direction: Direction;
  n: number;
  clusters: number;
  /** Mean number of ablated heads. */
  size: number;
  /** Pooled effects whose growth is largest, first the largest. */
  components: {
    component: Component;
    before: number;
    after: number;
    growth: number;
    low: number;
    high: number;
    /** Pairs in which it was not ablated itself. */
    n: number;
  }[];
}

export interface AblationsJson {
  schema: string;
  options: { random: number; takeover: number; seed: number };
  /** Pairs that were ablated: those whose reverse is an earlier pair are not. */
  n: number;
  clusters: number;
  effects: SetEffectJson[];
  takeover: TakeoverJson[];
  command: string;
  phases: { name: string; seconds: number; peak_bytes: number }[];
  identity: Record<string, string | number | boolean | null>;
}

const direction = z.enum(DIRECTIONS);
const limits = { low: real, high: real };

const control = z.object({
  n: count,
  clusters: count,
  e: real,
  ...limits,
  difference: real,
  difference_low: real,
  difference_high: real,
  p: real,
  p_adjusted: real,
  within: real,
});

const effect: z.ZodType<SetEffectJson> = z.object({
  pairs: z.enum(PAIR_SETS),
  kind: z.enum(KINDS),
  direction,
  set: z.enum(SET_NAMES),
  method: z.string().nullable(),
  n: count,
  clusters: count,
  size: real,
  e: real,
  ...limits,
  random: control,
  matched: control.nullable(),
});

const takeover: z.ZodType<TakeoverJson> = z.object({
  direction,
  n: count,
  clusters: count,
  size: real,
  components: z.array(z.object({ component, before: real, after: real, growth: real, ...limits, n: count })),
});

const content: z.ZodType<AblationsJson> = z.object({
  schema: z.string(),
  options: z.object({ random: count, takeover: count, seed: count }),
  n: count,
  clusters: count,
  effects: z.array(effect),
  takeover: z.array(takeover),
  command: z.string(),
  phases: z.array(z.object({ name: z.string(), seconds: real, peak_bytes: real })),
  identity: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

const ABLATIONS: DocumentKind<AblationsJson> = { what: 'ablations', name: KIND_NAME, major: 1, content };

/** Throws InputError for text that is no ablations, and for a newer major version. */
export function parseAblationsJson(source: string, file: string): AblationsJson {
  return parseDocument(source, file, ABLATIONS);
}

export function formatAblationsJson(ablations: AblationsJson): string {
  return `${JSON.stringify(ablations, null, 1)}\n`;
}
