/**
 * Runs studies into temporary folders and reads back what they wrote.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { MEASURES } from '../../src/effects/measures.ts';
import type { Model } from '../../src/patch/model.ts';
import { openStudy, type StudyResults } from '../../src/results/read.ts';
import type { Direction } from '../../src/terms.ts';
import type { StudyOptions } from '../../src/study/options.ts';
import type { StudyHandlers } from '../../src/study/handlers.ts';
import { study } from '../../src/study/study.ts';
import type { Pair } from '../../src/tasks/pair.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** A folder for the results of a test file, gone when it ends. Call it at the top of the file. */
export function scratch(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'mediators-test-'));
  let count = 0;
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, `${name.replace(/\W+/g, '-')}-${count++}`);
}

/** A study without figures, and its results. */
export async function runStudy(
  model: Model,
  pair: Pair,
  options: Partial<StudyOptions> & { readonly out: string },
  handlers: StudyHandlers = {},
): Promise<StudyResults> {
  await study(model, pair, { figures: false, ...options }, handlers);
  return openStudy(options.out);
}

/** Options that write every array there is. */
export const EVERYTHING: Partial<StudyOptions> = { full: true, measures: MEASURES };

/** An array of scores. Throws where it is absent. */
export function scoreOf({ scores }: StudyResults, name: string): Tensor {
  const found = scores.get(name);
  if (!found) throw new RangeError(`no scores are called ${name}`);
  return found;
}

/** An array of effects. Throws where it is absent. */
export async function effectOf(
  { effects }: StudyResults,
  direction: Direction,
  name: string,
): Promise<Tensor> {
  const found = await effects.read(direction, name);
  if (!found) throw new RangeError(`no effects are called ${direction}/${name}`);
  return found;
}

/** Relative paths of all files of a folder, sorted. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** The files that must be byte-equal however a study came about: scores and every file of the effects. */
export function resultFiles(folder: string): Map<string, Buffer> {
  const paths = filesOf(folder).filter(
    (path) => /^[^/\\]+\.safetensors$/.test(path) || path.startsWith('effects.zarr'),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

/** Which result files differ between two folders: none, where all is well. */
export function differingFiles(a: string, b: string): string[] {
  const [left, right] = [resultFiles(a), resultFiles(b)];
  const paths = [...new Set([...left.keys(), ...right.keys()])];
  return paths.filter((path) => {
    const [x, y] = [left.get(path), right.get(path)];
    return !x || !y || !x.equals(y);
  });
}

export function isComplete(folder: string): boolean {
  return existsSync(join(folder, 'study.json'));
}
