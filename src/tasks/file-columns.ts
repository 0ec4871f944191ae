/**
 * What the columns of the field's files mean, task by task.
 *
 * `*_idx` columns are GPT-2 token ids. Every reader also says what the answers are as texts, where other columns tell it:
 * with another tokenizer those are used, and with GPT-2's they tell whether the ids are really its own.
 */
import type { Contrast } from '../terms.ts';
import { VERBS } from './builtin/sva.ts';
import type { TaskName } from './builtin/index.ts';
import { type DigitAnswers, pairsAbove, tensAbove, TWO_DIGITS } from './digits.ts';
import type { Answers } from './item.ts';
import { ItemError } from './item-error.ts';

/** The column of ioi that is the corrupted prompt: `corrupted_hard` is the swap, `corrupted` the removal. */
export const CORRUPTED_COLUMNS = ['corrupted_hard', 'corrupted'] as const;
export type CorruptedColumn = (typeof CORRUPTED_COLUMNS)[number];

/** Fields of a row by column. */
export type Row = ReadonlyMap<string, string>;

/** One side's answers: ids of the column, texts of other columns, or both; never neither. */
export interface ReadAnswers {
  /** The column that errors name. */
  readonly column: string;
  readonly ids?: readonly number[];
  readonly texts?: readonly string[];
  /** Where the texts would be, if they were there. */
  readonly textsFrom: string;
}

export interface FileTask {
  readonly columns: readonly string[];
  /** Further columns that are read where they are there. */
  readonly optional: readonly string[];
  readonly corrupted: string;
  readonly contrast: Contrast;
  /** The column that says which template a row comes from. */
  readonly template?: string;
  /** Throws ItemError with the column. */
  answers(row: Row): { readonly positive: ReadAnswers; readonly negative: ReadAnswers };
}

export function fileTask(task: TaskName, corrupted: CorruptedColumn): FileTask {
  return task === 'ioi' ? ioi(corrupted) : FILE_TASKS[task];
}

function ioi(corrupted: CorruptedColumn): FileTask {
  return {
    columns: ['clean', corrupted, 'correct_idx', 'incorrect_idx'],
    optional: corrupted === 'corrupted_hard' ? [] : ['corrupted_hard'],
    corrupted,
    contrast: corrupted === 'corrupted_hard' ? 'swap' : 'removal',
    answers(row) {
      // In the swap the other person gives: the words that differ are the two names.
      const names = differingWords(row.get('clean')!, row.get('corrupted_hard'));
      const from = 'clean and corrupted_hard prompts that differ in one word, a name';
      return {
        positive: withTexts('correct_idx', oneId(row, 'correct_idx'), names?.[1], from),
        negative: withTexts('incorrect_idx', oneId(row, 'incorrect_idx'), names?.[0], from),
      };
    },
  };
}

const PRONOUNS: ReadonlyMap<string | undefined, readonly [corrupted: string, clean: string]> = new Map([
  ['man', [' he', ' she']],
  ['woman', [' she', ' he']],
]);

const FILE_TASKS: Readonly<Record<Exclude<TaskName, 'ioi'>, FileTask>> = {
  gender_bias: {
    columns: ['clean', 'corrupted', 'clean_answer_idx', 'corrupted_answer_idx'],
    optional: [],
    corrupted: 'corrupted',
    contrast: 'swap',
    answers(row) {
      // The corrupted prompt is about "the man" or "the woman", whose pronoun is known.
      const person = differingWords(row.get('clean')!, row.get('corrupted'))?.[1].trim();
      const pronouns = PRONOUNS.get(person);
      const from = 'a corrupted prompt with "man" or "woman" as the one word that differs';
      return {
        positive: withTexts('clean_answer_idx', oneId(row, 'clean_answer_idx'), pronouns?.[1], from),
        negative: withTexts('corrupted_answer_idx', oneId(row, 'corrupted_answer_idx'), pronouns?.[0], from),
      };
    },
  },
  greater_than: years(pairsAbove),
  greater_than_tens: years(tensAbove),
  capital_country: {
    columns: ['clean', 'corrupted', 'country_idx', 'corrupted_country_idx'],
    optional: ['country', 'corrupted_country'],
    corrupted: 'corrupted',
    contrast: 'swap',
    answers: (row) => ({
      positive: countryOf(row, 'country'),
      negative: countryOf(row, 'corrupted_country'),
    }),
  },
  sva: {
    columns: ['clean', 'corrupted', 'plural'],
    optional: ['group'],
    corrupted: 'corrupted',
    contrast: 'swap',
    template: 'group',
    answers(row) {
      const plural = isPlural(row);
      const [right, wrong] = plural ? [VERBS.plural, VERBS.singular] : [VERBS.singular, VERBS.plural];
      const verbs = { column: 'plural', textsFrom: 'the task’s verbs' };
      return { positive: { ...verbs, texts: right }, negative: { ...verbs, texts: wrong } };
    },
  },
  hypernymy: {
    columns: ['clean', 'corrupted', 'answers_idx', 'corrupted_answers_idx'],
    optional: ['answers', 'corrupted_answers'],
    corrupted: 'corrupted',
    contrast: 'swap',
    answers: (row) => ({
      positive: listed(row, 'answers_idx', 'answers'),
      negative: listed(row, 'corrupted_answers_idx', 'corrupted_answers'),
    }),
  },
};

/** `correct_idx` holds the two digits of the first year; it is no token id. */
function years(answersFor: (digits: string) => DigitAnswers): FileTask {
  return {
    columns: ['clean', 'corrupted', 'correct_idx'],
    optional: [],
    corrupted: 'corrupted',
    contrast: 'removal',
    answers(row) {
      const digits = TWO_DIGITS[wholeNumber(row, 'correct_idx', 99)]!;
      const year = /\b\d\d(\d\d)\b/.exec(row.get('clean')!);
      if (year?.[1] !== digits)
        throw new ItemError(
          'correct_idx',
          `expected the last two digits of the clean prompt’s first year${year ? `, ${year[1]}` : ''}, got ${digits}`,
        );
      const { above, others } = answersFor(digits);
      if (above.length === 0 || others.length === 0)
        throw new ItemError('correct_idx', `expected a year with answers on both sides, got ${digits}`);
      const years = { column: 'correct_idx', textsFrom: 'the two-digit numbers' };
      return { positive: { ...years, texts: above }, negative: { ...years, texts: others } };
    },
  };
}

function withTexts(column: string, id: number, text: string | undefined, textsFrom: string): ReadAnswers {
  return { column, ids: [id], textsFrom, ...(text !== undefined && { texts: [text] }) };
}

function countryOf(row: Row, name: 'country' | 'corrupted_country'): ReadAnswers {
  const column = `${name}_idx`;
  return withTexts(column, oneId(row, column), spaced(row.get(name)), `a column ${name} with its text`);
}

function spaced(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : ` ${text.trim()}`;
}

/** The one word in which two sentences differ, with a leading space and without the punctuation behind it. */
function differingWords(
  clean: string,
  other: string | undefined,
): [clean: string, other: string] | undefined {
  const [a, b] = [clean.split(' '), (other ?? '').split(' ')];
  const differing = a.flatMap((word, i) => (word === b[i] ? [] : [[word, b[i] ?? ''] as const]));
  const [pair] = differing;
  if (a.length !== b.length || differing.length !== 1 || !pair) return undefined;
  const [mine, yours] = pair.map((word) => ` ${word.replace(/\P{L}+$/u, '')}`);
  return [mine!, yours!];
}

function isPlural(row: Row): boolean {
  const text = row.get('plural')!.trim();
  if (text === '1' || text === '0') return text === '1';
  throw new ItemError(
    'plural',
    `expected 1 (the clean prompt takes a plural verb) or 0 (a singular one), got ${JSON.stringify(text.slice(0, 40))}; write 1 or 0`,
  );
}

function oneId(row: Row, column: string): number {
  return wholeNumber(row, column, Number.MAX_SAFE_INTEGER);
}

function wholeNumber(row: Row, column: string, most: number): number {
  const text = row.get(column)!.trim();
  if (/^\d{1,15}$/.test(text) && Number(text) <= most) return Number(text);
  const range = most === Number.MAX_SAFE_INTEGER ? '' : ` from 0 to ${most}`;
  throw new ItemError(column, `expected a whole number${range}, got ${JSON.stringify(text.slice(0, 40))}`);
}

/** Lists as the field's files write them: `[262, 11]`, `['gem', 'gems']`. */
function listed(row: Row, column: string, textColumn: string): ReadAnswers {
  const ids = listOf(row, column, /^\d{1,15}$/, 'token ids such as [262, 11]').map(Number);
  const written = row.get(textColumn)?.trim();
  const textsFrom = `a column ${textColumn} with their texts`;
  if (!written) return { column, ids, textsFrom };
  const texts = listOf(row, textColumn, /^(?:'[^']*'|"[^"]*")$/, "words such as ['gem', 'gems']");
  if (texts.length !== ids.length)
    throw new ItemError(textColumn, `expected ${ids.length} words as in ${column}, got ${texts.length}`);
  return { column, ids, textsFrom, texts: texts.map((text) => ` ${text.slice(1, -1).trim()}`) };
}

function listOf(row: Row, column: string, part: RegExp, what: string): string[] {
  const text = row.get(column)!.trim();
  const parts = /^\[.*\]$/s.test(text) ? text.slice(1, -1).split(',') : [''];
  const trimmed = parts.map((each) => each.trim());
  if (trimmed.every((each) => part.test(each))) return trimmed;
  throw new ItemError(column, `expected a list of ${what}, got ${JSON.stringify(text.slice(0, 40))}`);
}

/** Which of both to use: ids on GPT-2's tokenizer, texts on any other. Throws ItemError where there are none to use. */
export function usable(
  { column, ids, texts, textsFrom }: ReadAnswers,
  gpt2: boolean,
  firstId: (text: string) => number,
): Answers {
  if (!gpt2 || !ids) {
    if (texts) return texts;
    throw new ItemError(
      column,
      `expected a model with GPT-2’s tokenizer, whose ids this column holds, or ${textsFrom}, got neither; give the one or the other`,
    );
  }
  texts?.forEach((text, i) => {
    const own = firstId(text);
    if (own !== ids[i])
      throw new ItemError(
        column,
        `expected ${own}, GPT-2’s id of ${JSON.stringify(text)}, got ${ids[i]}: an id of another tokenizer, or of another word`,
      );
  });
  return ids;
}
