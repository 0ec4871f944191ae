/**
 * The one rule for the beginning-of-sequence token (`--bos / --no-bos`).
 *
 * By default GPT-2 models get the tokenizer's `bos_token`, else `config.bos_token_id`, as TransformerLens does.
 * Other families do what tokenizer.json's post-processor or GGUF's `add_bos_token` says; where they say
 * nothing, they get none. It is never doubled.
 */
import { InputError } from '../../errors.ts';
import type { Family } from '../config.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** What a checkpoint says about its beginning-of-sequence token; ids, absent where it says nothing. */
export interface BosFacts {
  readonly family: Family;
  /** The tokenizer's own: `bos_token` of tokenizer_config.json or special_tokens_map.json, or GGUF's. */
  readonly named?: number;
  /** `bos_token_id` of config.json. */
  readonly configured?: number;
  /** What a post-processor, or GGUF's `add_bos_token`, puts in front of every text. */
  readonly prepended?: number;
}

/** Which token it is, and whether prompts get it by default. */
export function bosRule(facts: BosFacts): Pick<Tokenizer, 'bosTokenId' | 'prependsBos'> {
  const { family, named, configured, prepended } = facts;
  const bosTokenId = family === 'gpt2' ? (named ?? configured) : (prepended ?? named ?? configured);
  const prependsBos = family === 'gpt2' ? bosTokenId !== undefined : prepended !== undefined;
  return bosTokenId === undefined ? { prependsBos } : { bosTokenId, prependsBos };
}

/**
 * Token ids of a prompt, with the beginning-of-sequence token where the user or the model wants it.
 * @param bos true: with it; false: without; undefined: the model's default.
 * @param configured `bos_token_id` of config.json, for a tokenizer that names none.
 * @throws InputError where it is asked for and the model has none.
 */
export function promptIds(tokenizer: Tokenizer, text: string, bos?: boolean, configured?: number): number[] {
  const id = tokenizer.bosTokenId ?? configured;
  if (bos === true && id === undefined) {
    throw new InputError(
      'expected a model with a beginning-of-sequence token, got one without; leave --bos out or use --no-bos',
    );
  }
  const ids = tokenizer.encode(text);
  const wanted = bos ?? tokenizer.prependsBos;
  return !wanted || id === undefined || ids[0] === id ? ids : [id, ...ids];
}
