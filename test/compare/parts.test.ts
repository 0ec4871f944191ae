/**
 * The parts of a comparison on numbers that can be checked by hand.
 */
import { describe, expect, test } from 'vitest';
import { analyseSides } from '../../src/compare/analyse.ts';
import { reliability } from '../../src/compare/components.ts';
import { drawBoth, estimate } from '../../src/compare/draws.ts';
import { findings } from '../../src/compare/findings.ts';
import { crossTable, keptOf } from '../../src/compare/labels.ts';
import { pairedTest } from '../../src/compare/paired.ts';
import { seededRandom } from '../../src/stats/random.ts';
import type { Pooled } from '../../src/survey/analysis/pool.ts';
import { effects, madeSide, type MadeSurvey, pairsOf } from './sides.ts';

describe('draws', () => {
  const asked = { a: 5, b: 5, draws: 40, seed: 3 };

  test('are independent, or one for both', () => {
    expect(drawBoth({ ...asked, together: true }).every(({ a, b }) => a === b)).toBe(true);
    const apart = drawBoth({ ...asked, together: false });
    expect(apart.some(({ a, b }) => Array.from(a).join() !== Array.from(b).join())).toBe(true);
    for (const { b } of apart) expect(Array.from(b).reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  test('need two clusters of each', () => {
    expect(drawBoth({ ...asked, b: 1, together: false })).toEqual([]);
    expect(estimate(2, [])).toEqual({ value: 2, low: Number.NaN, high: Number.NaN });
  });

  test('without a value are left out', () => {
    expect(estimate(1, [0, Number.NaN, 1])).toEqual({
      value: 1,
      low: expect.closeTo(0.025, 12),
      high: expect.closeTo(0.975, 12),
    });
  });
});

describe('labels', () => {
  test('a cross table has rows of A and columns of B', () => {
    const table = crossTable(['and', 'and', undefined, 'mixed'], ['and', 'or', 'adder', undefined]);
    expect(table[0]).toEqual([1, 1, 0, 0, 0, 0]);
    expect(table[5]).toEqual([0, 0, 1, 0, 0, 0]);
    expect(table[4]).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('what is kept, by chance and beyond it', () => {
    // 20 components; a: 6 and, 2 or; b: 5 and, 3 or.
    const table = [
      [4, 1, 1],
      [0, 2, 0],
      [1, 0, 11],
    ];
    const kept = keptOf(table);
    expect(kept).toMatchObject({ n: 20, kept: 6, labelled: { a: 8, b: 8 } });
    expect(kept.expected).toBeCloseTo((6 * 5 + 2 * 3) / 20, 12);
    const [observed, chance] = [17 / 20, (6 * 5 + 2 * 3 + 12 * 12) / 400];
    expect(kept.kappa).toBeCloseTo((observed - chance) / (1 - chance), 12);
  });

  test('without any label there is no kappa', () => {
    expect(keptOf(crossTable([undefined], [undefined])).kappa).toBeNaN();
  });
});

describe('reliability', () => {
  const pooled = (sums: Float64Array, size: number): Pooled => ({
    direction: 'denoising',
    n: 12,
    size,
    sums,
    d: new Float64Array(12).fill(1),
    squares: new Float64Array(size),
    highlighted: new Int32Array(size),
    metric: { clean: 1, corrupted: 0 },
  });

  test('is 1 where every cluster says the same', () => {
    const sums = Float64Array.from({ length: 12 * 5 }, (_, i) => i % 5);
    expect(reliability(pooled(sums, 5), 0)).toBeCloseTo(1, 12);
  });

  test('is small, or has no value, where clusters are noise', () => {
    const random = seededRandom(4);
    const sums = Float64Array.from({ length: 12 * 400 }, () => random.below(1000) - 500);
    expect(reliability(pooled(sums, 400), 0) || 0).toBeLessThan(0.3);
  });
});

describe('pairs that are in both', () => {
  test('are tested over clusters', () => {
    const cluster = Array.from({ length: 16 }, (_, i) => i >> 1);
    const test_ = pairedTest(
      cluster.map((k) => 1 + 0.1 * k),
      cluster,
      { draws: 100, seed: 0 },
    );
    expect(test_).toMatchObject({ n: 16, clusters: 8, r: { value: 1 } });
    expect(test_.mean.value).toBeCloseTo(1.35, 12);
    expect(test_.p).toBeCloseTo(2 / 2 ** 8, 12);
  });

  test('give no p under eight clusters', () => {
    const seven = [0, 1, 2, 3, 4, 5, 6];
    expect(pairedTest([1, 1, 2, 1, 3, 1, 1], seven, { draws: 100, seed: 0 }).p).toBeNaN();
  });

  const exact = [3, -2, 1, 0.5, 0, 0.2];
  const methods: Record<string, readonly number[]> = {
    ap: exact,
    ig: exact.map((score) => 2 * score),
    attribution_patching: [0.5, 1, -2, 3, 1, 0],
  };
  const scores: MadeSurvey['scores'] = (name, pair) =>
    methods[name.split('.')[0]!]?.map((score, c) => score + (c === 0 ? 0.1 * pair : 0));
  const with_ = (...names: string[]) => ({
    pairs: pairsOf(9),
    scores,
    options: { methods: ['ap', ...names] },
  });

  test('tell methods apart, each against exact patching', async () => {
    const sides = {
      a: await madeSide('a', with_('ig')),
      b: await madeSide('b', with_('ig', 'attribution_patching')),
    };
    const { paired } = (await analyseSides(sides)).json;
    const rows = paired!.methods.filter(({ direction }) => direction === 'noising');
    expect(rows.map(({ method }) => method)).toEqual([
      { a: 'ig', b: 'ig' },
      { a: 'ig', b: 'attribution_patching' },
    ]);
    const [same, other] = rows;
    expect(same!.difference.mean.value).toBe(0);
    expect(other!.agreement.a).toBeGreaterThan(0.99);
    expect(other!.agreement.b).toBeLessThan(0.3);
    expect(other!.difference).toMatchObject({ n: 9, clusters: 9, r: { value: 1 } });
    expect(other!.difference.p).toBeCloseTo(2 / 2 ** 9, 12);
    expect(other!.difference.p_adjusted).toBeGreaterThanOrEqual(other!.difference.p);
  });
});

describe('pairs without a value', () => {
  const exact = [3, -2, 1, 0.5, 0, 0.2];
  const good = exact.map((score) => 2 * score);
  const bad = [0.5, 1, -2, 3, 1, 0];
  const with_ = (methods: Record<string, (pair: number) => readonly number[]>): MadeSurvey => ({
    pairs: pairsOf(9),
    scores: (name, pair) => (name.startsWith('ap.') ? exact : methods[name.split('.')[0]!]?.(pair)),
    options: { methods: ['ap', ...Object.keys(methods)], directions: ['noising'] },
  });
  const compared = async (a: MadeSurvey, b: MadeSurvey) =>
    (await analyseSides({ a: await madeSide('a', a), b: await madeSide('b', b) })).json;

  test('a constant method is never what differs most', async () => {
    const flat = () => exact.map(() => 1);
    const json = await compared(
      with_({ attribution_patching: flat, ig: () => good }),
      with_({ attribution_patching: flat, ig: () => bad }),
    );
    const rows = json.paired!.methods;
    expect(rows.map(({ difference }) => Number.isNaN(difference.mean.value))).toEqual([true, false]);
    const said = findings(json).find((sentence) => sentence.includes('differs most'));
    expect(said).toMatch(/by ig in A.*by ig in B.*1 row compared/);
  });

  test('both means are of the pairs that have a value in both', async () => {
    const json = await compared(
      with_({ ig: (pair) => (pair < 4 ? exact.map(() => 1) : good) }),
      with_({ ig: (pair) => (pair < 4 ? bad : good) }),
    );
    const [row] = json.paired!.methods;
    expect(row!.agreement).toEqual({ a: expect.closeTo(1, 6), b: expect.closeTo(1, 6) });
    expect(row!.difference).toMatchObject({ n: 5, mean: { value: expect.closeTo(0, 6) } });
  });

  test('a method without signs is not set against one with them', async () => {
    const json = await compared(with_({ ig: () => good }), with_({ atp_star: () => exact.map(Math.abs) }));
    expect(json.paired!.methods).toEqual([]);
  });
});

describe('gains', () => {
  //            labelled AND, and others of its layer
  const e = [0.9, 0.001, 0.001, 0, 0, 0];
  const scores =
    (times: number): MadeSurvey['scores'] =>
    (name, pair) => {
      if (name.startsWith('ap.')) return e.map((own) => (name.includes('denoising') ? 0 : -4 * own));
      if (name.startsWith('own.')) return e.map(() => 1);
      return e.map((_, c) => (c === 0 ? times * (2 + 0.1 * pair) : 1));
    };
  const made = (times: number, n: number): MadeSurvey => ({
    pairs: pairsOf(n),
    scores: scores(times),
    options: { gains: true },
    words: `words ${n}`,
  });

  test('differ by the logarithm of what one set has more', async () => {
    const sides = { a: await madeSide('a', made(3, 10)), b: await madeSide('b', made(1, 10)) };
    const { gains } = (await analyseSides(sides)).json;
    const row = gains.find(
      ({ controls, direction, labels }) =>
        controls === 'matched' && direction === 'noising' && labels.a.length === 1 && labels.a[0] === 'and',
    )!;
    expect(row.difference.value).toBeCloseTo(Math.log(3), 6);
    // The same clean prompts: one draw serves both, and nothing is left of their spread.
    expect(row.difference.low).toBeCloseTo(Math.log(3), 6);
    expect(row.a).toMatchObject({ n: 10, clusters: 10 });
    expect(row.a.mean.low).toBeLessThan(row.a.mean.high);
  });

  test('of other prompts have an interval with the spread of both', async () => {
    const sides = { a: await madeSide('a', made(3, 10)), b: await madeSide('b', made(3, 12)) };
    const { gains } = (await analyseSides(sides)).json;
    const row = gains.find(({ controls, direction }) => controls === 'any' && direction === 'noising')!;
    expect(row.difference.low).toBeLessThan(0);
    expect(row.difference.high).toBeGreaterThan(0);
  });

  test('without labelled components there is no difference', async () => {
    const none: MadeSurvey = {
      ...made(1, 9),
      scores: (name) => (name.startsWith('ap.') ? e.map(() => 0.01) : e.map(() => 1)),
    };
    const sides = { a: await madeSide('a', none), b: await madeSide('b', made(1, 9)) };
    const { gains } = (await analyseSides(sides)).json;
    expect(gains.length).toBeGreaterThan(0);
    for (const { a, difference } of gains) {
      expect(a.n).toBe(0);
      expect(difference.value).toBeNaN();
    }
  });
});

describe('sentences on components', () => {
  const said = async (a: readonly number[], b: readonly number[]) => {
    const side = (name: string, e: readonly number[]) =>
      madeSide(name, { pairs: pairsOf(9), scores: effects(e, e), words: name });
    const { json } = await analyseSides({ a: await side('a', a), b: await side('b', b) });
    return findings(json).join('\n');
  };

  test('tell where one component decides a correlation', async () => {
    const text = await said([2, 0.1, 0.2, 0.3, 0.1, 0.2], [2, 0.3, 0.2, 0.1, 0.3, 0.2]);
    expect(text).toMatch(/r = 0\.9\d .*in noising \(without head 0\.0: r = −(1\.00|0\.9\d)\)/);
    expect(text).toMatch(/their sizes by Spearman’s /);
    expect(await said([1, 0.8, 0.6, 0.4, 0.2, 0], [1, 0.8, 0.6, 0.4, 0.2, 0])).not.toContain('(without');
  });

  test('name what changes beyond its interval, or say that nothing does', async () => {
    const e = [0.9, 0.5, 0.3, 0.2, 0.1, 0.01];
    expect(await said(e, e.with(1, 0.8))).toMatch(
      /head 0\.1 changes most: .*, a difference of −0\.30 \([^)]*\); it was/,
    );
    const shifted = e.map((value) => value * 1.0001);
    expect(await said(e, shifted)).toMatch(
      /no interval of the 6 components that differ most excludes 0; it was/,
    );
  });
});
