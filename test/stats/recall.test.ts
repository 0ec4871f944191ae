import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bySize, foundAt, placesIn } from '../../src/stats/recall.ts';

test('the order is by size, equal ones by place, without 0 and NaN', () => {
  expect([...bySize([1, -3, 0, 3, Number.NaN, 0.5, -0])]).toEqual([1, 3, 0, 5]);
});

test('places are those of the order, none for what is not in it', () => {
  expect([...placesIn([2, 0], 4)]).toEqual([1, Infinity, 0, Infinity]);
});

test('found is the size of the intersection of both tops', () => {
  const scores = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), {
    maxLength: 20,
  });
  const top = (values: readonly number[], k: number) => {
    const list = values.map((value, i) => ({ size: Math.abs(value), i })).filter(({ size }) => size > 0);
    list.sort((a, b) => b.size - a.size || a.i - b.i);
    return new Set(list.slice(0, k).map(({ i }) => i));
  };
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 25 }), fc.boolean(), (pairs, k, odd) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      const isMember = (i: number) => !odd || i % 2 === 1;
      const [own, other] = [[...top(a, k)].filter(isMember), top(b, k)];
      expect(foundAt(bySize(a), placesIn(bySize(b), b.length), k, isMember)).toEqual({
        among: own.length,
        found: own.filter((i) => other.has(i)).length,
      });
    }),
  );
});
