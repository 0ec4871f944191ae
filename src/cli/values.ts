/**
 * Readers of option values. Each throws InputError: what was expected, what came, and what would do.
 */
import { InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';

function bad(name: string, expected: string, text: string, mend: string): InputError {
  return new InputError(`expected ${expected} for ${name}, got ${shown(text)}; ${mend}`);
}

function example(name: string, value: number | string): string {
  return `for example ${name} ${value}`;
}

export function wholeNumber(
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw bad(name, `a whole number ${range}`, text, example(name, least));
  };
}

/** A number from `least` on. */
export function numberFrom(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = realNumber(text);
    if (value >= least && Number.isFinite(value)) return value;
    throw bad(name, `a number from ${least}`, text, example(name, least + 0.1));
  };
}

/** A number within both limits, which themselves are excluded. */
export function numberBetween(name: string, above: number, below: number): (text: string) => number {
  const isOpen = below === Number.POSITIVE_INFINITY;
  const range = isOpen ? `above ${above}` : `between ${above} and ${below}`;
  const within = isOpen ? above + 0.1 : (above + below) / 2;
  return (text) => {
    const value = realNumber(text);
    if (value > above && value < below) return value;
    throw bad(name, `a number ${range}`, text, example(name, within));
  };
}

/** NaN for what is none, and for nothing at all. */
function realNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Numbers above 0 and up to `most`, with commas between. */
export function numberList(name: string, most: number): (text: string) => number[] {
  return (text) => {
    const values = text.split(',').map(realNumber);
    if (values.every((value) => value > 0 && value <= most)) return values;
    const mend = example(name, `${most / 10},${most}`);
    throw bad(name, `numbers above 0 and up to ${most} with commas between`, text, mend);
  };
}

export function tokenIds(name: string): (text: string) => number[] {
  return (text) => {
    const parts = text.split(',');
    if (parts.every((part) => /^\s*\d+\s*$/.test(part))) return parts.map(Number);
    throw bad(name, 'token ids with commas between', text, example(name, '5,17,3'));
  };
}

/** What `wordList` reads, for help. */
export function someOf(known: readonly string[]): string {
  return `one or more of ${known.join(', ')}, with commas`;
}

/** Some of a list of words, with commas between. */
export function wordList<W extends string>(name: string, known: readonly W[]): (text: string) => W[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    const wrong = words.find((word, i) => !isOneOf(known, word) || words.indexOf(word) !== i);
    if (wrong === undefined) return words as W[];
    const mend = isOneOf(known, wrong) ? `give ${wrong} once` : `${shown(wrong)} is none of them`;
    throw bad(name, `some of ${known.join(', ')}, each once and with commas between,`, text, mend);
  };
}

export function oneOf<W extends string>(name: string, known: readonly W[]): (text: string) => W {
  return (text) => {
    if (isOneOf(known, text)) return text;
    throw bad(name, known.join(' or '), text, example(name, known[0]!));
  };
}

function isOneOf<W extends string>(known: readonly W[], text: string): text is W {
  return (known as readonly string[]).includes(text);
}

/** An option's description with its default, which is filled in later. */
export function withDefault(description: string, value: number | string | readonly string[]): string {
  return `${description} (default: ${typeof value === 'object' ? value.join(',') : value})`;
}
