import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBF16, fromF16, halves } from '../../src/tensor/float16.ts';

test.each([
  [0x0000, 0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
  [0x7e00, Number.NaN],
])('F16 %i is %d', (bits, value) => {
  expect(fromF16(Uint16Array.of(bits))[0]).toBe(value);
});

test('minus zero keeps its sign', () => {
  expect(Object.is(fromF16(Uint16Array.of(0x8000))[0], -0)).toBe(true);
});

test('F16 grows with its bits, and its negative half mirrors its positive half', () => {
  const table = halves();
  const bits = Array.from({ length: 0x7c00 }, (_, i) => i + 1);
  expect(bits.filter((b) => !(table[b]! > table[b - 1]!) || table[b | 0x8000] !== -table[b]!)).toEqual([]);
});

test('BF16 is the upper half of a float32', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (bits) => {
      const expected = new Float32Array(Uint32Array.from(bits, (b) => b << 16).buffer);
      expect(fromBF16(Uint16Array.from(bits))).toEqual(expected);
    }),
  );
});
