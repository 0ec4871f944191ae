/**
 * Checks of option values that surveys, ablations and faithfulness share. Each throws InputError: what was expected, what
 * came, and what would do.
 */
import { InputError } from '../errors.ts';

/** `asked` in the order of `known`: one of these or more. */
export function inOrder<W extends string>(what: string, asked: readonly W[], known: readonly W[]): W[] {
  const unknown = asked.find((word) => !known.includes(word));
  if (unknown === undefined && asked.length > 0) return known.filter((word) => asked.includes(word));
  const [got, mend] =
    unknown === undefined ? ['none', 'give one or more of these'] : [JSON.stringify(unknown), 'leave it out'];
  throw new InputError(`expected ${what} among ${known.join(', ')}, got ${got}; ${mend}`);
}

export function checkWhole(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new InputError(
    `expected ${name} to be a whole number ${range}, got ${value}; leave it out for the default`,
  );
}

/** A number between 0 and 1, without these. */
export function checkShare(name: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw new InputError(`expected ${name} between 0 and 1, got ${value}; leave it out for the default`);
}
