/**
 * The store of a study's effects with all its arrays.
 */
import { join } from 'node:path';
import { ChunkStore } from '../chunk-store.ts';
import { arrayPath } from '../effects/store.ts';
import type { EffectsPlan } from './effects-plan.ts';
import type { StudyFolder } from './folder.ts';
import type { StudyOptions } from './options.ts';

export const EFFECTS = 'effects.zarr';

/** A store that is being filled. */
export interface OpenStore {
  readonly store: ChunkStore;
  /** Marks it complete: the last thing written. */
  readonly complete: () => Promise<void>;
}

/** Writes the metadata of all arrays, marked incomplete. Chunks that are there stay. */
export async function createStore(
  folder: StudyFolder,
  { arrays }: EffectsPlan,
  { directions, asPublished }: StudyOptions,
  model: string,
): Promise<OpenStore> {
  const store = new ChunkStore(join(folder.path, EFFECTS), folder.work);
  const attributes = { schema: 'mediators/effects@1', model, ...(asPublished && { as_published: true }) };
  await store.create(directions, attributes);
  for (const direction of directions) {
    for (const array of arrays) await store.createArray(arrayPath(direction, array.name), array);
  }
  return { store, complete: () => store.complete(attributes) };
}
