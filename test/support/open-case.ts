/**
 * A case with its model open for the tests of a block.
 */
import { afterAll, beforeAll } from 'vitest';
import type { Model } from '../../src/patch/model.ts';
import type { Pair } from '../../src/tasks/pair.ts';
import { loadTiny, pairOf, type ReferenceCase } from './cases.ts';

/** To be read in tests and hooks alone: before them there is no model. */
export interface OpenCase {
  readonly model: Model;
  readonly pair: Pair;
}

/** Loads a case's model before the tests of a block and disposes of it after them. Call it in the block. */
export function openCase(reference: ReferenceCase): OpenCase {
  const opened: { model?: Model; pair?: Pair } = {};
  beforeAll(async () => {
    opened.model = await loadTiny(reference.folder);
    opened.pair = pairOf(opened.model, reference);
  });
  afterAll(() => opened.model?.dispose());
  return opened as OpenCase;
}
