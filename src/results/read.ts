/**
 * Opens the folder of a study: `study.json`, `scores.safetensors`, `effects.zarr` and `mediation.safetensors`.
 */
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { EffectsReader } from './effects-reader.ts';
import { type Mediation, readMediation } from './mediation.ts';
import { readResult } from './result-folder.ts';
import { parseStudyJson, type StudyJson } from './study-json.ts';

/** Everything that a study wrote, as figures and pages read it. */
export interface StudyResults {
  folder: string;
  study: StudyJson;
  /** float32 arrays by name, such as `ap.noising.heads`; those of a kind or direction not computed are absent. */
  scores: ReadonlyMap<string, Tensor>;
  effects: EffectsReader;
  /**
   * What pairs of components do; undefined for a study without it. Read at the first call.
   * Rejects with InputError where the file does not fit the study.
   */
  mediation(): Promise<Mediation | undefined>;
}

/**
 * Opens a study folder.
 * `study` stands in for a `study.json` that is not written yet: the study writes it last.
 * Throws InputError where a file is missing, not complete, or of a newer major version.
 */
export async function openStudy(folder: string, study?: StudyJson): Promise<StudyResults> {
  const description = study ?? (await readStudyJson(folder));
  const [scores, effects] = await Promise.all([
    readScores(folder),
    EffectsReader.open(join(folder, 'effects.zarr')),
  ]);
  let mediation: Promise<Mediation | undefined> | undefined;
  return {
    folder,
    study: description,
    scores,
    effects,
    mediation: () => (mediation ??= readMediation(folder, description.shape)),
  };
}

/** Reads `study.json` of a folder. */
export async function readStudyJson(folder: string): Promise<StudyJson> {
  const path = join(folder, 'study.json');
  const study = parseStudyJson((await readResult(path, 'study')).toString('utf8'), path);
  if (!study.complete)
    throw new InputError(`expected a finished study, got ${folder}, which is not; finish it with --resume`);
  return study;
}

/** Reads `scores.safetensors` of a folder. */
export async function readScores(folder: string): Promise<Map<string, Tensor>> {
  const path = join(folder, 'scores.safetensors');
  const scores = new Map<string, Tensor>();
  for (const [name, { shape, data }] of decodeSafetensors(await readResult(path, 'study'), path)) {
    if (data instanceof Float32Array) scores.set(name, { shape, data });
  }
  return scores;
}
