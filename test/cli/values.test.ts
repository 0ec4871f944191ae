/** What a refused option value is told: what would do, and it does. */
import { expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import {
  numberBetween,
  numberFrom,
  numberList,
  oneOf,
  tokenIds,
  wholeNumber,
  wordList,
} from '../../src/cli/values.ts';

const OPTION = '--option';
const KNOWN = ['ap', 'ig', 'eap'];

/** The message for a value that is refused. */
function refusal(read: (text: string) => unknown, text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new TypeError(`expected ${text} to be refused`);
}

test.each<[read: (text: string) => unknown, wrong: string, expected: string]>([
  [wholeNumber(OPTION, 1), '1e3', 'a whole number from 1'],
  [wholeNumber(OPTION, 0, 9), '10', 'a whole number from 0 to 9'],
  [numberFrom(OPTION, 0), '-1', 'a number from 0'],
  [numberBetween(OPTION, 0, 1), '1', 'a number between 0 and 1'],
  [numberBetween(OPTION, 0, Number.POSITIVE_INFINITY), '0', 'a number above 0'],
  [numberList(OPTION, 1), '0.1,2', 'numbers above 0 and up to 1 with commas between'],
  [tokenIds(OPTION), '1;2', 'token ids with commas between'],
  [oneOf(OPTION, KNOWN), 'all', 'ap or ig or eap'],
])('%o refuses %s with an example that it reads', (read, wrong, expected) => {
  const message = refusal(read, wrong);
  const start = `expected ${expected} for ${OPTION}, got "${wrong}"; for example ${OPTION} `;
  expect(message.slice(0, start.length)).toBe(start);
  expect(() => read(message.slice(start.length))).not.toThrow();
});

test.each([
  ['ap,igg', '"igg" is none of them'],
  ['ap,,ig', '"" is none of them'],
  ['ig, ap,ig', 'give ig once'],
])('of the list %s it says which word is wrong', (text, mend) => {
  expect(refusal(wordList(OPTION, KNOWN), text)).toBe(
    `expected some of ap, ig, eap, each once and with commas between, for ${OPTION}, got "${text}"; ${mend}`,
  );
});
