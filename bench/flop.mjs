/**
 * The arithmetic of neuron effects: FLOP of the matrix products that are computed, and their shapes. A pair is described
 * by `length`, its tokens, and `first`, the position from which its prompts differ.
 */

import { batchFlop, patchedFlop } from './internals.mjs';

/** Neurons in one batch: the study's own. */
export const BATCH = 64;

/** @param {{ clean: readonly number[], corrupted: readonly number[] }} pair */
export function extentOf({ clean, corrupted }) {
  return { length: clean.length, first: clean.findIndex((id, position) => id !== corrupted[position]) };
}

/** Matrix products of one neuron of a layer, in FLOP, in a batch of BATCH: the plan's formula. */
export function neuronFlop(config, layer, extent) {
  return batchFlop(patchedFlop(config, extent, 'neurons', layer), BATCH) / BATCH;
}

/** All neurons of a model. */
export function allNeuronsFlop(config, extent) {
  let total = 0;
  for (let layer = 0; layer < config.nLayers; layer++) total += neuronFlop(config, layer, extent);
  return total * config.dMlp;
}

/** The shapes [m, k, n] of the large products of a batch: attention's, and both of the MLP. */
export function productShapes({ dModel, dMlp }, { length, first }) {
  const rows = BATCH * (length - first);
  return [
    [rows, dModel, dModel],
    [rows, dModel, dMlp],
    [rows, dMlp, dModel],
  ];
}
