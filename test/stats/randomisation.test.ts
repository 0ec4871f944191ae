import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MATCHED_SETS, randomisationRank } from '../../src/stats/randomisation.ts';

/** Every choice of one value per pool, by recursion. */
function everySet(pools: readonly (readonly number[])[]): number[][] {
  const [first, ...others] = pools;
  if (!first) return [[]];
  return first.flatMap((value) => everySet(others).map((set) => [value, ...set]));
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
// Whole numbers: sums are exact, so that ties are.
const value = fc.integer({ min: -5, max: 5 });

describe('randomisationRank', () => {
  it('counts every matched set of a small case, as brute force does', () => {
    const members = fc.array(fc.tuple(value, fc.array(value, { minLength: 1, maxLength: 4 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(members, (pairs) => {
        const group = pairs.map(([own]) => own);
        const pools = pairs.map(([, pool]) => pool);
        const sets = everySet(pools);
        const rank = randomisationRank(group, pools, 0);
        expect(rank.exhaustive).toBe(true);
        expect(rank.sets).toBe(sets.length);
        expect(rank.exceeds).toBe(sets.filter((set) => total(set) < total(group)).length);
        expect(rank.exceededBy).toBe(sets.filter((set) => total(set) > total(group)).length);
        expect(rank.smallestRank).toBe(1 / (sets.length + 1));
      }),
    );
  });

  it('draws where there are too many sets, near the share of all', () => {
    const group = [3, 2, 4, 1];
    const pools = group.map((_, i) => Array.from({ length: 12 }, (_unused, k) => ((k * 7 + i) % 12) / 2));
    const all = randomisationRank(group, pools, 0, 12 ** 4);
    const drawn = randomisationRank(group, pools, 0);
    expect(all.exhaustive).toBe(true);
    expect(drawn).toMatchObject({
      sets: MATCHED_SETS,
      exhaustive: false,
      smallestRank: 1 / (MATCHED_SETS + 1),
    });
    expect(Math.abs(drawn.exceeds / drawn.sets - all.exceeds / all.sets)).toBeLessThan(0.02);
  });

  it('repeats with the seed', () => {
    const pools = Array.from({ length: 6 }, () => [0, 1, 2, 3, 4, 5, 6, 7]);
    const group = [4, 4, 4, 4, 4, 3];
    expect(randomisationRank(group, pools, 5)).toEqual(randomisationRank(group, pools, 5));
    expect(randomisationRank(group, pools, 5)).not.toEqual(randomisationRank(group, pools, 6));
  });

  it('counts a tie as not exceeded, whatever the order of the sum', () => {
    const pools = [[0.3], [0.1], [0.2]];
    expect(randomisationRank([0.1, 0.2, 0.3], pools, 0)).toMatchObject({ sets: 1, exceeds: 0 });
  });

  it('refuses empty groups and pools', () => {
    expect(() => randomisationRank([], [], 0)).toThrow(RangeError);
    expect(() => randomisationRank([1], [[]], 0)).toThrow(RangeError);
    expect(() => randomisationRank([1, 2], [[1]], 0)).toThrow(RangeError);
  });
});
