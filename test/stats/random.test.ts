import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation, sampleWithout, seededRandom } from '../../src/stats/random.ts';

describe('seeded random numbers', () => {
  it('repeat with the seed and differ without it', () => {
    const draw = (seed: number): number[] => permutation(seededRandom(seed), 20);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it('are the same on every machine', () => {
    expect(permutation(seededRandom(0), 8)).toMatchInlineSnapshot(`
      [
        3,
        7,
        4,
        5,
        2,
        1,
        6,
        0,
      ]
    `);
  });

  it('are spread evenly', () => {
    const random = seededRandom(1);
    const counts = Array.from({ length: 5 }, () => 0);
    for (let i = 0; i < 10_000; i++) counts[random.below(5)]!++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('begin apart for seeds that lie close', () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => seededRandom(seed).below(10));
    for (let value = 0; value < 10; value++) {
      const share = firsts.filter((first) => first === value).length / firsts.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.012);
      // Of each seed's successor too: its draw says nothing about the next seed's.
      const next = firsts.slice(1).filter((_, i) => firsts[i] === value);
      const repeated = next.filter((first) => first === value).length / next.length;
      expect(Math.abs(repeated - 0.1)).toBeLessThan(0.04);
    }
  });

  it('permute: every value once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, n) => {
        const sorted = permutation(seededRandom(seed), n).sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('draw without replacement: all different', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(30), fc.nat(30), (seed, n, more) => {
        const drawn = sampleWithout(seededRandom(seed), n + more, n);
        expect(new Set(drawn).size).toBe(n);
        expect(drawn.every((value) => value >= 0 && value < n + more)).toBe(true);
      }),
    );
  });

  it('refuse what cannot be drawn', () => {
    expect(() => sampleWithout(seededRandom(0), 2, 3)).toThrow('cannot draw 3 different values of 2');
    expect(() => seededRandom(0).below(0)).toThrow(RangeError);
  });
});
