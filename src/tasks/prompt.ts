/**
 * A prompt and a token, as the rest of the toolkit sees them.
 */

export interface Prompt {
  /** Absent for a prompt given as ids. */
  readonly text?: string;
  /** With the beginning-of-sequence token, where the prompt got one. */
  readonly ids: readonly number[];
  /** The text of each token; without a tokenizer the ids as text. */
  readonly tokens: readonly string[];
}

/** One token of the vocabulary. */
export interface Token {
  readonly id: number;
  /** Absent for a model without a tokenizer. */
  readonly text?: string;
}
