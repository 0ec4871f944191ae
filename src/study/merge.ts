/**
 * Joins the shards of a study. First all parts are checked: one study, each unit exactly once, every file what it must
 * be. Then their files are copied into one folder, which is finished as that of any study. Parts are never changed; one
 * of them may be the folder itself. A merge that was stopped is run again.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, throwIfCancelled } from '../errors.ts';
import { copyFileAtomic } from '../files.ts';
import { shown } from '../tensor/json.ts';
import { EFFECTS } from './effects-store.ts';
import { ExpectedFiles } from './expected.ts';
import { finishStudy, recordedStudy } from './finish.ts';
import { checkOut, firstDifference, StudyFolder, unitFile, unitOfFile } from './folder.ts';
import type { Study, StudyHandlers } from './handlers.ts';
import { versions } from './identity.ts';
import { missingShards, shardCommand, shardNames } from './missing.ts';
import { checkPart, openPart, type Part, storeSizes } from './part.ts';
import { type Done, Phases } from './phases.ts';
import { type ShardRecord, sortedRecords } from './record.ts';
import { LOGITS } from './units.ts';

export interface MergeOptions extends StudyHandlers {
  /** Draw figures and page; default true. */
  readonly figures?: boolean;
}

/**
 * Makes the study of which `parts` are the shards, in `out`: a new folder, that of an interrupted merge, or one of the
 * parts. Needs no model. Throws InputError where parts are missing, given twice, damaged or of different studies;
 * CancelledError.
 */
export async function mergeStudies(
  parts: readonly string[],
  out: string,
  options: MergeOptions = {},
): Promise<Study> {
  await checkOut(out, true);
  const folder = new StudyFolder(out);
  const others = await withoutTarget(parts, out);
  const opened = await Promise.all(others.map(openPart));
  // Killed behind its last file, or merged before.
  if (await folder.isComplete()) return mergedBefore(folder, opened);
  const inPlace = others.length < parts.length ? await openPart(out) : undefined;
  const all = inPlace ? [inPlace, ...opened] : opened;
  const record = checkOneStudy(all);
  const expected = new ExpectedFiles(record);
  const begun = !inPlace && (await folder.holds(record.identity)) === 'begun';
  await checkOnce(all, inPlace);
  checkNothingMissing(all, record, expected);
  if (begun) await storeSizes(folder, expected);

  const phases = new Phases(options.onProgress);
  const { signal } = options;
  const checking = async (done: Done) => {
    for (const part of all) await checkPart(part, expected, done, signal);
  };
  await phases.run('checking', expected.units.size, checking, 'units');
  await folder.claim(record.identity);
  await copyParts(opened, folder, expected, phases, signal, (part) => part.records.includes(record));
  return finishStudy(folder, options.figures ?? true, options);
}

/** The parts that are not the target itself. Throws InputError where one is given twice. */
async function withoutTarget(parts: readonly string[], out: string): Promise<string[]> {
  if (parts.length === 0) throw new InputError('expected at least one folder of shards to merge, got none');
  const real = (path: string) => realpath(path).catch(() => path);
  const seen = new Map<string, string>();
  for (const path of parts) {
    const place = await real(path);
    if (seen.has(place)) throw new InputError(`expected each part once, got ${path} twice; leave one out`);
    seen.set(place, path);
  }
  seen.delete(await real(out));
  return [...seen.values()];
}

async function mergedBefore(folder: StudyFolder, parts: readonly Part[]): Promise<Study> {
  for (const { identity } of parts) await folder.holds(identity);
  await folder.tidy();
  return recordedStudy(folder);
}

/** All parts are of one study; gives its first record. */
function checkOneStudy(parts: readonly Part[]): ShardRecord {
  const [first] = parts as [Part, ...Part[]];
  for (const part of parts) {
    const difference = firstDifference(first.identity, part.identity);
    if (!difference) continue;
    const { key, a, b } = difference;
    throw new InputError(
      `expected parts of one study, got ${first.path} with ${key} ${a} and ${part.path} with ${key} ${b}; merge shards of the same study`,
    );
  }
  const [record] = sortedRecords(parts.flatMap(({ records }) => records));
  const version = versions().mediators;
  if (record && record.identity.version !== version) {
    throw new InputError(
      `expected shards made by this version, ${version}, got version ${shown(record.identity.version)}; merge with that one`,
    );
  }
  if (record) return record;
  throw new InputError(`expected shards that have begun, got none in ${paths(parts)}; run them`);
}

/**
 * No unit and no shard lies in two parts. In the target itself there may also be what a merge that was stopped has
 * copied there: the very same bytes.
 */
async function checkOnce(parts: readonly Part[], target: Part | undefined): Promise<void> {
  const seen = new Map<string, Part>();
  for (const part of parts) {
    for (const file of part.files) {
      const before = seen.get(file);
      seen.set(file, part);
      if (!before || file === unitFile(LOGITS)) continue;
      if (before === target && (await sameBytes(file, before, part))) continue;
      const what = unitOfFile(file) ?? file.replace(/\.json$/, '');
      throw new InputError(
        `expected each unit in one part, got ${what} twice, in ${before.path} and in ${part.path}; leave one of them out`,
      );
    }
  }
}

async function sameBytes(file: string, a: Part, b: Part): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map(({ folder }) => readFile(join(folder.work, file))));
  return x!.equals(y!);
}

function checkNothingMissing(parts: readonly Part[], record: ShardRecord, expected: ExpectedFiles): void {
  const there = new Set(parts.flatMap(({ units }) => units));
  const missing = [...expected.units.keys()].filter((name) => !there.has(name));
  if (missing.length === 0) {
    if (parts.some(({ records, units }) => records.includes(record) && units.includes(LOGITS))) return;
    throw new InputError(
      `expected the file ${unitFile(LOGITS)} beside the units, got none; run a shard again`,
    );
  }
  const shards = missingShards(record, there);
  const shard = { index: shards[0]!, count: record.shard.count };
  const begun = parts.find(({ records }) => records.some((own) => own.shard.index === shard.index));
  const place = begun?.path ?? (parts.length === 1 ? parts[0]!.path : 'FOLDER');
  throw new InputError(
    `expected all ${expected.units.size} units of the study, got ${expected.units.size - missing.length} in ${paths(parts)}: ` +
      `missing are units of ${shardNames(shards, shard.count)}, first ${missing[0]}; give their folders too, or run: ${shardCommand(record, shard, place)}`,
  );
}

function paths(parts: readonly Part[]): string {
  return parts.map(({ path }) => path).join(', ');
}

/** Copies parts into the target. `first` tells of the part whose logits it takes. */
async function copyParts(
  parts: readonly Part[],
  target: StudyFolder,
  expected: ExpectedFiles,
  phases: Phases,
  signal: AbortSignal | undefined,
  first: (part: Part) => boolean,
): Promise<void> {
  if (parts.length === 0) return;
  const total = parts.reduce((sum, part) => sum + part.files.length, 0);
  const copying = async (done: Done) => {
    for (const part of parts) await copyPart(part, target, expected, first(part), done, signal);
  };
  await phases.run('copying', total, copying, 'files');
}

/** Copies a part's units, each behind its chunks, then its records. `logits`: also the logits. */
async function copyPart(
  { path, folder, files }: Part,
  target: StudyFolder,
  expected: ExpectedFiles,
  logits: boolean,
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  const copy = (from: string, to: string, name: string) =>
    copyFileAtomic(join(from, name), join(to, name), target.work);
  const unitsFirst = [...files].sort((a, b) => Number(!unitOfFile(a)) - Number(!unitOfFile(b)));
  for (const file of unitsFirst) {
    throwIfCancelled(signal);
    const unit = expected.units.get(unitOfFile(file) ?? '');
    if (unit) {
      for (const [chunk] of expected.chunksOf(unit))
        await copy(join(path, EFFECTS), join(target.path, EFFECTS), chunk);
    }
    if (logits || file !== unitFile(LOGITS)) await copy(folder.work, target.work, file);
    await done(1);
  }
}
