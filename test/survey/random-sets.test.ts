/** Random sets: equal counts in every layer, as far from the set as the layer allows, matched by own change. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/random.ts';
import { matchedSet, randomSet, shareWithin } from '../../src/survey/ablation/random-sets.ts';

const LAYERS = 3;

/** A set, the size of a layer, own changes, a seed. */
const cases = fc.integer({ min: 1, max: 9 }).chain((perLayer) =>
  fc.record({
    perLayer: fc.constant(perLayer),
    set: fc.uniqueArray(fc.integer({ min: 0, max: LAYERS * perLayer - 1 }), { minLength: 1 }),
    own: fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 1, noNaN: true })), {
      minLength: LAYERS * perLayer,
      maxLength: LAYERS * perLayer,
    }),
    seed: fc.integer({ min: 0, max: 1000 }),
  }),
);

function counts(set: readonly number[], perLayer: number): number[] {
  return Array.from(
    { length: LAYERS },
    (_, layer) => set.filter((c) => Math.floor(c / perLayer) === layer).length,
  );
}

test('as many different members in every layer, from outside where there are enough', () => {
  fc.assert(
    fc.property(cases, ({ perLayer, set, seed }) => {
      const drawn = randomSet(seededRandom(seed), set, perLayer);
      expect(new Set(drawn).size).toBe(set.length);
      expect(counts(drawn, perLayer)).toEqual(counts(set, perLayer));
      const inside = drawn.filter((c) => set.includes(c));
      const least = counts(set, perLayer).map((count) => Math.max(0, 2 * count - perLayer));
      expect(counts(inside, perLayer)).toEqual(least);
      expect(shareWithin(drawn, set)).toBe(inside.length / set.length);
    }),
  );
});

test('matched sets have partners of nearly the same own change, or the members themselves', () => {
  fc.assert(
    fc.property(cases, ({ perLayer, set, own, seed }) => {
      const drawn = matchedSet(seededRandom(seed), set, perLayer, own);
      expect(new Set(drawn).size).toBe(set.length);
      expect(counts(drawn, perLayer)).toEqual(counts(set, perLayer));
      for (const partner of drawn.filter((c) => !set.includes(c))) {
        const near = set.some(
          (c) =>
            Math.floor(c / perLayer) === Math.floor(partner / perLayer) &&
            Math.abs(Math.log(own[partner]! / own[c]!)) <= 0.25 + 1e-9,
        );
        expect(near).toBe(true);
      }
    }),
  );
});

test('a member takes any partner that matches, each about as often, and keeps its place without one', () => {
  const own = [1, 1.1, 0.9, 2, 1, 0];
  const random = seededRandom(1);
  const taken = new Map<number, number>();
  for (let i = 0; i < 300; i++) {
    const [partner, alone] = matchedSet(random, [0, 3], 6, own).sort((a, b) => a - b);
    expect(alone === 3 || partner === 3).toBe(true);
    const other = partner === 3 ? alone! : partner!;
    taken.set(other, (taken.get(other) ?? 0) + 1);
  }
  expect(new Set(taken.keys())).toEqual(new Set([1, 2, 4]));
  for (const count of taken.values()) expect(count).toBeGreaterThan(70);
});
