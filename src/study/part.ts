/**
 * A folder of shards, as `merge` finds it: what it claims to be, and whether its files are what it claims.
 * Parts come from other machines, and perhaps from strangers: nothing is believed.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { InputError, throwIfCancelled } from '../errors.ts';
import { systemReason } from '../files.ts';
import { EFFECTS } from './effects-store.ts';
import type { ExpectedFiles, ExpectedTensor } from './expected.ts';
import { firstDifference, type Identity, MANIFEST, StudyFolder, type Tensors, unitOfFile } from './folder.ts';
import type { Done } from './phases.ts';
import { isRecordFile, readRecords, type ShardRecord } from './record.ts';
import { LOGITS } from './units.ts';

/** Beyond its tensors, a unit's file holds a header of at most so many bytes. */
const HEADER_BYTES = 100_000;

export interface Part {
  readonly path: string;
  readonly folder: StudyFolder;
  readonly identity: Identity;
  readonly records: readonly ShardRecord[];
  /** Names of files in `.work/` that tell of shards: units and records. */
  readonly files: readonly string[];
  /** Names of the units that are there. */
  readonly units: readonly string[];
}

/** Opens a folder of shards. Throws InputError where it is none. */
export async function openPart(path: string): Promise<Part> {
  const folder = new StudyFolder(path);
  const fail = (got: string): InputError =>
    new InputError(`expected a folder of shards, got ${path} ${got}; give what study --shard wrote`);
  const found = await stat(path).catch((error: unknown) => {
    throw fail(`(${systemReason(error)})`);
  });
  if (!found.isDirectory()) throw fail('(a file)');
  if (await folder.isComplete()) throw fail('with a finished study');
  const identity = await folder.manifest();
  if (typeof identity !== 'object' || identity === null) throw fail(`without .work/${MANIFEST}`);
  const records = await readRecords(folder);
  const other = records.find((record) => firstDifference(record.identity, identity));
  if (other) throw fail('with records of two studies');
  const files = await filesOf(folder);
  const units = files.map(unitOfFile).filter((name) => name !== undefined);
  return { path, folder, identity, records, files, units };
}

/** Names of units and records, without what killed processes left. */
async function filesOf({ work }: StudyFolder): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(work, { withFileTypes: true })) {
    const { name } = entry;
    const known = name === MANIFEST || isRecordFile(name) || unitOfFile(name) !== undefined;
    const left = name.startsWith('.') && name.endsWith('.tmp');
    if (!entry.isFile() || !(known || left)) throw foreign(join(work, name));
    if (name !== MANIFEST && !left) names.push(name);
  }
  return names.sort();
}

function foreign(path: string): InputError {
  return new InputError(`expected only files of the study, got ${path}; take it away and merge again`);
}

/**
 * Checks all files of a part: each unit's names and shapes, its chunks' sizes, and that nothing else is there.
 * `done` is told of each unit. Throws InputError for the first thing that is wrong.
 */
export async function checkPart(
  { path, folder, units }: Part,
  expected: ExpectedFiles,
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sizes = await storeSizes(folder, expected);
  for (const name of units) {
    throwIfCancelled(signal);
    const tensors = expected.tensors(name);
    if (tensors === undefined) throw foreign(folder.unitPath(name));
    await checkUnit(folder, name, tensors);
    const unit = expected.units.get(name);
    for (const [chunk, bytes] of unit ? expected.chunksOf(unit) : []) {
      if (sizes.get(chunk) === bytes) continue;
      const got = sizes.has(chunk) ? `${sizes.get(chunk)} bytes` : 'none';
      throw damaged(folder, name, `${bytes} bytes in ${join(path, EFFECTS, chunk)}`, got);
    }
    if (name !== LOGITS) await done(1);
  }
}

/** Sizes of all files of the store, none of which may be of another study. */
export async function storeSizes(
  folder: StudyFolder,
  expected: ExpectedFiles,
): Promise<ReadonlyMap<string, number>> {
  const root = join(folder.path, EFFECTS);
  const known = expected.storeFiles;
  const sizes = new Map<string, number>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path).split(sep).join('/');
    if (!entry.isFile() || !known.has(name)) throw foreign(path);
    sizes.set(name, (await lstat(path)).size);
  }
  return sizes;
}

async function checkUnit(
  folder: StudyFolder,
  name: string,
  expected: ReadonlyMap<string, ExpectedTensor>,
): Promise<void> {
  const path = folder.unitPath(name);
  const most = [...expected.values()].reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
    0,
  );
  const { size } = await stat(path);
  if (size > most + HEADER_BYTES)
    throw damaged(folder, name, `${most} bytes and a header in ${path}`, `${size}`);
  let tensors: Tensors;
  try {
    tensors = await folder.load(name);
  } catch (error) {
    throw damaged(folder, name, `safetensors in ${path}`, error instanceof Error ? error.message : 'none');
  }
  const text = (type: string, shape: readonly number[]) => `${type} [${shape.join(', ')}]`;
  for (const key of new Set([...expected.keys(), ...tensors.keys()])) {
    const [wanted, found] = [expected.get(key), tensors.get(key)];
    const want = wanted ? text(wanted.type, wanted.shape) : 'none';
    const got = found ? text(found.data instanceof Int32Array ? 'int32' : 'float32', found.shape) : 'none';
    if (want !== got) throw damaged(folder, name, `${key} of ${path} to be ${want}`, got);
  }
}

function damaged(folder: StudyFolder, unit: string, expected: string, got: string): InputError {
  return new InputError(
    `expected ${expected}, got ${got}; remove ${folder.unitPath(unit)} and run its shard again`,
  );
}
