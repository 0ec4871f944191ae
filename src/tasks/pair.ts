/**
 * A pair of prompts, checked: equal length, different tokens, ids of the vocabulary, answers of one token each.
 */
import { InputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { promptIds } from '../model/tokenizers/bos.ts';
import type { Contrast } from '../terms.ts';
import { checkAnswers, checkIds, checkPrompts, type Limits } from './check.ts';
import type { Prompt, Token } from './prompt.ts';

export type { Prompt, Token } from './prompt.ts';

/** Two prompts of equal length, whatever is measured on them. */
export interface PromptPair {
  readonly clean: Prompt;
  readonly corrupted: Prompt;
  /** The first position at which the two prompts differ. */
  readonly firstDifference: number;
  /** Absent where nobody declared it: `inferContrast` then tells it from the two runs. */
  readonly contrast?: Contrast;
}

export interface Pair extends PromptPair {
  readonly answer: Token;
  readonly wrong: Token;
}

/** A pair as its user writes it. Answers with their leading space. */
export interface TextPair {
  readonly clean: string;
  readonly corrupted: string;
  readonly answer: string;
  readonly wrong: string;
  readonly contrast?: Contrast;
}

/** A pair as token ids, taken as they are. */
export interface IdPair {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly answer: number;
  readonly wrong: number;
  readonly contrast?: Contrast;
}

/** The pairs of `--pair`: the notebook's (a swap), and the same sentence with a third name in place of the second. */
export const BUILT_IN_PAIRS: Readonly<Record<'removal' | 'notebook', TextPair>> = {
  removal: {
    clean: 'When John and Mary went to the store, John gave a bottle of milk to',
    corrupted: 'When John and Mary went to the store, Paul gave a bottle of milk to',
    answer: ' Mary',
    wrong: ' John',
    contrast: 'removal',
  },
  notebook: {
    clean: 'When John and Mary went to the store, John gave a bottle of milk to',
    corrupted: 'When John and Mary went to the store, Mary gave a bottle of milk to',
    answer: ' Mary',
    wrong: ' John',
    contrast: 'swap',
  },
};

export interface TextOptions {
  /** Whether prompts begin with the beginning-of-sequence token; by default what the tokenizer says. Never doubled. */
  readonly bos?: boolean;
}

/** What a pair is checked against: a model, or a checkpoint whose weights are not read yet. */
export interface PairModel {
  readonly id: string;
  readonly config: ModelConfig;
  readonly tokenizer?: Tokenizer;
  readonly tokenizerProblem?: string;
}

/** A checked pair, from texts or ids. Throws InputError as the two functions below, and for texts without a tokenizer. */
export function pairFor(model: PairModel, pair: TextPair | IdPair, options: TextOptions = {}): Pair {
  if (typeof pair.clean !== 'string') return pairFromIds(model.config, pair as IdPair, model.tokenizer);
  if (model.tokenizer) return pairFromText(model.tokenizer, model.config, pair as TextPair, options);
  throw new InputError(
    `expected a model with a tokenizer for a pair of texts, got ${model.id}: ${model.tokenizerProblem ?? 'it has none'}; ` +
      'give the pair by --clean-ids, --corrupted-ids, --answer-id, --wrong-id',
  );
}

/**
 * Tokenizes and checks a pair. Answers never get a beginning-of-sequence token.
 * Throws InputError for prompts of unequal length, identical, empty or too long, for answers that are not one known
 * token each or are the same, and for `bos` where the model has no such token.
 */
export function pairFromText(
  tokenizer: Tokenizer,
  config: ModelConfig,
  pair: TextPair,
  options: TextOptions = {},
): Pair {
  const prompt = (text: string): Prompt => {
    const ids = promptIds(tokenizer, text, options.bos, config.bosTokenId);
    return { text, ids, tokens: ids.map((id) => tokenizer.tokenText(id)) };
  };
  const [clean, corrupted] = [prompt(pair.clean), prompt(pair.corrupted)];
  const answer = singleToken(tokenizer, pair.answer, 'the answer');
  const wrong = singleToken(tokenizer, pair.wrong, 'the wrong answer');
  return checkedPair(clean, corrupted, answer, wrong, config, pair.contrast);
}

/**
 * Checks a pair of ids. They are taken as they are: no token is added. With a tokenizer, tokens get their text.
 * Throws InputError for ids out of range and for what `pairFromText` names.
 */
export function pairFromIds(config: ModelConfig, pair: IdPair, tokenizer?: Tokenizer): Pair {
  checkIds(pair.clean, 'clean prompt', config.vocabulary);
  checkIds(pair.corrupted, 'corrupted prompt', config.vocabulary);
  checkIds([pair.answer], 'answer', config.vocabulary);
  checkIds([pair.wrong], 'wrong answer', config.vocabulary);
  // A model's vocabulary may be padded beyond its tokenizer's.
  const textOf = (id: number): string | undefined =>
    tokenizer && id < tokenizer.size ? tokenizer.tokenText(id) : undefined;
  const prompt = (ids: readonly number[]): Prompt => ({
    ids: [...ids],
    tokens: ids.map((id) => textOf(id) ?? String(id)),
  });
  const token = (id: number): Token => {
    const text = textOf(id);
    return text === undefined ? { id } : { id, text };
  };
  return checkedPair(
    prompt(pair.clean),
    prompt(pair.corrupted),
    token(pair.answer),
    token(pair.wrong),
    config,
    pair.contrast,
  );
}

/**
 * The contrast of a pair that declares none: a swap if F_clean and F_corrupted differ in sign and |F_corrupted| is more
 * than a quarter of |F_clean|, else a removal.
 */
export function inferContrast(fClean: number, fCorrupted: number): Contrast {
  const exchanged = fClean * fCorrupted < 0 && Math.abs(fCorrupted) > Math.abs(fClean) / 4;
  return exchanged ? 'swap' : 'removal';
}

/** An answer that must be one token; `what` names it in messages. Throws InputError where it is not. */
export function singleToken(tokenizer: Tokenizer, text: string, what: string): Token {
  const ids = tokenizer.encode(text);
  const [id] = ids;
  if (ids.length === 1 && id !== undefined && tokenizer.tokenText(id).trim() === text.trim())
    return { id, text };
  const shown = ids.map((each) => tokenizer.tokenText(each));
  const got = ids.length === 1 ? 'a text that the vocabulary does not have' : `${ids.length} tokens`;
  const pieces = ids.length > 0 ? ` (${shown.map((piece) => JSON.stringify(piece)).join(' ')})` : '';
  throw new InputError(
    `expected ${what} to be one token, got ${got}: ${JSON.stringify(text)}${pieces}; ${suggestion(tokenizer, text)}`,
  );
}

function suggestion(tokenizer: Tokenizer, text: string): string {
  const spaced = ` ${text.trim()}`;
  if (text.trim() !== '' && spaced !== text && tokenizer.encode(spaced).length === 1) {
    return `write it with its leading space, ${JSON.stringify(spaced)}`;
  }
  return 'choose a word that is a single token, with its leading space';
}

function checkedPair(
  clean: Prompt,
  corrupted: Prompt,
  answer: Token,
  wrong: Token,
  config: ModelConfig,
  contrast: Contrast | undefined,
): Pair {
  const limits: Limits = { vocabulary: config.vocabulary, context: config.context };
  const firstDifference = checkPrompts(clean, corrupted, limits);
  checkAnswers(answer, wrong, limits);
  return { clean, corrupted, answer, wrong, firstDifference, ...(contrast && { contrast }) };
}
