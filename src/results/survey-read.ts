/**
 * Opens the folder of a survey: `survey.json`, `pooled.safetensors`, `pairs.safetensors`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../files.ts';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Direction, Kind } from '../terms.ts';
import { ABLATIONS_FILE, type AblationsJson, parseAblationsJson } from './ablations-json.ts';
import { readResult } from './result-folder.ts';
import { type PairSet, parseSurveyJson, SURVEY_FILE, type SurveyJson } from './survey-json.ts';

export const POOLED_FILE = 'pooled.safetensors';
export const PAIR_ARRAYS_FILE = 'pairs.safetensors';

/** What pages and comparisons read of a survey. */
export interface SurveyResults {
  folder: string;
  survey: SurveyJson;
  /** Pooled effects and limits of their intervals by `pooledName`: [layers, heads or neurons]. */
  pooled: ReadonlyMap<string, Tensor>;
  /** Numbers of each pair by `PAIR_NUMBERS` and `correlationName`: [pairs]. Empty for older surveys. */
  pairs: ReadonlyMap<string, Tensor>;
  /** Set ablations, where they were made. */
  ablations?: AblationsJson;
}

/** What a pooled array is of. */
export function pooledName(
  what: 'mean' | 'low' | 'high',
  of: { set: PairSet; method: string; direction: Direction; kind: Kind },
): string {
  return [of.set, of.method, of.direction, of.kind, what].join('.');
}

/** Of each pair: F of both prompts by the task's metric, and its cluster. */
export const PAIR_NUMBERS = ['clean', 'corrupted', 'cluster'] as const;

/** Pearson's correlation of a method with exact patching, within each pair. */
export function correlationName(of: { method: string; direction: Direction; kind: Kind }): string {
  return ['pearson', of.method, of.direction, of.kind].join('.');
}

/** Opens a folder; `survey` stands in for a `survey.json` that is not written yet. Throws InputError for what is missing. */
export async function openSurvey(folder: string, survey?: SurveyJson): Promise<SurveyResults> {
  const path = join(folder, SURVEY_FILE);
  const described = survey ?? parseSurveyJson((await readResult(path, 'survey')).toString('utf8'), path);
  const pooled = await readArrays(join(folder, POOLED_FILE));
  const numbers = join(folder, PAIR_ARRAYS_FILE);
  const pairs = (await exists(numbers)) ? await readArrays(numbers) : new Map<string, Tensor>();
  const ablations = await readAblations(folder);
  return { folder, survey: described, pooled, pairs, ...(ablations && { ablations }) };
}

async function readArrays(path: string): Promise<Map<string, Tensor>> {
  const arrays = new Map<string, Tensor>();
  for (const [name, { shape, data }] of decodeSafetensors(await readResult(path, 'survey'), path)) {
    if (data instanceof Float32Array) arrays.set(name, { shape, data });
  }
  return arrays;
}

/** The set ablations of a survey's folder, if it has them. Throws InputError for a file that is none. */
async function readAblations(folder: string): Promise<AblationsJson | undefined> {
  const path = join(folder, ABLATIONS_FILE);
  return (await exists(path)) ? parseAblationsJson(await readFile(path, 'utf8'), path) : undefined;
}
