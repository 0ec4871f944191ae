/**
 * What every pair must satisfy, whether it came as text or as ids. Each check throws InputError with one line.
 */
import { InputError } from '../errors.ts';
import type { Prompt, Token } from './prompt.ts';

/** Positions shown where two prompts differ in length. */
const SHOWN_POSITIONS = 12;

export interface Limits {
  /** Number of tokens of the model. */
  readonly vocabulary: number;
  /** The longest prompt. */
  readonly context: number;
}

/** Every id is a whole number from 0 to vocabulary - 1. `what` names the list in the message. */
export function checkIds(ids: readonly number[], what: string, vocabulary: number): void {
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (bad === undefined) return;
  throw new InputError(
    `expected token ids of the ${what} from 0 to ${vocabulary - 1}, got ${bad}; take ids from this model's tokenizer`,
  );
}

/** Two prompts of a pair. Returns the first position at which they differ. */
export function checkPrompts(clean: Prompt, corrupted: Prompt, limits: Limits): number {
  for (const [prompt, what] of [
    [clean, 'clean prompt'],
    [corrupted, 'corrupted prompt'],
  ] as const) {
    if (prompt.ids.length === 0) {
      throw new InputError(`expected a ${what} of at least one token, got none; write a prompt`);
    }
    checkIds(prompt.ids, what, limits.vocabulary);
    if (prompt.ids.length > limits.context) {
      throw new InputError(
        `expected a ${what} of at most ${limits.context} tokens, the model's context, got ${prompt.ids.length}; shorten it`,
      );
    }
  }
  if (clean.ids.length !== corrupted.ids.length) throw unequalLength(clean, corrupted);
  const firstDifference = clean.ids.findIndex((id, i) => id !== corrupted.ids[i]);
  if (firstDifference < 0) {
    throw new InputError(
      `expected two different prompts, got the same ${clean.ids.length} tokens twice; change a word of the corrupted prompt`,
    );
  }
  return firstDifference;
}

/** The two answers: known and different. */
export function checkAnswers(answer: Token, wrong: Token, { vocabulary }: Pick<Limits, 'vocabulary'>): void {
  checkIds([answer.id], 'answer', vocabulary);
  checkIds([wrong.id], 'wrong answer', vocabulary);
  if (answer.id !== wrong.id) return;
  const shown = answer.text === undefined ? `token ${answer.id}` : JSON.stringify(answer.text);
  throw new InputError(
    `expected two different answers, got ${shown} twice; choose another wrong answer, since their difference is always 0`,
  );
}

/** The tokens of both prompts side by side, from the first difference on, in one line. */
function unequalLength(clean: Prompt, corrupted: Prompt): InputError {
  const start = clean.ids.findIndex((id, i) => id !== corrupted.ids[i]);
  const from = start < 0 ? Math.min(clean.ids.length, corrupted.ids.length) : start;
  const longer = Math.max(clean.ids.length, corrupted.ids.length);
  const show = (prompt: Prompt, i: number): string =>
    i < prompt.tokens.length ? JSON.stringify(prompt.tokens[i]) : '(end)';
  const rows: string[] = [];
  const end = Math.min(longer, from + SHOWN_POSITIONS);
  for (let i = from; i < end; i++) rows.push(`${i}: ${show(clean, i)} / ${show(corrupted, i)}`);
  if (end < longer) rows.push('...');
  return new InputError(
    `expected prompts of equal length, got ${clean.ids.length} tokens (clean) and ${corrupted.ids.length} (corrupted); ` +
      `side by side from where they differ: ${rows.join(', ')}; exchange words that have equally many tokens`,
  );
}
