/**
 * The audit: what every approximate method says of one pair or of many, against the exact answer.
 *
 * 1. for each pair a study, in a folder of its own: exact patching of every component;
 * 2. exact mediation of heads and every method on the same pair, each kept as it is done;
 * 3. comparisons, tables, figures and page; `audit.json` last.
 *
 * An audit that was stopped goes on with `resume`; its tables come out byte-equal whether or not it was.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, throwIfCancelled } from '../errors.ts';
import { alone } from '../patch/alone.ts';
import type { Model } from '../patch/model.ts';
import { checkPair, openPair } from '../patch/open-pair.ts';
import { AUDIT_FILE, type AuditJson, parseAuditJson } from '../results/audit-json.ts';
import { openStudy } from '../results/read.ts';
import { type FolderKind, type Identity, StudyFolder } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { modelIdentity, type Studied } from '../study/identity.ts';
import type { StudyOptions } from '../study/options.ts';
import { type Done, Phases } from '../study/phases.ts';
import { withinBudget } from '../study/plan/memory.ts';
import { study } from '../study/study.ts';
import { MEDIATION } from '../study/units.ts';
import type { Pair } from '../tasks/pair.ts';
import { AUDIT_PAGE, finishAudit, type PairResults } from './finish.ts';
import { readVia, runVia, viaUnits } from './mediation.ts';
import { methodRuns, methodScores, runMethods } from './methods.ts';
import { type AuditOptions, exactStudy, resolveAuditOptions } from './options.ts';

export const AUDIT_FOLDER: FolderKind = { last: AUDIT_FILE, word: 'audit' };

/** A finished audit. */
export interface Audit {
  readonly folder: string;
  readonly page: string;
  readonly json: AuditJson;
  /** True where the folder already held all of it. */
  readonly wasComplete: boolean;
}

/**
 * Compares approximate methods with exact patching on some pairs, and writes a folder (docs/definitions.md).
 * Throws InputError for bad options, no pairs, pairs that do not fit the model, a folder that cannot be used and a model
 * that is in use; CancelledError; RunError.
 */
export async function audit(
  model: Model,
  pairs: readonly Pair[],
  given: Partial<AuditOptions> = {},
  handlers: StudyHandlers = {},
): Promise<Audit> {
  const options = resolveAuditOptions(given);
  if (pairs.length === 0) throw new InputError('expected one pair at least, got none');
  for (const pair of pairs) checkPair(model, pair);
  const folder = await StudyFolder.open(options.out, options.resume, AUDIT_FOLDER);
  const identity = await auditIdentity(model.loaded, pairs, options);
  if ((await folder.claim(identity)) === 'complete') return recordedAudit(folder);
  const results: PairResults[] = [];
  for (const [i, pair] of pairs.entries()) {
    throwIfCancelled(handlers.signal);
    const prefix = pairs.length > 1 ? `${i + 1}/${pairs.length} ` : '';
    results.push(await auditPair({ model, pair, number: i + 1, folder, options }, named(handlers, prefix)));
  }
  const json = await finishAudit(folder, results, { options, identity, handlers });
  return { folder: folder.path, page: join(folder.path, AUDIT_PAGE), json, wasComplete: false };
}

/** The complete audit that `out` already holds, if `resume` is given and it does. No weights are needed. */
export async function completeAudit(
  model: Studied,
  pairs: readonly Pair[],
  given: Partial<AuditOptions>,
): Promise<Audit | undefined> {
  const options = resolveAuditOptions(given);
  if (!options.resume) return undefined;
  const folder = new StudyFolder(options.out, AUDIT_FOLDER);
  const state = await folder.holds(await auditIdentity(model, pairs, options));
  return state === 'complete' ? recordedAudit(folder) : undefined;
}

async function recordedAudit(folder: StudyFolder): Promise<Audit> {
  const path = join(folder.path, AUDIT_FILE);
  const json = parseAuditJson(await readFile(path, 'utf8'), path);
  return { folder: folder.path, page: join(folder.path, AUDIT_PAGE), json, wasComplete: true };
}

interface PairWork {
  readonly model: Model;
  readonly pair: Pair;
  /** From 1. */
  readonly number: number;
  readonly folder: StudyFolder;
  readonly options: AuditOptions;
}

/** The exact study of one pair, mediation of its heads, and all methods on it. */
async function auditPair(work: PairWork, handlers: StudyHandlers): Promise<PairResults> {
  const { model, pair, number, folder, options } = work;
  const name = join('pairs', String(number));
  const exact = exactStudy(model.config, pair, options, join(folder.path, name));
  await study(model, pair, exact, handlers);
  await runBeside(work, withinBudget(model.config, pair, exact), handlers);
  const results = await openStudy(join(folder.path, name));
  return {
    pair: number,
    folder: `pairs/${number}`,
    study: results,
    via: await readVia(model.config, folder, number, options),
    ...(await methodScores(folder, results, number, options)),
  };
}

/** Runs what the study of a pair does not have. The pair is opened once, and only where something is missing. */
async function runBeside(
  { model, pair, number, folder, options }: PairWork,
  { batch, rows }: StudyOptions,
  { signal, onProgress }: StudyHandlers,
): Promise<void> {
  const { components: kinds, directions } = options;
  const units = viaUnits(model.config, number, options);
  const runs = methodRuns(number, options);
  const names = [...units.map(({ name }) => name), ...runs.map(({ unit }) => unit)];
  const there = await Promise.all(names.map((name) => folder.has(name)));
  if (there.every((is) => is)) return;
  const phases = new Phases(onProgress);
  await alone(model.loaded, 'method', async (loaded) => {
    const open = await phases.run('both runs', 1, async (done) => {
      const found = await openPair(loaded, pair);
      await done(1);
      return found;
    });
    if (units.length > 0) {
      const via = (done: Done) => runVia({ folder, directions, batch, signal }, open, units, done);
      await phases.run(
        MEDIATION,
        units.reduce((sum, { size }) => sum + size, 0),
        via,
        'runs',
      );
    }
    if (runs.length === 0) return;
    const methods = (done: Done) => runMethods({ folder, kinds, rows, signal }, open, runs, done);
    await phases.run('methods', runs.length, methods, 'method runs');
  });
}

/** Phases of one pair of several, by its number. */
function named(handlers: StudyHandlers, prefix: string): StudyHandlers {
  const { onProgress } = handlers;
  if (!onProgress) return handlers;
  return {
    ...handlers,
    onProgress: (progress) => onProgress({ ...progress, phase: `${prefix}${progress.phase}` }),
  };
}

/** What `--resume` compares: the model, the pairs in their order, and what is compared. */
async function auditIdentity(
  model: Studied,
  pairs: readonly Pair[],
  options: AuditOptions,
): Promise<Identity> {
  const all = pairs.map(({ clean, corrupted, answer, wrong, contrast }) => [
    clean.ids,
    corrupted.ids,
    answer.id,
    wrong.id,
    contrast ?? null,
  ]);
  return {
    ...(await modelIdentity(model)),
    pairs: `${pairs.length}: ${createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16)}`,
    methods: options.methods.join(','),
    components: options.components.join(','),
    directions: options.directions.join(','),
    tau: options.tau,
  };
}
