import { readFileSync } from 'node:fs';
import { quantile as d3Quantile } from 'd3-array';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/stats/quantile.ts';

interface NumpyCase {
  readonly q: number;
  readonly values: readonly number[];
  readonly want: number;
}

// numpy.quantile(abs(values), q) of float32 values, computed in float64.
const numpyCases = JSON.parse(
  readFileSync(new URL('numpy-quantiles.json', import.meta.url), 'utf8'),
) as NumpyCase[];

const finite = fc.double({ noNaN: true, min: -1e6, max: 1e6 });

describe('quantile', () => {
  it.each(numpyCases)('equals numpy bit by bit: q = $q of $values.length values', ({ q, values, want }) => {
    expect(quantile(values.map(Math.abs), q)).toBe(want);
  });

  it('agrees with d3-array', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const want = d3Quantile(values, q)!;
          expect(Math.abs(quantile(values, q) - want)).toBeLessThanOrEqual(1e-9);
        },
      ),
    );
  });

  it('does not sort its input, and sorts by number', () => {
    const values = [10, 9, 100];
    expect(quantile(values, 0.5)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });

  it('is NaN for no values or a NaN among them', () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(quantile([1, Number.NaN, 2], 0)).toBeNaN();
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses q = %s', (q) => {
    expect(() => quantile([1], q)).toThrow(RangeError);
  });
});
