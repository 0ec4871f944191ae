/**
 * `scores.zarr`: one array for each method, direction and kind, [pairs, layers, heads or neurons], one chunk a pair.
 * A chunk that is there is done.
 */
import { join } from 'node:path';
import { type ArrayPlan, ChunkStore } from '../chunk-store.ts';
import { componentsPerLayer, type ModelConfig } from '../model/config.ts';
import type { StudyFolder } from '../study/folder.ts';
import type { Kind } from '../terms.ts';
import type { Pass } from './passes.ts';

export const SCORES = 'scores.zarr';
const ATTRIBUTES = { schema: 'mediators/survey-scores@1' };

/** Writes the metadata of all arrays, marked incomplete. Chunks that are there stay. */
export async function openScores(
  folder: StudyFolder,
  config: Pick<ModelConfig, 'nLayers' | 'nHeads' | 'dMlp'>,
  passes: readonly Pass[],
  pairs: number,
): Promise<ChunkStore> {
  const store = new ChunkStore(join(folder.path, SCORES), folder.work);
  await store.create([], ATTRIBUTES);
  for (const { arrays, kind } of passes) {
    const size = componentsPerLayer(config, kind);
    for (const name of arrays)
      await store.createArray(name, arrayPlan(name, [pairs, config.nLayers, size], kind));
  }
  return store;
}

/** Marks the store complete. */
export async function completeScores(folder: StudyFolder): Promise<void> {
  await new ChunkStore(join(folder.path, SCORES), folder.work).complete(ATTRIBUTES);
}

function arrayPlan(name: string, [pairs, layers, size]: [number, number, number], kind: Kind): ArrayPlan {
  return {
    name,
    shape: [pairs, layers, size],
    chunks: [1, layers, size],
    dimensions: ['pair', 'layer', kind === 'heads' ? 'head' : 'neuron'],
    type: 'float32',
    attributes: {},
  };
}

/** Where a pair's chunk lies in its array. */
export function chunkOf(pair: number): number[] {
  return [pair, 0, 0];
}
