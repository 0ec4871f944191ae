/**
 * Labelled components ranked among their stand-ins, on scores whose truth is made up here.
 */
import { describe, expect, test } from 'vitest';
import { analysed } from './synthetic.ts';

describe('labelled components among their stand-ins', () => {
  const COUNT = 40;
  const shape = { layers: 1, heads: COUNT, neurons: 1 };
  const pairs = Array.from({ length: 12 }, (_, cluster) => ({ clean: 1, corrupted: 0, cluster }));
  /** Gains that belong to components and are nearly the same on every prompt, in no order of their indices. */
  const gainOf = (c: number, pair: number) => Math.exp(((c * 7) % COUNT) / COUNT + 1e-3 * Math.sin(c + pair));
  const rowsOf = async (labelled: readonly number[], ownOf: (c: number) => number = () => 1) => {
    const score = (name: string, pair: number) =>
      Array.from({ length: COUNT }, (_, c) => {
        if (name.startsWith('ap.')) return name.startsWith('ap.noising') && labelled.includes(c) ? -0.5 : 0;
        return name.startsWith('own.') ? ownOf(c) : gainOf(c, pair);
      });
    const { json } = (await analysed(pairs, score, { gains: true }, { shape }))!;
    return (rule: string) =>
      json.gains.find(
        ({ direction, labels, controls }) =>
          direction === 'noising' && labels.length === 2 && controls === rule,
      )!;
  };

  test('one component, whichever it is: p over prompts is small, p over components is uniform', async () => {
    const found = await Promise.all(Array.from({ length: COUNT }, (_, c) => rowsOf([c])));
    const ranks = found.map((row) => row('matched').stand_ins!);
    // Ranks 1 to 20 from either end, so each p twice.
    const ps = ranks.map(({ p }) => Math.round((p * COUNT) / 2)).sort((a, b) => a - b);
    expect(ps).toEqual(Array.from({ length: COUNT }, (_, i) => 1 + Math.floor(i / 2)));
    expect(ranks[0]).toMatchObject({ components: 1, sets: COUNT, smallest_p: 2 / COUNT });
    const overPrompts = found.filter((row) => row('matched').p < 0.05);
    expect(overPrompts.length).toBeGreaterThan(COUNT - 3);
  });

  test('a set that exceeds all others is told from them', async () => {
    const [highest, next, third] = Array.from({ length: COUNT }, (_, c) => c).sort(
      (a, b) => gainOf(b, 0) - gainOf(a, 0),
    );
    const { components, sets, exceeds, p } = (await rowsOf([highest!, next!, third!]))('matched').stand_ins!;
    expect([components, sets]).toEqual([3, 10_000]);
    // Of 40^3 sets those with the highest in all three places, and a few near them, are higher.
    expect(exceeds).toBeGreaterThan(9_980);
    expect(p).toBeLessThan(0.005);
  });

  test('folds without pairs of the set count for nothing', async () => {
    // The model solves the pair of one cluster alone: all other folds have labels from it, and no pairs.
    const score = (name: string, pair: number) =>
      Array.from({ length: COUNT }, (_, c) => {
        if (name.startsWith('ap.')) return name.startsWith('ap.noising') && c < 3 ? -0.5 : 0;
        return name.startsWith('own.') ? 1 : gainOf(c, pair);
      });
    const one = pairs.map((pair, i) => (i === 0 ? pair : { ...pair, clean: -1, corrupted: -2 }));
    const { json } = (await analysed(one, score, { gains: true }, { shape, set: 'solved' }))!;
    expect(json.gains.map(({ labelled, stand_ins }) => [labelled, stand_ins])).toEqual(
      json.gains.map(() => [0, null]),
    );
  });

  test('stand-ins have nearly its own change; the rule any takes the whole layer', async () => {
    // Components 0 to 4 alone change as much.
    const row = await rowsOf([2], (c) => (c < 5 ? 1 + c / 20 : 2));
    expect(row('matched').stand_ins).toMatchObject({ sets: 5, smallest_p: 0.4 });
    expect(row('any').stand_ins).toMatchObject({ sets: COUNT });
    expect(row('matched_unlabelled').stand_ins).toBeNull();
    const alone = await rowsOf([2], (c) => (c === 2 ? 1 : 2));
    expect(alone('matched').stand_ins).toBeNull();
  });
});
