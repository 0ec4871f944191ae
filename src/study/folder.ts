/**
 * The folder of a study, or of an audit of several, while it is made: what is done so far lies in `.work/`, one file a
 * unit, each written whole.
 * A manifest tells which study it is, so that `--resume` never mixes two.
 */
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { createTextAtomic, exists, systemReason, writeSafetensors, writeTextAtomic } from '../files.ts';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What must be the same for a study to go on: flat, so that the first difference can be named; hashes last. */
export type Identity = Readonly<Record<string, string | number | boolean | null>>;

const WORK = '.work';
export const MANIFEST = 'manifest.json';
/** What a folder is for: the file that is written last, and the word for it in messages. */
export interface FolderKind {
  readonly last: string;
  readonly word: string;
}

const STUDY: FolderKind = { last: 'study.json', word: 'study' };
/** Begins the names of folders that `checkOut` makes for a moment. */
const TRIAL = '.mediators-';

export type Tensors = ReadonlyMap<string, Tensor | Tensor<Int32Array>>;

/** What a folder holds of a study. */
export type FolderState = 'new' | 'begun' | 'complete';

export class StudyFolder {
  readonly work: string;

  /** Reads and writes nothing yet. */
  constructor(
    readonly path: string,
    private readonly kind: FolderKind = STUDY,
  ) {
    this.work = join(path, WORK);
  }

  /** Makes the folder. Throws InputError where it is not empty (without `resume`) or cannot be written. */
  static async open(path: string, resume: boolean, kind: FolderKind = STUDY): Promise<StudyFolder> {
    await checkOut(path, resume);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw unwritable(path, error);
    }
    return new StudyFolder(path, kind);
  }

  /**
   * What the folder holds of a study; nothing is written.
   * Throws InputError naming the first difference where it holds another study.
   */
  async holds(identity: Identity): Promise<FolderState> {
    const complete = await this.readJson(join(this.path, this.kind.last));
    let known = complete ? (complete as { identity?: Identity }).identity : await this.manifest();
    if (known === undefined || known === null) {
      const others = (await this.entries()).filter((name) => name !== WORK && !name.startsWith(TRIAL));
      if (others.length === 0) return 'new';
      // Another shard may have begun it since; a manifest comes before everything else.
      known = await this.manifest();
      if (known === undefined || known === null) {
        throw new InputError(
          `expected a folder of an unfinished ${this.kind.word}, got ${this.path} with ${others[0]}; choose another`,
        );
      }
    }
    compare(known, identity, this);
    return complete ? 'complete' : 'begun';
  }

  /** Claims the folder for a study, or finds what it already holds of it; throws as `holds`. */
  async claim(identity: Identity): Promise<FolderState> {
    const state = await this.holds(identity);
    if (state === 'new') {
      const text = JSON.stringify(identity, null, 1);
      const first = await createTextAtomic(join(this.work, MANIFEST), text, this.work);
      // Another process was faster: it may be another shard of this study, or another study.
      if (!first) return this.holds(identity);
    }
    if (state === 'complete') await this.tidy();
    return state;
  }

  /** `the study that FOLDER holds`, for messages. */
  describe(): string {
    return `the ${this.kind.word} that ${this.path} holds`;
  }

  /** Which study the folder is being made for, as far as it says so; nothing of it is checked. */
  async manifest(): Promise<Identity | undefined> {
    return (await this.readJson(join(this.work, MANIFEST))) as Identity | undefined;
  }

  /** Whether the study is complete. */
  async isComplete(): Promise<boolean> {
    return exists(join(this.path, this.kind.last));
  }

  /** Whether a unit is done. */
  async has(name: string): Promise<boolean> {
    return exists(this.unitPath(name));
  }

  async save(name: string, tensors: Tensors): Promise<void> {
    const list = [...tensors].map(([key, tensor]) => ({ name: key, tensor }));
    await writeSafetensors(this.unitPath(name), list, { temporaryFolder: this.work });
  }

  async load(name: string): Promise<Map<string, Tensor | Tensor<Int32Array>>> {
    const path = this.unitPath(name);
    return decodeSafetensors(await readFile(path), path);
  }

  /** Writes a result under its final name, whole. */
  async write(name: string, text: string): Promise<void> {
    await writeTextAtomic(join(this.path, name), text, this.work);
  }

  /** Removes what was needed only to go on. */
  async tidy(): Promise<void> {
    await rm(this.work, { recursive: true, force: true });
  }

  /** Where a unit's file lies. */
  unitPath(name: string): string {
    return join(this.work, unitFile(name));
  }

  private entries(): Promise<string[]> {
    return readdir(this.path).catch(() => []);
  }

  private async readJson(path: string): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch {
      return undefined;
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new InputError(`expected JSON in ${path}, got something else; remove the folder and start again`);
    }
  }
}

const UNIT = '.safetensors';

/** The name of a unit's file. */
export function unitFile(name: string): string {
  return `${name}${UNIT}`;
}

/** The name of the unit that a file is of, if it is one's. */
export function unitOfFile(file: string): string | undefined {
  return file.endsWith(UNIT) ? file.slice(0, -UNIT.length) : undefined;
}

/**
 * Checks that a folder can take a study and leaves nothing, so that it can be asked before a model is loaded.
 * Throws InputError where it is not empty (without `resume`) or cannot be written.
 */
export async function checkOut(
  path: string,
  resume: boolean,
  mend = 'choose another or give --resume',
): Promise<void> {
  if (path === '') throw new InputError('expected a folder for --out, got an empty name; give one');
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if (!isMissing(error)) throw unwritable(path, error);
    return checkTakesFolders(path, await nearestAbove(path));
  }
  if (entries.length === 0) return checkTakesFolders(path, path);
  if (!resume) {
    const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`;
    throw new InputError(`expected an empty folder for --out, got ${path} with ${count}; ${mend}`);
  }
  // A study that is there may be complete: it must not change.
  await access(path, constants.W_OK).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

/** Makes a folder within and removes it again: permissions alone do not tell what root or a disk may do. */
async function checkTakesFolders(path: string, within: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(within, TRIAL)));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The nearest folder above that is there. */
async function nearestAbove(path: string): Promise<string> {
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    try {
      if ((await stat(parent)).isDirectory()) return parent;
    } catch (error) {
      if (isMissing(error)) continue;
      throw unwritable(path, error);
    }
    throw unwritable(path, Object.assign(new Error(), { code: 'ENOTDIR' }));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unwritable(path: string, error: unknown): InputError {
  const reason = isMissing(error) ? 'no folder can be made there' : systemReason(error);
  return new InputError(
    `expected a folder that can be written for --out, got ${path}: ${reason}; choose another`,
  );
}

function compare(known: Identity, wanted: Identity, folder: StudyFolder): void {
  const difference = firstDifference(known, wanted);
  if (difference === undefined) return;
  const { key, a, b } = difference;
  throw new InputError(
    `expected ${folder.describe()}, with ${key} ${a}, got ${key} ${b}; give the same or another --out`,
  );
}

/** Fields that only name what another one holds: where that is the same, other names are no difference. */
const NAME_OF: Readonly<Record<string, string>> = { file: 'pairs_hash' };

/** Where two studies differ first, and what each has there, as text. */
export function firstDifference(
  a: Identity,
  b: Identity,
): { readonly key: string; readonly a: string; readonly b: string } | undefined {
  const differs = (name: string): boolean => a[name] !== b[name];
  const keys = [...new Set([...Object.keys(b), ...Object.keys(a)])];
  const key = keys.find((name) => differs(name) && differs(NAME_OF[name] ?? name));
  return key === undefined ? undefined : { key, a: shown(a[key]), b: shown(b[key]) };
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  return value === undefined ? 'absent' : JSON.stringify(value);
}
