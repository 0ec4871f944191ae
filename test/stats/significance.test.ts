import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg } from '../../src/stats/multiple.ts';
import { signFlip } from '../../src/stats/sign-flip.ts';
import '../support/close.ts';
import { Random } from '../support/random.ts';

const seed = 0;
const TEN = Float64Array.from([0.5, 0.8, 0.23, -0.39, 0.05, -0.49, 0.56, 1.84, 0.01, -0.12]);
const finite = fc.double({ min: -10, max: 10, noNaN: true });

describe('signFlip', () => {
  it('counts all patterns of few values', () => {
    // numpy: of the 1,024 products of signs, |signs @ values| >= |sum(values)| in 204.
    expect(signFlip(TEN, { seed })).toEqual({ p: 204 / 1024, n: 10, smallest: 2 / 1024, exact: true });
  });

  it('draws patterns of many, near the exact share', () => {
    const drawn = signFlip(TEN, { draws: 1000, seed });
    expect(drawn).toMatchObject({ n: 10, smallest: 1 / 1001, exact: false });
    expect(Math.abs(drawn.p - 204 / 1024)).toBeLessThan(0.06);
    expect(signFlip(TEN, { draws: 1000, seed })).toEqual(drawn);
    expect(signFlip(TEN, { draws: 1000, seed: 1 })).not.toEqual(drawn);
  });

  it('reaches its smallest p where all are of one sign, and tells n under 8', () => {
    expect(signFlip(new Float64Array(8).fill(0.1), { seed }).p).toBe(2 / 256);
    expect(signFlip(new Float64Array(40).fill(0.1), { seed }).p).toBe(1 / 10_001);
    expect(signFlip(new Float64Array(7).fill(1), { seed })).toMatchObject({ p: Number.NaN, n: 7 });
    expect(signFlip(new Float64Array(0), { seed })).toMatchObject({ p: Number.NaN, smallest: Number.NaN });
  });

  it('has no p for NaN, infinity, or nothing but 0', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const draws of [100, 10_000])
        expect(signFlip(Float64Array.from([...TEN, value]), { draws, seed })).toMatchObject({
          p: Number.NaN,
          n: 11,
        });
    expect(signFlip(new Float64Array(9), { seed }).p).toBeNaN();
  });

  it('does not mind order, scale or sign', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 8, maxLength: 9 }), (values) => {
        const { p } = signFlip(Float64Array.from(values), { seed });
        expect(signFlip(Float64Array.from(values).reverse(), { seed }).p).toBe(p);
        expect(
          signFlip(
            Float64Array.from(values, (x) => -4 * x),
            { seed },
          ).p,
        ).toBe(p);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['exact', 8, 10_000],
    ['drawn', 20, 199],
  ])('is uniform under the null, %s', (_, n, draws) => {
    const random = new Random(11);
    const values = () => Float64Array.from({ length: n }, () => random.normal());
    const ps = Array.from({ length: 1000 }, (_unused, i) => signFlip(values(), { draws, seed: i }).p);
    // Each share has a standard deviation of at most 0.016: six of them.
    for (const at of [0.05, 0.1, 0.25, 0.5, 0.75])
      expect(Math.abs(ps.filter((p) => p <= at).length / 1000 - at)).toBeLessThan(0.1);
    // A test at 5% rejects in at most 5% and 4.3 standard deviations.
    expect(ps.filter((p) => p <= 0.05).length).toBeLessThan(80);
  });
});

describe('benjaminiHochberg', () => {
  it('agrees with numpy', () => {
    // minimum.accumulate from the largest of sorted(p) * m / rank.
    const adjusted = benjaminiHochberg([0.01, 0.04, 0.03, 0.005, 0.55, 0.2]);
    expect(adjusted).toBeClose([0.03, 0.06, 0.06, 0.03, 0.55, 0.24], { rtol: 1e-14 });
  });

  it('calls significant what the step-up rule of the paper does', () => {
    const probability = fc.integer({ min: 0, max: 40 }).map((k) => k / 40);
    fc.assert(
      fc.property(fc.array(probability, { minLength: 1, maxLength: 30 }), (ps) => {
        const adjusted = benjaminiHochberg(ps);
        // A level that no k q / m meets exactly.
        for (const q of [0.0501, 0.1003, 0.2007]) {
          const sorted = [...ps].sort((a, b) => a - b);
          const last = sorted.findLastIndex((p, i) => p <= ((i + 1) * q) / ps.length);
          ps.forEach((p, i) => expect(adjusted[i]! <= q).toBe(last >= 0 && p <= sorted[last]!));
        }
      }),
    );
  });

  it('keeps the order of p, and follows a permutation', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(probability, { minLength: 1, maxLength: 30 }), (ps) => {
        const adjusted = benjaminiHochberg(ps);
        ps.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
        });
        expect(benjaminiHochberg([...ps].reverse()).reverse()).toEqual(adjusted);
      }),
    );
  });

  it('keeps NaN, which is no test', () => {
    expect([...benjaminiHochberg([0.01, Number.NaN, 0.04])]).toEqual([0.02, Number.NaN, 0.04]);
    expect([...benjaminiHochberg([Number.NaN])]).toEqual([Number.NaN]);
    expect(benjaminiHochberg([])).toHaveLength(0);
    expect([...benjaminiHochberg([0.3, 0.3, 0.3])]).toEqual([0.3, 0.3, 0.3]);
  });
});
