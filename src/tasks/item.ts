/**
 * One example of a data set: a pair of prompts with the answers and the metric that score it, checked against a tokenizer.
 *
 * 1. Both prompts are tokenised; equal counts, and identical tokens outside the declared span (where one is declared).
 * 2. Answers become tokens. What two single answers begin with moves into both prompts (`severalTokens`).
 * 3. The tokens of both sides must differ, and a set holds none twice.
 */
import { InputError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { promptIds } from '../model/tokenizers/bos.ts';
import type { Contrast, MetricWord } from '../terms.ts';
import { checkIds, checkPrompts } from './check.ts';
import type { LogitDifference, SetDifference } from './metric.ts';
import { type Prompt, type PromptPair, singleToken, type Token } from './pair.ts';
import { ItemError } from './item-error.ts';
import { checkSpan } from './span.ts';
import type { Filled } from './template.ts';

/** One valid example of a data set. */
export interface Item extends PromptPair {
  /** Place in the data, from 0. Generated: number of the draw. A file: record below the names. */
  readonly row: number;
  /** Name of the template; '' for a file without one. */
  readonly template: string;
  /** By slot (`names.1`); {} for a file. */
  readonly fillers: Readonly<Record<string, string>>;
  readonly contrast: Contrast;
  /** The task's default metric, with token ids. */
  readonly metric: LogitDifference | SetDifference;
  /** The answers; one for a logit difference. */
  readonly positive: readonly Token[];
  readonly negative: readonly Token[];
  /** The row of an earlier item that is this pair with its prompts exchanged. Labels count only one of the two. */
  readonly reverseOf?: number;
}

/** An example that was left out. */
export interface Skipped {
  readonly row: number;
  /** Of a file: the column that is wrong, and the line on which its record begins, from 1. */
  readonly column?: string;
  readonly line?: number;
  readonly reason: string;
}

export interface DataSet {
  readonly task: string;
  readonly metric: MetricWord;
  readonly contrast: Contrast;
  /** The name of the file that the pairs are of; undefined for drawn ones. */
  readonly file?: string;
  readonly items: readonly Item[];
  readonly skipped: readonly Skipped[];
  /** What a reader should know of the data as a whole, a sentence each. */
  readonly notes: readonly string[];
}

/** Answers as texts, or as ids taken as they are. */
export type Answers = readonly string[] | readonly number[];

/** An example before it is checked. */
export interface RawItem {
  readonly row: number;
  readonly template: string;
  readonly fillers: Readonly<Record<string, string>>;
  readonly contrast: Contrast;
  readonly clean: string;
  readonly corrupted: string;
  readonly spans?: Filled['spans'];
  readonly positive: Answers;
  readonly negative: Answers;
}

export interface ItemRules {
  readonly metric: MetricWord;
  readonly severalTokens: boolean;
  readonly bos?: boolean;
}

/** An item, and how many tokens moved from its answers into its prompts. */
export interface Built {
  readonly item: Item;
  readonly moved: number;
  /** Whether an answer has more tokens than the one that is scored. */
  readonly cut: boolean;
}

/** Checks examples against one tokenizer. Answers' tokens are kept: sets are the same in many examples. */
export class ItemBuilder {
  private readonly known = new Map<string, Token>();

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly config: ModelConfig,
    private readonly rules: ItemRules,
  ) {
    // Once for all: a model that lacks the token that `bos` asks for.
    promptIds(tokenizer, '', rules.bos, config.bosTokenId);
  }

  /** Throws ItemError, or InputError of the checks of pairs. */
  build(raw: RawItem): Built {
    const prompts = [this.prompt(raw.clean, 'clean'), this.prompt(raw.corrupted, 'corrupted')] as const;
    const isSet = this.rules.metric !== 'logit_difference' && this.rules.metric !== 'probability_difference';
    const answers = isSet ? this.sets(raw) : this.single(raw);
    const [clean, corrupted] = prompts.map((prompt) => extended(prompt, answers.prefix)) as [Prompt, Prompt];
    const { vocabulary, context } = this.config;
    const firstDifference = this.inPart('corrupted', () =>
      checkPrompts(clean, corrupted, { vocabulary, context }),
    );
    if (raw.spans) checkSpan(prompts[0], prompts[1], this.tokenizer, raw.spans);
    const { positive, negative } = answers;
    const item: Item = {
      row: raw.row,
      template: raw.template,
      fillers: raw.fillers,
      contrast: raw.contrast,
      clean,
      corrupted,
      firstDifference,
      positive,
      negative,
      metric: metricOf(this.rules.metric, positive, negative),
    };
    return { item, moved: answers.prefix.length, cut: answers.cut };
  }

  private prompt(text: string, part: 'clean' | 'corrupted'): Prompt {
    const ids = this.inPart(part, () =>
      promptIds(this.tokenizer, text, this.rules.bos, this.config.bosTokenId),
    );
    return { text, ids, tokens: ids.map((id) => this.tokenizer.tokenText(id)) };
  }

  private inPart<T>(part: string, check: () => T): T {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof ItemError) throw error;
      throw new ItemError(part, error.message);
    }
  }

  private tokenOf(answer: string | number, what: string, part: 'answer' | 'wrong'): Token {
    if (typeof answer === 'number')
      return this.inPart(part, () => {
        checkIds([answer], what, Math.min(this.config.vocabulary, this.tokenizer.size));
        return { id: answer, text: this.tokenizer.tokenText(answer) };
      });
    const known = this.known.get(answer);
    if (known) return known;
    const token = this.inPart(part, () => this.inVocabulary(singleToken(this.tokenizer, answer, what), what));
    this.known.set(answer, token);
    return token;
  }

  /** A tokenizer may have tokens that its model lacks. */
  private inVocabulary(token: Token, what: string): Token {
    checkIds([token.id], what, this.config.vocabulary);
    return token;
  }

  private sets({ positive, negative }: RawItem): ResolvedAnswers {
    const tokens = (answers: Answers, what: string, part: 'answer' | 'wrong') => {
      const made = answers.map((answer) => this.tokenOf(answer, `every ${what}`, part));
      const again = made.find(({ id }, i) => made.findIndex((other) => other.id === id) !== i);
      if (again) throw new ItemError(part, `expected each ${what} once, got ${named(again)} twice`);
      if (made.length === 0) throw new ItemError(part, `expected at least one ${what}, got none`);
      return made;
    };
    const right = tokens(positive, 'answer', 'answer');
    const wrong = tokens(negative, 'wrong answer', 'wrong');
    const shared = right.find(({ id }) => wrong.some((other) => other.id === id));
    if (shared)
      throw new ItemError('wrong', `expected no answer on both sides, got ${named(shared)} in both lists`);
    return { positive: right, negative: wrong, prefix: [], cut: false };
  }

  private single({ positive: [answer], negative: [wrong] }: RawItem): ResolvedAnswers {
    if (answer === undefined || wrong === undefined)
      throw new ItemError(answer === undefined ? 'answer' : 'wrong', 'expected one answer, got none');
    if (!this.rules.severalTokens || typeof answer === 'number' || typeof wrong === 'number') {
      const tokens: [Token, Token] = [
        this.tokenOf(answer, 'the answer', 'answer'),
        this.tokenOf(wrong, 'the wrong answer', 'wrong'),
      ];
      return this.different(tokens, [], false);
    }
    const [a, b] = [answer, wrong].map((text, i) =>
      this.inPart(i === 0 ? 'answer' : 'wrong', () => this.tokenizer.encode(text)),
    ) as [number[], number[]];
    const differs = a.findIndex((id, i) => id !== b[i]);
    const at = differs < 0 ? Math.min(a.length, b.length) : differs;
    const [first, second] = [a[at], b[at]];
    if (first === undefined || second === undefined)
      throw new ItemError(
        'wrong',
        `expected answers of which none begins the other, got ${JSON.stringify(answer)} and ${JSON.stringify(wrong)}`,
      );
    const token = (id: number): Token => ({ id, text: this.tokenizer.tokenText(id) });
    const scored = [
      this.inPart('answer', () => this.inVocabulary(token(first), 'the answer')),
      this.inPart('wrong', () => this.inVocabulary(token(second), 'the wrong answer')),
    ] as const;
    const prefix = a.slice(0, at).map(token);
    return this.different(scored, prefix, a.length > at + 1 || b.length > at + 1);
  }

  private different(
    [answer, wrong]: readonly [Token, Token],
    prefix: readonly Token[],
    cut: boolean,
  ): ResolvedAnswers {
    if (answer.id === wrong.id)
      throw new ItemError('wrong', `expected two different answers, got ${named(answer)} twice`);
    return { positive: [answer], negative: [wrong], prefix, cut };
  }
}

interface ResolvedAnswers {
  readonly positive: readonly Token[];
  readonly negative: readonly Token[];
  readonly prefix: readonly Token[];
  readonly cut: boolean;
}

function named({ id, text }: Token): string {
  return `${JSON.stringify(text)} (token ${id})`;
}

/** A prompt with what both answers begin with. */
function extended(prompt: Prompt, prefix: readonly Token[]): Prompt {
  if (prefix.length === 0) return prompt;
  const texts = prefix.map(({ text = '' }) => text);
  return {
    text: (prompt.text ?? '') + texts.join(''),
    ids: [...prompt.ids, ...prefix.map(({ id }) => id)],
    tokens: [...prompt.tokens, ...texts],
  };
}

function metricOf(
  word: MetricWord,
  positive: readonly Token[],
  negative: readonly Token[],
): LogitDifference | SetDifference {
  const ids = (tokens: readonly Token[]) => tokens.map(({ id }) => id);
  if (word === 'logit_difference')
    return { name: 'logit_difference', answer: positive[0]!.id, wrong: negative[0]!.id };
  return {
    name: 'set_difference',
    scale: 'probability',
    positive: ids(positive),
    negative: ids(negative),
  };
}
