/**
 * What a folder of results holds, as its files tell: which of the five kinds, and whether it is finished. The file of a
 * kind is written last; until then the manifest in `.work/` tells what is being made.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.ts';
import { exists, systemReason } from '../files.ts';
import { AUDIT_FILE } from './audit-json.ts';
import { COMPARISON_FILE } from './comparison-json.ts';
import { FAITHFULNESS_FILE } from './faithfulness-json.ts';
import { SURVEY_FILE } from './survey-json.ts';

export const RESULT_KINDS = ['study', 'survey', 'comparison', 'audit', 'faithfulness'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

const FILES: Readonly<Record<ResultKind, string>> = {
  study: 'study.json',
  survey: SURVEY_FILE,
  comparison: COMPARISON_FILE,
  audit: AUDIT_FILE,
  faithfulness: FAITHFULNESS_FILE,
};

/** With its article, for messages. */
const NAMES: Readonly<Record<ResultKind, string>> = {
  study: 'a study',
  survey: 'a survey',
  comparison: 'a comparison',
  audit: 'an audit',
  faithfulness: 'a run of faithfulness',
};

/** What a manifest of each kind names and those of the kinds before it do not. A comparison has none: it is made at once. */
const MANIFEST_KEYS: readonly (readonly [key: string, kind: ResultKind])[] = [
  ['levels', 'faithfulness'],
  ['task', 'survey'],
  ['pairs', 'audit'],
  ['clean', 'study'],
];

/** The kind of the finished results in a folder. Throws InputError where it has none, saying what is there instead. */
export async function finishedKind(folder: string): Promise<ResultKind> {
  const kind = await finishedIn(folder);
  if (kind === undefined) throw await notFinished(folder, RESULT_KINDS);
  return kind;
}

/** The bytes of a file of a finished `kind`. Throws InputError where it is not there, saying what is there instead. */
export async function readResult(path: string, kind: ResultKind): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const folder = dirname(path);
    if (!(await exists(join(folder, FILES[kind])))) throw await notFinished(folder, [kind]);
    throw new InputError(
      `expected a finished ${kind}, got no ${path}: ${systemReason(error)}; make it again in a new folder`,
    );
  }
}

/** Why a folder cannot be read as finished results of one of the kinds `wanted`. */
export async function notFinished(folder: string, wanted: readonly ResultKind[]): Promise<InputError> {
  const words = `expected the folder of ${oneOf(wanted)}, got ${folder}`;
  const reason = await stat(folder).then(
    (found) => (found.isDirectory() ? undefined : 'a file'),
    (error: unknown) => (isMissing(error) ? 'no such folder' : systemReason(error)),
  );
  if (reason !== undefined) return new InputError(`${words}: ${reason}; check the path`);
  const begun = await begunIn(folder);
  if (begun !== undefined && wanted.includes(begun)) {
    const shards = begun === 'study' || begun === 'survey' ? ', or its shards with mediators merge' : '';
    return new InputError(`${words}: ${NAMES[begun]} that is not finished; finish it with --resume${shards}`);
  }
  const held = (await finishedIn(folder)) ?? begun;
  const what = held === undefined ? 'which holds none' : `which holds ${NAMES[held]}`;
  return new InputError(`${words}, ${what}; check the path`);
}

function oneOf(wanted: readonly ResultKind[]): string {
  const last = wanted.at(-1)!;
  const list = wanted.length === 1 ? last : `${wanted.slice(0, -1).join(', ')} or ${last}`;
  return `a finished ${list}`;
}

async function finishedIn(folder: string): Promise<ResultKind | undefined> {
  for (const kind of RESULT_KINDS) if (await exists(join(folder, FILES[kind]))) return kind;
  return undefined;
}

/** By the manifest, where there is no file of a finished kind beside it. */
async function begunIn(folder: string): Promise<ResultKind | undefined> {
  const text = await readFile(join(folder, '.work', 'manifest.json'), 'utf8').catch(() => '');
  return MANIFEST_KEYS.find(([key]) => text.includes(`"${key}":`))?.[1];
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
