/**
 * Readers of option values. Each throws InputError: what was expected, what came.
 */
import { InputError } from '../errors.ts';

export function wholeNumber(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InputError(`expected a whole number from ${least} for ${name}, got "${text}"`);
  };
}

export function realNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw new InputError(`expected a number for ${name}, got "${text}"`);
  };
}

export function tokenIds(name: string): (text: string) => number[] {
  return (text) => text.split(',').map((part) => {
    if (/^\s*\d+\s*$/.test(part)) return Number(part);
    throw new InputError(`expected token ids with commas between for ${name}, such as 5,17,3, got "${text}"`);
  });
}

/** Some of a list of words, with commas between. */
export function wordList<W extends string>(name: string, known: readonly W[]): (text: string) => W[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    const bad = words.find((word, i) => !(known as readonly string[]).includes(word) || words.indexOf(word) !== i);
    if (bad === undefined) return words as W[];
    throw new InputError(`expected some of ${known.join(', ')} for ${name}, each once and with commas between, got "${text}"`);
  };
}

export function oneOf<W extends string>(name: string, known: readonly W[]): (text: string) => W {
  return (text) => {
    if ((known as readonly string[]).includes(text)) return text as W;
    throw new InputError(`expected ${known.join(' or ')} for ${name}, got "${text}"`);
  };
}

/** An option of the contract that a later version will have. */
export function notYet(name: string): (text: string) => never {
  return () => {
    throw new InputError(`${name} is not yet there in this version; leave it out`);
  };
}
