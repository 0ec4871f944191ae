/**
 * Factors of W_O: they give the norm of what a head writes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cholesky } from '../../src/effects/head-factors.ts';

const number = fc.integer({ min: -3000, max: 3000 }).map((n) => n / 1000);

/** A matrix [size, width] whose rank is at most `rank`, and a row [size]. */
const cases = fc
  .record({ size: fc.integer({ min: 1, max: 8 }), width: fc.integer({ min: 1, max: 12 }) })
  .chain(({ size, width }) =>
    fc.record({
      size: fc.constant(size),
      width: fc.constant(width),
      matrix: fc.array(number, { minLength: size * width, maxLength: size * width }),
      emptyRows: fc.subarray(Array.from({ length: size }, (_, row) => row)),
      z: fc.array(number, { minLength: size, maxLength: size }),
    }),
  );

test('|z L| = |z W|, for any W, whatever its rank', () => {
  fc.assert(
    fc.property(cases, ({ size, width, matrix, emptyRows, z }) => {
      const w = matrix.map((value, i) => (emptyRows.includes(Math.floor(i / width)) ? 0 : value));
      const gram = new Float64Array(size * size);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          for (let k = 0; k < width; k++) gram[i * size + j]! += w[i * width + k]! * w[j * width + k]!;
        }
      }
      const l = cholesky(gram, size);
      const norm = (rows: ArrayLike<number>, columns: number) =>
        Math.hypot(
          ...Array.from({ length: columns }, (_, c) =>
            z.reduce((sum, value, row) => sum + value * rows[row * columns + c]!, 0),
          ),
        );
      const scale = Math.sqrt(Math.max(...gram, 1e-30)) * Math.hypot(...z);
      expect(Math.abs(norm(l, size) - norm(w, width))).toBeLessThanOrEqual(1e-5 * scale);
    }),
  );
});

test('a matrix of 0 has a factor of 0', () => {
  expect([...cholesky(new Float64Array(9), 3)]).toEqual(new Array(9).fill(0));
});
