/**
 * What a tokenizer does with two digits: whether years can be compared by pairs of digits or digit by digit.
 */
import { InputError } from '../errors.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { TaskSpec } from './spec.ts';

/** "00" to "99". */
export const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) =>
  String(i).padStart(2, '0'),
);

const DIGITS: readonly string[] = Array.from({ length: 10 }, (_, i) => String(i));

/** Answers and wrong answers as texts. */
export interface DigitAnswers {
  readonly above: readonly string[];
  readonly others: readonly string[];
}

/** For a first year that ends in these two digits: all higher pairs of digits, and all others. */
export function pairsAbove(digits: string): DigitAnswers {
  return {
    above: TWO_DIGITS.filter((other) => other > digits),
    others: TWO_DIGITS.filter((other) => other <= digits),
  };
}

/** The same for the tens digit alone, which is itself on neither side: a later year may share it. */
export function tensAbove(digits: string): DigitAnswers {
  const tens = digits[0]!;
  return { above: DIGITS.filter((digit) => digit > tens), others: DIGITS.filter((digit) => digit < tens) };
}

/**
 * Throws InputError for a tokenizer that does not write digits as the task needs: `pairs`, every one of "00" to "99" as one
 * token; `single`, every one of them as two.
 */
export function checkDigits(tokenizer: Tokenizer, { name, digits }: Pick<TaskSpec, 'name' | 'digits'>): void {
  if (!digits) return;
  const wanted = digits === 'pairs' ? 1 : 2;
  const fits = TWO_DIGITS.filter((text) => tokenizer.encode(text).length === wanted);
  if (fits.length === TWO_DIGITS.length) return;
  const other =
    digits === 'pairs'
      ? 'use the task greater_than_tens, which compares tens digits'
      : 'use the task greater_than, which compares pairs of digits';
  throw new InputError(
    `expected a tokenizer that writes each of "00" to "99" as ${wanted === 1 ? 'one token' : 'two tokens'} for the task ${name}, got ${fits.length} of 100; ${other}`,
  );
}
