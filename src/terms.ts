/**
 * The words of the experiment, as types, and what a small D is (docs/definitions.md).
 */

/** Noising edits the clean run with values of the corrupted one; denoising the other way round. */
export const DIRECTIONS = ['noising', 'denoising'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Kinds of component. */
export const KINDS = ['heads', 'neurons'] as const;
export type Kind = (typeof KINDS)[number];

/** One of them: `head` or `neuron`. */
export function singular(kind: Kind): 'head' | 'neuron' {
  return kind === 'heads' ? 'head' : 'neuron';
}

/** `removal`: the corrupted prompt no longer tells the answer. `swap`: it is a valid instance, answers exchanged. */
export const CONTRASTS = ['removal', 'swap'] as const;
export type Contrast = (typeof CONTRASTS)[number];

/** What a task's metric is called; all but the first are differences of two sets of answers (docs/definitions.md). */
export const METRIC_WORDS = [
  'logit_difference',
  'probability_difference',
  'greater_than',
  'agreement',
  'answer_sets',
] as const;
export type MetricWord = (typeof METRIC_WORDS)[number];

/** What executes a graph: an execution provider of ONNX Runtime. `wasm` is the CPU in a browser. */
export type Provider = 'cpu' | 'wasm' | 'webgpu';

/** What can be asked for in Node: `--device`. */
export const DEVICES = ['cpu', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

/** A head or neuron. */
export type Component = [layer: number, index: number];

/** How one component can stand to another by their interaction (docs/definitions.md). */
export const INTERACTION_RELATIONS = [
  'and',
  'or',
  'backed_up_by',
  'backs_up',
  'needs',
  'redundant_with',
  'more_in_denoising',
  'more_in_noising',
  'compensated_by',
  'compensates',
  'more_together',
  'less_together',
  'overlaps',
  'reinforces',
] as const;
export type InteractionRelation = (typeof INTERACTION_RELATIONS)[number];

/** And by via: it acts through the other, or carries the other's effect. */
export const VIA_RELATIONS = ['acts_through', 'carries'] as const;
export type ViaRelation = (typeof VIA_RELATIONS)[number];

export type Relation = InteractionRelation | ViaRelation;

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
