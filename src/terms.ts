/**
 * The words of the experiment, as types (docs/definitions.md).
 */

/** Noising edits the clean run with values of the corrupted one; denoising the other way round. */
export const DIRECTIONS = ['noising', 'denoising'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Kinds of component. */
export const KINDS = ['heads', 'neurons'] as const;
export type Kind = (typeof KINDS)[number];

/** `removal`: the corrupted prompt no longer tells the answer. `swap`: it is a valid instance, answers exchanged. */
export const CONTRASTS = ['removal', 'swap'] as const;
export type Contrast = (typeof CONTRASTS)[number];

/** A head or neuron. */
export type Component = [layer: number, index: number];
