/**
 * Text to token ids and back, the same for every loader.
 */
export interface Tokenizer {
  /** Token ids of a text, without any special token added. */
  encode(text: string): number[];
  /** The text of one token, its leading space kept; bytes that are no whole character appear as U+FFFD. */
  tokenText(id: number): string;
  readonly size: number;
  /** The beginning-of-sequence token, where there is one. */
  readonly bosTokenId?: number;
  /** Whether a prompt gets it by default (tokenizers/bos.ts). */
  readonly prependsBos: boolean;
}
