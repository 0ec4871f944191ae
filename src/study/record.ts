/**
 * The record of a shard: all that is known of a study before its scores, so that it can be finished from its folder
 * alone, on another machine and without its model. It lies in `.work/`, one file a shard.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { MEASURES } from '../effects/measures.ts';
import { InputError } from '../errors.ts';
import { writeTextAtomic } from '../files.ts';
import type { ModelShape } from '../model/config.ts';
import { parseWith } from '../model/parse-with.ts';
import { type KnownJson, knownJson } from '../results/study-json.ts';
import { parseJson } from '../tensor/json.ts';
import { DIRECTIONS, KINDS } from '../terms.ts';
import { firstDifference, type StudyFolder } from './folder.ts';
import { optionsIdentity } from './identity.ts';
import type { MediationOption } from './mediation-option.ts';
import { resolveOptions, type StudyOptions } from './options.ts';
import { MAX_SHARDS, type Shard } from './shard.ts';

export const RECORD_SCHEMA = 'mediators/shard@1';

/** The options as `study.json` tells them; those that the files depend on are known. */
type RecordedOptions = Pick<
  StudyOptions,
  | 'components'
  | 'directions'
  | 'measures'
  | 'mediation'
  | 'full'
  | 'steps'
  | 'quantile'
  | 'tau'
  | 'seed'
  | 'batch'
  | 'rows'
> &
  Record<string, unknown> & { readonly as_published: boolean };

export interface ShardRecord extends KnownJson {
  readonly schema: string;
  readonly shard: Shard;
  /** Tokens that the model knows: the length of a row of logits. */
  readonly vocabulary: number;
  /** d_model: what heads write at each position. */
  readonly width: number;
  readonly options: RecordedOptions;
  /** Types of processor on which the shard ran. */
  readonly processors: readonly string[];
}

/** What a record may claim at most: plans are made from it. */
const LIMITS = { bytes: 50_000_000, depth: 12, layers: 10_000, components: 20_000_000, tokens: 10_000_000 };

const count = z.number().int().min(1);
const words = <W extends string>(known: readonly W[]) => z.array(z.enum(known)).max(known.length);
/** Words that a terminal shows: no control characters. */
const line = z
  .string()
  .max(1_000_000)
  .regex(/^[^\x00-\x1f\x7f-\x9f]*$/);

const own = z.object({
  schema: z.literal(RECORD_SCHEMA),
  shard: z.object({ index: z.number().int().min(0).max(MAX_SHARDS), count: count.max(MAX_SHARDS) }),
  shape: z.object({
    layers: count.max(LIMITS.layers),
    heads: count.max(LIMITS.components),
    neurons: count.max(LIMITS.components),
  }),
  vocabulary: count.max(LIMITS.tokens),
  width: count.max(LIMITS.components),
  // What is printed.
  model: z.looseObject({ id: line }),
  lint: z.array(z.looseObject({ message: line })),
  command: line,
  options: z.looseObject({
    components: words(KINDS),
    directions: words(DIRECTIONS),
    measures: words(MEASURES),
    // `resolveOptions` checks it.
    mediation: z.custom<MediationOption>((value) => typeof value === 'string' && value.length < 100),
    as_published: z.boolean(),
    full: z.boolean(),
    steps: z.union([z.number(), z.literal('auto')]),
    quantile: z.number(),
    tau: z.number(),
    seed: z.number(),
    batch: z.number(),
    rows: z.number().optional(),
  }),
  processors: z.array(line).min(1).max(1000),
});
const schema: z.ZodType<ShardRecord> = z.intersection(knownJson, own);

const NAME = /^shard\.(\d{1,6})-of-(\d{1,6})\.json$/;

function recordFile({ index, count: all }: Shard): string {
  return `shard.${index}-of-${all}.json`;
}

export function isRecordFile(name: string): boolean {
  return NAME.test(name);
}

export function saveRecord(folder: StudyFolder, record: ShardRecord): Promise<void> {
  const path = join(folder.work, recordFile(record.shard));
  return writeTextAtomic(path, `${JSON.stringify(record, null, 1)}\n`, folder.work);
}

/** A shard's record, if the folder has one. Throws InputError for one that does not fit. */
export async function readRecord(folder: StudyFolder, shard: Shard): Promise<ShardRecord | undefined> {
  const path = join(folder.work, recordFile(shard));
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch {
    return undefined;
  }
  const json = parseJson(bytes, path, { maxBytes: LIMITS.bytes, maxDepth: LIMITS.depth });
  const record = parseWith(schema, json, path);
  check(record, shard, path);
  return record;
}

/** All records of a folder, by shard. */
export async function readRecords(folder: StudyFolder): Promise<ShardRecord[]> {
  const names = (await readdir(folder.work)).filter(isRecordFile);
  const records = await Promise.all(
    names.map((name) => {
      const [, index, all] = NAME.exec(name)!;
      return readRecord(folder, { index: Number(index), count: Number(all) });
    }),
  );
  return sortedRecords(records.filter((record) => record !== undefined));
}

/** Shard 0 first: what parts tell differently, as by rounding, is taken from the first. */
export function sortedRecords(records: readonly ShardRecord[]): ShardRecord[] {
  return [...records].sort((a, b) => a.shard.index - b.shard.index || a.shard.count - b.shard.count);
}

/** What a schema cannot say. */
function check(record: ShardRecord, shard: Shard, path: string): void {
  const fail = (expected: string, got: string): never => {
    throw new InputError(`${path}: expected ${expected}, got ${got}; run its shard again in a new folder`);
  };
  const { index, count: all } = record.shard;
  if (index !== shard.index || all !== shard.count) fail('the shard of its name', `${index}/${all}`);
  const { layers, heads, neurons } = record.shape;
  if (layers * (heads + neurons) > LIMITS.components)
    fail(`at most ${LIMITS.components} components`, `${layers} x (${heads} + ${neurons})`);
  const { clean, first_difference: first } = record.pair;
  if (first >= clean.ids.length) fail(`a first difference below ${clean.ids.length}`, String(first));
  // The identity has the batch that was asked for, the options the one that memory allowed.
  const { batch: _batch, ...options } = optionsIdentity(optionsOf(record));
  const claimed = Object.fromEntries(Object.keys(options).map((key) => [key, record.identity[key]!]));
  const difference = firstDifference(claimed, options);
  if (difference) fail(`${difference.key} ${difference.a} as in its identity`, difference.b);
}

/** The options that made the files, checked. */
export function optionsOf({ options }: ShardRecord): StudyOptions {
  const { components, directions, measures, mediation, full, steps, quantile, tau, seed, batch, rows } =
    options;
  const asPublished = options.as_published;
  const known = {
    components,
    directions,
    measures,
    mediation,
    asPublished,
    full,
    steps,
    quantile,
    tau,
    seed,
    batch,
  };
  return resolveOptions(rows === undefined ? known : { ...known, rows });
}

/** The model's shape as plans take it. */
export function shapeOf({ shape: { layers, heads, neurons } }: ShardRecord): ModelShape {
  return { nLayers: layers, nHeads: heads, dMlp: neurons };
}
