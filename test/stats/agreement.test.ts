import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankBiserial } from '../../src/stats/effect-size.ts';
import { meanOverPairs } from '../../src/stats/mean-over-pairs.ts';
import { expectedOverlap, jaccard } from '../../src/stats/overlap.ts';
import { paired } from '../../src/stats/paired.ts';
import { permutation, seededRandom } from '../../src/stats/random.ts';
import { signFlip } from '../../src/stats/sign-flip.ts';
import { Random } from '../support/random.ts';

const how = { draws: 2000, seed: 1 };
const none = Number.NaN;

describe('jaccard', () => {
  const set = (...members: number[]) => Array.from({ length: 6 }, (_, i) => members.includes(i));

  it('is shared over either', () => {
    expect(jaccard(set(0, 1, 2), set(1, 2, 3, 4))).toMatchObject({
      jaccard: 2 / 5,
      shared: 2,
      sizes: [3, 4],
      n: 6,
    });
    expect(jaccard(set(0, 1), set(2)).jaccard).toBe(0);
  });

  it('is 1 where both are empty, and so is what chance gives', () => {
    expect(jaccard(set(), set())).toMatchObject({ jaccard: 1, expected: 1, n: 6 });
    expect(jaccard([], [])).toMatchObject({ jaccard: 1, expected: 1, n: 0 });
    expect(jaccard(set(), set(1))).toMatchObject({ jaccard: 0, expected: 0 });
    expect(jaccard(set(0, 1, 2, 3, 4, 5), set(0, 1, 2, 3, 4, 5))).toMatchObject({ jaccard: 1, expected: 1 });
    expect(() => jaccard([true], [])).toThrow(RangeError);
  });

  it.each([
    // Python's math.comb, summed over all intersections.
    [3, 5, 12, 0.20151515151515154],
    [7, 9, 12, 0.4962350780532599],
    [14, 14, 144, 0.052799333257169304],
    [0, 4, 9, 0],
  ])('expects of random sets of %i and %i of %i', (a, b, n, want) => {
    expect(expectedOverlap([a, b], n)).toBeCloseTo(want, 12);
    expect(expectedOverlap([b, a], n)).toBeCloseTo(want, 12);
  });

  it('expects what drawn sets give, of as many neurons as a model has', () => {
    const random = seededRandom(8);
    const [n, a, b] = [2000, 200, 300];
    let sum = 0;
    for (let draw = 0; draw < 200; draw++) {
      const order = permutation(random, n);
      const own = order.map((place) => place < a);
      sum += jaccard(
        own,
        Array.from({ length: n }, (_, i) => i < b),
      ).jaccard;
    }
    // One draw has a standard deviation of 0.011.
    expect(Math.abs(sum / 200 - expectedOverlap([a, b], n))).toBeLessThan(0.005);
    // Where chances are too small for float64, their logarithms are not: near a b / n shared.
    const [all, top] = [36_864, 3686];
    const near = top / all / (2 - top / all);
    expect(Math.abs(expectedOverlap([top, top], all) / near - 1)).toBeLessThan(1e-3);
  });
});

describe('rankBiserial', () => {
  const d = Float64Array.from([0.5, 0.8, 0.23, -0.39, 0.05, -0.49, 0.56, 1.84, 0.01, -0.12]);

  it('agrees with numpy', () => {
    // Ranks of |d|: above 0 they sum to 41, below to 14.
    const { r, low, high, n } = rankBiserial(d, how);
    expect(r).toBeCloseTo(27 / 55, 14);
    expect(n).toBe(10);
    expect(low).toBeLessThan(r);
    expect(high).toBeGreaterThan(r);
    // Ties share ranks, and 0 has none: (1.5 + 3 - 1.5) / 6.
    expect(rankBiserial(Float64Array.of(1, -1, 2, 0), how)).toMatchObject({ r: 0.5, n: 4 });
  });

  it('says what constant, empty and NaN give', () => {
    expect(rankBiserial(new Float64Array(9).fill(0.3), how)).toEqual({ r: 1, low: 1, high: 1, n: 9 });
    expect(rankBiserial(new Float64Array(9).fill(-0.3), how)).toEqual({ r: -1, low: -1, high: -1, n: 9 });
    const unknown = { r: none, low: none, high: none };
    expect(rankBiserial(new Float64Array(9), how)).toEqual({ ...unknown, n: 9 });
    expect(rankBiserial(new Float64Array(0), how)).toEqual({ ...unknown, n: 0 });
    expect(rankBiserial(Float64Array.of(1, none), how)).toEqual({ ...unknown, n: 2 });
    expect(rankBiserial(Float64Array.of(1), how)).toEqual({ r: 1, low: none, high: none, n: 1 });
  });

  it('does not mind order or scale, and follows the sign', () => {
    const list = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 20 });
    const few = { draws: 10, seed: 0 };
    fc.assert(
      fc.property(list, (values) => {
        fc.pre(values.some((value) => value !== 0));
        const own = Float64Array.from(values);
        const { r, low, high } = rankBiserial(own, few);
        expect(Math.abs(r)).toBeLessThanOrEqual(1);
        expect(rankBiserial(own.map((x) => -2 * x).reverse(), few).r).toBeCloseTo(-r, 12);
        if (values.length > 1) expect(low).toBeLessThanOrEqual(high);
      }),
    );
  });
});

describe('meanOverPairs', () => {
  it('counts every pair alike, and clusters as independent', () => {
    const { mean, n, clusters, low, high } = meanOverPairs([1, 1, 1, 5], [4, 4, 4, 9], how);
    expect({ mean, n, clusters }).toEqual({ mean: 2, n: 4, clusters: 2 });
    expect(low).toBeLessThanOrEqual(mean);
    expect(high).toBeGreaterThanOrEqual(mean);
  });

  it('leaves out NaN and does not count it', () => {
    expect(meanOverPairs([1, none, 3, none], [0, 0, 1, 2], how)).toEqual(meanOverPairs([1, 3], [0, 1], how));
    expect(meanOverPairs([none], [0], how)).toEqual({ mean: none, low: none, high: none, n: 0, clusters: 0 });
    expect(meanOverPairs([2, 2], [1, 1], how)).toEqual({ mean: 2, low: none, high: none, n: 2, clusters: 1 });
    expect(() => meanOverPairs([1], [], how)).toThrow(RangeError);
  });

  it('holds the truth in about 95 of 100 samples, where clusters of unequal sizes share an offset', () => {
    const random = new Random(31);
    const cluster = Array.from({ length: 30 }, (_, k) => new Array<number>(1 + (k % 4)).fill(k)).flat();
    let [held, alone] = [0, 0];
    const holds = ({ low, high }: { low: number; high: number }) => Number(low <= 0.3 && 0.3 <= high);
    for (let s = 0; s < 300; s++) {
      const offsets = Array.from({ length: 30 }, () => 0.3 + random.normal());
      const values = cluster.map((k) => offsets[k]! + 0.3 * random.normal());
      held += holds(meanOverPairs(values, cluster, { draws: 300, seed: s }));
      const each = values.map((_, i) => i);
      alone += holds(meanOverPairs(values, each, { draws: 300, seed: s }));
    }
    // Standard deviation 4.
    expect(held).toBeGreaterThan(264);
    expect(held).toBeLessThan(298);
    // Pairs taken as independent would claim too much.
    expect(alone).toBeLessThan(held - 20);
  });
});

describe('paired', () => {
  const few = { draws: 200, seed: 1 };
  const each = Array.from({ length: 9 }, (_, i) => i);

  it('tests means of clusters, and leaves out pairs without a value', () => {
    const differences = [1, 3, -1, none, ...new Array<number>(8).fill(0.5)];
    const cluster = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const found = paired(differences, cluster, few);
    expect(found).toMatchObject({ n: 11, clusters: 10, mean: expect.closeTo(7 / 11, 14) });
    // Means: 2, -1 and eight times 0.5. Ranks of |d|: 10, 9 and 4.5 for the rest.
    expect(found.r).toBeCloseTo((10 + 36 - 9) / 55, 14);
    expect(found.p).toBe(signFlip(Float64Array.of(2, -1, ...new Array<number>(8).fill(0.5)), { seed: 1 }).p);
  });

  it('says what few, equal and missing differences give', () => {
    expect(paired(new Array<number>(9).fill(0), each, few)).toMatchObject({ mean: 0, r: none, p: none });
    expect(paired(new Array<number>(9).fill(2), each, few)).toMatchObject({ r: 1, p: 2 / 2 ** 9 });
    expect(paired([1, 2, 3], [0, 1, 2], few)).toMatchObject({ r: 1, p: none, clusters: 3 });
    expect(paired([none], [0], few)).toMatchObject({ n: 0, mean: none, r: none, p: none });
    expect(() => paired([1], [], few)).toThrow(RangeError);
  });
});
