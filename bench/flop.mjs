/**
 * The arithmetic of neuron effects: FLOP of the matrix products that are computed, and their shapes. A pair is described
 * by `length`, its tokens, and `first`, the position from which its prompts differ.
 */

/** Neurons in one batch: the study's own. */
export const BATCH = 64;

/** @param {{ clean: readonly number[], corrupted: readonly number[] }} pair */
export function extentOf({ clean, corrupted }) {
  return { length: clean.length, first: clean.findIndex((id, position) => id !== corrupted[position]) };
}

/**
 * Matrix products of one neuron of a layer, 2 m k n each, in FLOP: in every later layer queries, keys, values and the
 * output projection (p x d x d), scores and mixing (p x t x d), the MLP (p x d x 4d, twice), for p changed positions of
 * t; in the last layer queries and all that follows of one position; and per layer the norm of what the heads wrote at
 * the last token (d x d_head). In the layer behind the neuron its vector is projected once in place of every position,
 * and the base run's stream once a batch. Norms, softmax and activations are not counted.
 */
export function neuronFlop({ nLayers, dModel: d, dMlp, dHead }, layer, { length: t, first }) {
  const p = t - first;
  let total = 0;
  for (let target = layer + 1; target < nLayers; target++) {
    const q = target === nLayers - 1 ? 1 : p;
    const rows = (positions) => (target === layer + 1 && p > 2 ? 1 + positions / BATCH : positions);
    const attention = (2 * rows(p) + rows(q) + q) * d * d + 2 * q * t * d;
    total += 2 * (attention + 2 * q * d * dMlp + d * dHead);
  }
  return total;
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
