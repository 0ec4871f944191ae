/**
 * The words of the experiment, as types, and what a small D is (docs/definitions.md).
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

/** What executes a graph: an execution provider of ONNX Runtime. `wasm` is the CPU in a browser. */
export type Provider = 'cpu' | 'wasm' | 'webgpu';

/** What can be asked for in Node: `--device`. */
export const DEVICES = ['cpu', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

/** A head or neuron. */
export type Component = [layer: number, index: number];

/** F of the two runs of a pair, in logits for a logit difference. */
export interface MetricValues {
  readonly clean: number;
  readonly corrupted: number;
}

/** Below this share of |F_clean| + |F_corrupted|, |D| is too small to divide by. */
export const SMALL_D_SHARE = 0.1;

/** Whether D = F_clean - F_corrupted is too small for normalised values, or no number. */
export function isSmallD({ clean, corrupted }: MetricValues): boolean {
  const d = Math.abs(clean - corrupted);
  return d === 0 || !(d >= SMALL_D_SHARE * (Math.abs(clean) + Math.abs(corrupted)));
}
