/**
 * Joins the shards of a survey: the chunks and answers of all parts in one folder, which is then finished as that of any
 * survey. Parts are never changed; one of them may be the folder itself. A merge that was stopped is run again.
 */
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, throwIfCancelled } from '../errors.ts';
import { copyFileAtomic, exists } from '../files.ts';
import { SURVEY_FILE } from '../results/survey-json.ts';
import { checkOut, type Identity, StudyFolder, unitFile } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { finishSurvey, recordedSurvey, type Survey } from './finish.ts';
import { answersUnit, readSurveyRecord, SURVEY_RECORD } from './record.ts';
import { SCORES } from './store.ts';

const SURVEY_FOLDER = { last: SURVEY_FILE, word: 'survey' };

/** Whether a folder is a survey's: begun or finished. */
export async function isSurvey(path: string): Promise<boolean> {
  return (await exists(join(path, '.work', SURVEY_RECORD))) || exists(join(path, SURVEY_FILE));
}

/**
 * Makes the survey of which `parts` are the shards, in `out`: a new folder, that of an interrupted merge, or one of the
 * parts. Needs no model. Throws InputError where pairs are missing and for parts of different surveys; CancelledError.
 */
export async function mergeSurveys(
  parts: readonly string[],
  out: string,
  handlers: StudyHandlers & { readonly figures?: boolean } = {},
): Promise<Survey> {
  await checkOut(out, true);
  const folder = new StudyFolder(out, SURVEY_FOLDER);
  const opened = await Promise.all(parts.map(openPart));
  const [first] = opened as [Part, ...Part[]];
  for (const { identity } of opened) await checkSame(first, identity);
  if ((await folder.claim(first.identity)) === 'complete') return recordedSurvey(folder);
  const target = await realpath(out);
  for (const part of opened) {
    if ((await realpath(part.folder.path)) !== target) await copyPart(part.folder, folder, handlers.signal);
  }
  const { pairs } = await readSurveyRecord(folder);
  const there = await Promise.all(pairs.map((_, pair) => folder.has(answersUnit(pair))));
  const missing = there.flatMap((has, pair) => (has ? [] : [pair]));
  if (missing.length > 0)
    throw new InputError(
      `expected all ${pairs.length} pairs in the parts, got ${pairs.length - missing.length}, without pair ${missing[0]}; run the shards that are missing, then merge again`,
    );
  return finishSurvey(folder, handlers.figures ?? true, handlers);
}

interface Part {
  readonly folder: StudyFolder;
  readonly identity: Identity;
}

async function openPart(path: string): Promise<Part> {
  const folder = new StudyFolder(path, SURVEY_FOLDER);
  const identity = await folder.manifest();
  if (identity) return { folder, identity };
  const state = (await exists(join(path, SURVEY_FILE))) ? 'a finished survey' : 'no survey';
  throw new InputError(
    `expected a folder of a shard of a survey, got ${path} with ${state}; name its shards`,
  );
}

async function checkSame(first: Part, identity: Identity): Promise<void> {
  await first.folder.holds(identity);
}

/** Scores first: a pair's answers say that its chunks are there. */
async function copyPart(from: StudyFolder, to: StudyFolder, signal: AbortSignal | undefined): Promise<void> {
  const scores = join(from.path, SCORES);
  for (const name of await readdir(scores, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    throwIfCancelled(signal);
    const path = join(name.parentPath, name.name);
    await copyFileAtomic(path, join(to.path, SCORES, path.slice(scores.length)), to.work);
  }
  await copyFileAtomic(join(from.work, SURVEY_RECORD), join(to.work, SURVEY_RECORD), to.work);
  const { pairs } = await readSurveyRecord(from);
  for (const pair of pairs.keys()) {
    const file = unitFile(answersUnit(pair));
    if (await from.has(answersUnit(pair)))
      await copyFileAtomic(join(from.work, file), join(to.work, file), to.work);
  }
}
