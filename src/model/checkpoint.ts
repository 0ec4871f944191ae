/**
 * A checkpoint as its loader presents it: Hugging Face's tensor names and layouts, read one at a time.
 * Both loaders (folder, GGUF) give this, so that nothing behind them knows which file it was.
 */
import type { Tensor } from '../tensor/tensor.ts';
import type { ModelConfig } from './config.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A function that computes its value when first asked, and then keeps it: hashes of large files take seconds. */
export function once<T>(compute: () => T): () => T {
  let kept: { readonly value: T } | undefined;
  return () => {
    kept ??= { value: compute() };
    return kept.value;
  };
}

export interface Checkpoint {
  /** The name shown in results: the folder's or file's base name, or `embedded`. */
  readonly id: string;
  readonly config: ModelConfig;
  /** Absent where the checkpoint has none; `tokenizerProblem` then says why in one line. */
  readonly tokenizer?: Tokenizer;
  readonly tokenizerProblem?: string;
  /** Whether a tensor exists, by its Hugging Face name (e.g. `lm_head.weight`). */
  has(name: string): boolean;
  /** Reads one tensor as float32 in Hugging Face's layout. Throws InputError for missing, truncated or NaN data. */
  read(name: string): Promise<Tensor>;
  /** SHA-256 of the file, or for several files of the sorted lines `sha256 name`. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}
