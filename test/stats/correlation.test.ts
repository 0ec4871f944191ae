import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { pearson, spearman } from '../../src/stats/correlation.ts';
import { ranks } from '../../src/stats/ranks.ts';
import { slopeThroughOrigin } from '../../src/stats/slope.ts';

interface ScipyCase {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly ranks: readonly number[];
  readonly pearson: number;
  readonly spearman: number;
  readonly slope: number;
}

// scipy.stats.rankdata(a), pearsonr(a, b), spearmanr(a, b), and numpy.linalg.lstsq of b on a; scipy 1.17, float64.
const cases = JSON.parse(
  readFileSync(new URL('scipy-correlations.json', import.meta.url), 'utf8'),
) as ScipyCase[];

describe.each(cases)('scipy, $a.length values', ({ a, b, ...want }) => {
  test('ranks', () => expect([...ranks(a)]).toEqual(want.ranks));
  test('Pearson', () => expect(pearson(a, b)).toBeCloseTo(want.pearson, 12));
  test('Spearman', () => expect(spearman(a, b)).toBeCloseTo(want.spearman, 12));
  test('slope', () => expect(slopeThroughOrigin(a, b) / want.slope).toBeCloseTo(1, 12));
});

describe('what has no correlation is NaN', () => {
  it.each([
    ['constant', [0.1, 0.1, 0.1], [1, 2, 3]],
    ['NaN', [1, Number.NaN, 3], [1, 2, 3]],
    ['one value', [1], [2]],
    ['nothing', [], []],
  ])('%s', (_, a, b) => {
    for (const measure of [pearson, spearman]) {
      expect(measure(a, b)).toBeNaN();
      expect(measure(b, a)).toBeNaN();
    }
  });

  it('infinite: Pearson alone', () => {
    expect(pearson([1, 2, Number.POSITIVE_INFINITY], [1, 2, 3])).toBeNaN();
    expect(spearman([1, 2, Number.POSITIVE_INFINITY], [1, 2, 3])).toBeCloseTo(1, 12);
  });

  it('slope of nothing but 0, or with NaN', () => {
    expect(slopeThroughOrigin([0, 0], [1, 2])).toBeNaN();
    expect(slopeThroughOrigin([1, Number.NaN], [1, 2])).toBeNaN();
  });
});

test('lists of two lengths are refused', () => {
  for (const measure of [pearson, spearman, slopeThroughOrigin])
    expect(() => measure([1], [1, 2])).toThrow(RangeError);
});

test('Spearman is 1 for any rising function', () => {
  const values = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 50 });
  fc.assert(
    fc.property(values, (a) => {
      expect(
        spearman(
          a,
          a.map((x) => x ** 3 - 5),
        ),
      ).toBeCloseTo(1, 12);
      expect(
        spearman(
          a,
          a.map((x) => -Math.exp(x / 500)),
        ),
      ).toBeCloseTo(-1, 12);
    }),
  );
});
