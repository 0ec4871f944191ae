/**
 * The folder of a study while it is made: what is done so far lies in `.work/`, one file a unit, each written whole.
 * A manifest tells which study it is, so that `--resume` never mixes two.
 */
import { access, constants, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError, RunError } from '../errors.ts';
import { systemReason, writeFileAtomic, writeSafetensors } from '../model/files.ts';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What must be the same for a study to go on: flat, so that the first difference can be named. */
export type Identity = Readonly<Record<string, string | number | boolean | null>>;

const WORK = '.work';
const MANIFEST = 'manifest.json';
const STUDY = 'study.json';

export type Tensors = ReadonlyMap<string, Tensor | Tensor<Int32Array>>;

export class StudyFolder {
  readonly work: string;

  private constructor(readonly path: string) {
    this.work = join(path, WORK);
  }

  /** Makes the folder. Throws InputError where it is not empty (without `resume`) or cannot be written. */
  static async open(path: string, resume: boolean): Promise<StudyFolder> {
    await checkOut(path, resume);
    try {
      await mkdir(join(path, WORK), { recursive: true });
    } catch (error) {
      throw unwritable(path, error);
    }
    return new StudyFolder(path);
  }

  /**
   * Claims the folder for a study, or finds what it already holds of it.
   * Throws InputError naming the first difference where it holds another study.
   */
  async claim(identity: Identity): Promise<'new' | 'begun' | 'complete'> {
    const complete = await this.readJson(join(this.path, STUDY));
    const known = complete ? (complete as { identity?: Identity }).identity : await this.readJson(join(this.work, MANIFEST));
    if (known === undefined || known === null) {
      const others = (await readdir(this.path)).filter((name) => name !== WORK);
      if (others.length > 0) {
        throw new InputError(`expected a folder of an unfinished study, got ${this.path} with ${others[0]}; choose another`);
      }
      await writeFileAtomic(join(this.work, MANIFEST), [new TextEncoder().encode(JSON.stringify(identity, null, 1))]);
      return 'new';
    }
    compare(known as Identity, identity, this.path);
    if (complete) await rm(this.work, { recursive: true, force: true });
    return complete ? 'complete' : 'begun';
  }

  /** Whether a unit is done. */
  async has(name: string): Promise<boolean> {
    return stat(this.unitPath(name)).then(
      () => true,
      () => false,
    );
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
    await writeFileAtomic(join(this.path, name), [new TextEncoder().encode(text)], this.work);
  }

  /** Removes what was needed only to go on. */
  async tidy(): Promise<void> {
    await rm(this.work, { recursive: true, force: true });
  }

  private unitPath(name: string): string {
    return join(this.work, `${name}.safetensors`);
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
      throw new RunError(`${path} is damaged; remove the folder and start again`);
    }
  }
}

/**
 * Checks that a folder can take a study and makes nothing, so that it can be asked before a model is loaded.
 * Throws InputError where it is not empty (without `resume`) or cannot be written.
 */
export async function checkOut(path: string, resume: boolean): Promise<void> {
  try {
    const entries = await readdir(path);
    if (entries.length > 0 && !resume) {
      throw new InputError(`expected an empty folder for --out, got ${path} with ${entries.length} entries; choose another or give --resume`);
    }
    await access(path, constants.W_OK);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw unwritable(path, error);
    await checkParent(path);
  }
}

/** The nearest folder above that is there must be one, and take new ones. */
async function checkParent(path: string): Promise<void> {
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    try {
      if (!(await stat(parent)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
      await access(parent, constants.W_OK);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw unwritable(path, error);
    }
  }
}

function unwritable(path: string, error: unknown): InputError {
  return new InputError(`expected a folder that can be written for --out, got ${path}: ${systemReason(error)}; choose another`);
}

function compare(known: Identity, wanted: Identity, path: string): void {
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(known)])) {
    if (known[key] === wanted[key]) continue;
    throw new InputError(
      `expected the study that ${path} holds, with ${key} ${shown(known[key])}, got ${key} ${shown(wanted[key])}; give the same or another --out`,
    );
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
