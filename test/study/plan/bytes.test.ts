import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { formatBytes, parseBytes } from '../../../src/study/plan/bytes.ts';

describe('amounts of memory', () => {
  test.each([
    ['2000000000', 2e9],
    ['2GB', 2e9],
    ['2gb', 2e9],
    ['2G', 2e9],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['500MB', 5e8],
    [' 500 mb ', 5e8],
    ['3 Ki', 3072],
    ['7 bytes', 7],
    ['1TiB', 2 ** 40],
  ])('%s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each([
    '',
    'much',
    '0',
    '-2GB',
    '2 GBB',
    '1e9',
    'GB',
    '2GB 3',
    '1,5GB',
    '99999999TB',
    '0.1',
    '5constructor',
  ])('refuses %j', (text) => expect(() => parseBytes(text)).toThrow(InputError));

  test('any whole number of bytes reads as itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(parseBytes(String(bytes))).toBe(bytes);
      }),
    );
  });

  test('what is printed reads as no less, and as at most one part in a hundred more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9e14 }), (bytes) => {
        const read = parseBytes(formatBytes(bytes));
        expect(read).toBeGreaterThanOrEqual(bytes);
        expect(read).toBeLessThanOrEqual(bytes * 1.011);
      }),
    );
  });
});
