/**
 * Amounts of memory, as people write and read them.
 */
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';

const DECIMAL = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  bytes: 1,
  ...prefixed(1000, (letter) => [letter, `${letter}b`]),
  ...prefixed(1024, (letter) => [`${letter}i`, `${letter}ib`]),
};

function prefixed(base: number, names: (letter: string) => string[]): Record<string, number> {
  const powers = ['k', 'm', 'g', 't'].flatMap((letter, i) =>
    names(letter).map((name): [string, number] => [name, base ** (i + 1)]),
  );
  return Object.fromEntries(powers);
}

/** `2000000000`, `2GB`, `1.5 GiB`, `500mb`: decimal units, binary ones with an i. Throws InputError for other texts. */
export function parseBytes(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()]! : Number.NaN;
  const bytes = digits === '' ? Number.NaN : Math.floor(Number(digits) * factor);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InputError(
    `expected an amount of memory such as 2GB, 1.5GiB or 2000000000 for --memory, got ${shown(text)}`,
  );
}

/** Three digits in the largest decimal unit that leaves a whole part, rounded up: `2.35 GB`. */
export function formatBytes(bytes: number): string {
  const whole = Math.ceil(bytes);
  const unit = Math.min(DECIMAL.length - 1, Math.floor((String(whole).length - 1) / 3));
  // 10 ** n is exact: 2.2e9 / 1e7 is 220, where 2.2e9 / 1e9 * 100 is a little more.
  const shownDigits = Math.min(3 * unit, 2 - ((String(whole).length - 1) % 3));
  const step = 10 ** (3 * unit - shownDigits);
  return `${Math.ceil(whole / step) / 10 ** shownDigits} ${DECIMAL[unit]}`;
}
