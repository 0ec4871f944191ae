/**
 * What a survey says of scores, on scores whose truth is made up here.
 */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/stats/random.ts';
import { analysed, type MadePair } from './synthetic.ts';

describe('pooled effects', () => {
  const pairs = [
    { clean: 3, corrupted: -1, cluster: 0 },
    { clean: 1, corrupted: 0, cluster: 1 },
    { clean: -1, corrupted: -2, cluster: 2 },
  ];
  const scores: Record<string, readonly (readonly number[])[]> = {
    'ap.noising.heads': [
      [-4, 0, -1, 0],
      [0, 0, -1, 0.5],
      [0, 0, -1, 0],
    ],
    'ap.denoising.heads': [
      [4, 2, 1, 0],
      [0, 2, 1, 0],
      [0, 2, 1, 0],
    ],
  };
  const score = (name: string, pair: number) => scores[name]?.[pair];

  test('are ratios of sums, noising with its sign turned', async () => {
    const { rows } = (await analysed(pairs, score))!;
    const [noising, denoising] = rows;
    // D is 4, 1 and 1.
    expect([...noising!.mean]).toEqual([4 / 6, 0, 3 / 6, -0.5 / 6].map((e) => expect.closeTo(e, 12)));
    expect([...denoising!.mean]).toEqual([4 / 6, 1, 3 / 6, 0].map((e) => expect.closeTo(e, 12)));
  });

  test('a component with the same share of D everywhere has an interval without width', async () => {
    const same = (_: string, pair: number) =>
      [4, 1, 1].slice(pair, pair + 1).flatMap((d) => [d / 2, 0, d, 0]);
    const { rows } = (await analysed(pairs, same, { directions: ['denoising'] }))!;
    expect([rows[0]!.low[0], rows[0]!.high[0]]).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.5, 6)]);
    const { low, high, mean } = (await analysed(pairs, score))!.rows[0]!;
    expect(low[0]).toBeLessThan(mean[0]!);
    expect(high[0]).toBeGreaterThan(mean[0]!);
  });

  test('of pairs that the model solves, and none where it solves none', async () => {
    const { rows, json } = (await analysed(pairs, score, {}, { set: 'solved' }))!;
    expect(rows[0]!.mean[0]).toBeCloseTo(4 / 5, 12);
    expect(json.answers).toMatchObject({ n: 2, accuracy: 1 });
    expect(await analysed([pairs[2]!], score, {}, { set: 'solved' })).toBeUndefined();
  });

  test('are absent where D is small on average', async () => {
    const flat = [
      { clean: 5, corrupted: 4.9, cluster: 0 },
      { clean: 5, corrupted: 4.8, cluster: 1 },
    ];
    const { rows, json } = (await analysed(flat, score))!;
    expect([...rows[0]!.mean].every(Number.isNaN)).toBe(true);
    expect(json.answers.small_d).toBe(2);
    expect(json.labels[0]!.components).toEqual([]);
  });
});

describe('labels', () => {
  const pairs = Array.from({ length: 10 }, (_, cluster) => ({ clean: 1, corrupted: 0, cluster }));

  test('are those of pooled effects, with the share of pairs that agree', async () => {
    const score = (name: string, pair: number) =>
      name === 'ap.noising.heads' ? [-0.5, 0, -0.3, pair < 3 ? 0.2 : -0.2] : [0, 0.5, 0.3, 0];
    const { json, rows } = (await analysed(pairs, score))!;
    const [heads] = json.labels;
    const found = heads!.components.map(({ component, label, same_in_pairs }) => [
      component,
      label,
      same_in_pairs,
    ]);
    expect(found).toEqual([
      [[0, 0], 'and', 1],
      [[0, 1], 'or', 1],
      [[0, 2], 'adder', 1],
      // Seven pairs say AND by themselves.
      [[0, 3], 'and', 0.7],
    ]);
    expect(rows[0]!.labels).toEqual(['and', 'or', 'adder', 'and']);
  });

  test('leave out pairs that are earlier ones turned round; effects count them', async () => {
    const turned = pairs.flatMap((pair) => [pair, { ...pair, reversed: true }]);
    const score = (name: string, pair: number) => {
      const clean = name === 'ap.noising.heads';
      const and = pair % 2 === 0 ? clean : !clean;
      return [and ? (clean ? -0.6 : 0.6) : 0, 0, 0, 0];
    };
    const { json, rows } = (await analysed(turned, score))!;
    expect(json.labels[0]).toMatchObject({
      pairs: 10,
      components: [{ label: 'and', noising: expect.closeTo(0.6, 6) }],
    });
    expect(rows[0]!.mean[0]).toBeCloseTo(0.3, 6);
  });

  test('need both directions', async () => {
    const one = await analysed(pairs, () => [1, 1, 1, 1], { directions: ['noising'] });
    expect(one!.json.labels).toEqual([]);
    expect(one!.rows[0]!.labels).toBeUndefined();
  });
});

describe('gains of labelled components against controls', () => {
  const CLUSTERS = 24;
  const COUNT = 40;
  const shape = { layers: 1, heads: COUNT, neurons: 1 };
  const pairs = Array.from({ length: CLUSTERS }, (_, cluster) => ({ clean: 1, corrupted: 0, cluster }));
  const options = { gains: true };
  /** Each of the four has the other three among its 39 controls: the rule asks for own change, not for a label. */
  const DIFFERENCE = Math.log(2) * (36 / 39);
  /** Components 0 to 3 are AND; their gain is `factor` times that of the others, with noise. */
  const scores = (factor: (pair: number) => number, noise = 0.2) => {
    return (name: string, pair: number): number[] => {
      const random = seededRandom(pair);
      return Array.from({ length: COUNT }, (_, c) => {
        const own = c < 4;
        if (name.startsWith('ap.')) return name.includes('denoising') ? 0 : own ? -0.5 : 0;
        if (name.startsWith('own.')) return 1;
        return Math.exp(noise * (random.below(2 ** 20) / 2 ** 19 - 1)) * (own ? factor(pair) : 1);
      });
    };
  };
  const rowOf = async (made: ReturnType<typeof scores>, among = pairs) => {
    const { json } = (await analysed(among, made, options, { shape }))!;
    const row = json.gains.find(
      ({ direction, labels, controls }) =>
        direction === 'noising' && labels.length === 2 && controls === 'matched',
    );
    return { row: row!, all: json.gains };
  };

  test('a planted difference is found, with its size', async () => {
    const { row, all } = await rowOf(scores(() => 2));
    expect(row).toMatchObject({
      n: CLUSTERS,
      clusters: CLUSTERS,
      labelled: 4 * CLUSTERS,
      matched: 4 * CLUSTERS,
    });
    expect(Math.abs(row.mean - DIFFERENCE)).toBeLessThan(0.05);
    expect(row.low).toBeGreaterThan(0.55);
    expect(row.high).toBeLessThan(0.75);
    expect(row.r).toBe(1);
    expect(row.p).toBeLessThan(1e-3);
    expect(row.p_adjusted).toBeGreaterThanOrEqual(row.p);
    // Nothing is OR here.
    const or = all.filter(({ labels }) => labels.join() === 'or');
    expect(or.map(({ labelled, p }) => [labelled, p])).toEqual(or.map(() => [0, Number.NaN]));
  });

  test('none is found where labelled and others differ in both ways alike', async () => {
    const { row } = await rowOf(scores((pair) => (pair % 2 === 0 ? 2 : 0.5)));
    expect(Math.abs(row.mean)).toBeLessThan(0.1);
    expect(row.p).toBeGreaterThan(0.2);
  });

  test('under 8 clusters there is no p', async () => {
    const { row } = await rowOf(
      scores(() => 2),
      pairs.slice(0, 7),
    );
    expect(row).toMatchObject({ clusters: 7, p: Number.NaN, p_adjusted: Number.NaN });
    expect(Math.abs(row.mean - DIFFERENCE)).toBeLessThan(0.05);
  });

  test('the labels of a cluster come from others: what only it shows labels nothing in it', async () => {
    const only = 5;
    const made = scores(() => 2);
    // In cluster 5 alone component 9 has an effect, so large that pooled effects of all clusters label it.
    const strange = (name: string, pair: number) => {
      const values = made(name, pair);
      if (name === 'ap.noising.heads' && pair === only) values[9] = -20;
      return values;
    };
    const { json } = (await analysed(pairs, strange, options, { shape }))!;
    expect(json.labels[0]!.components.map(({ component }) => component[1])).toContain(9);
    const { row } = await rowOf(strange);
    // It is labelled from the folds of all other clusters' view, but not in its own fold.
    expect(row.labelled).toBeGreaterThan(4 * CLUSTERS);
    expect(row.labelled).toBeLessThan(5 * CLUSTERS);
  });
});

describe('agreement with exact patching', () => {
  const pairs = Array.from({ length: 6 }, (_, cluster) => ({ clean: 1, corrupted: 0, cluster }));
  const exact = [0.5, -0.4, 0.3, 0.01];
  const agreement = async (approximate: readonly number[], method = 'ig') => {
    const score = (name: string) => (name.startsWith('ap.') ? exact : approximate);
    const { json } = (await analysed(pairs, score, { methods: ['ap', method], quantile: 0.5 }))!;
    return json.agreement.find(({ direction }) => direction === 'noising')!;
  };

  test('scores of another scale agree wholly, and the slope is their calibration', async () => {
    const found = await agreement(exact.map((score) => 4 * score));
    expect(found).toMatchObject({ n: 6, signed: true, wrong_signs: 0, wrong_signs_of: 18 });
    for (const measure of ['pearson', 'spearman', 'spearman_size'] as const)
      expect(found[measure]!.mean).toBeCloseTo(1, 6);
    expect(found.slope).toMatchObject({ mean: expect.closeTo(0.25, 6), n: 6, clusters: 6 });
    expect(found.jaccard.mean).toBe(1);
    expect(found.jaccard_expected).toBeLessThan(1);
  });

  test('turned signs are counted, of those of tau or more', async () => {
    const found = await agreement(exact.map((score) => -score));
    expect(found).toMatchObject({ wrong_signs: 18, wrong_signs_of: 18 });
    expect(found.pearson.mean).toBeCloseTo(-1, 6);
    expect(found.spearman!.mean).toBeCloseTo(-1, 6);
    expect(found.spearman_size.mean).toBeCloseTo(1, 6);
  });

  test('a score of 0 has no sign, scores that are all equal no correlation', async () => {
    const found = await agreement([0, 0, 0, 0]);
    expect(found).toMatchObject({ wrong_signs: 0, wrong_signs_of: 0 });
    expect(found.pearson).toMatchObject({ mean: Number.NaN, n: 0, clusters: 0 });
    expect(found.slope).toMatchObject({ mean: Number.NaN, n: 0 });
  });

  test('both highlighting nothing is an overlap of 1', async () => {
    const score = () => [0, 0, 0, 0];
    const { json } = (await analysed(pairs, score, { methods: ['ap', 'ig'] }))!;
    expect(json.agreement[0]).toMatchObject({ jaccard: { mean: 1, n: 6 }, jaccard_expected: 1 });
  });

  test('a method without signs is compared with sizes', async () => {
    const found = await agreement(
      exact.map((score) => 2 * Math.abs(score)),
      'atp_star',
    );
    expect(found).toMatchObject({ signed: false, wrong_signs: 0, wrong_signs_of: 0 });
    expect(found.pearson.mean).toBeCloseTo(1, 6);
    expect(found.slope!.mean).toBeCloseTo(0.5, 6);
  });
});

describe('where a method and exact patching disagree', () => {
  const shape = { layers: 2, heads: 10, neurons: 1 };
  const pairs = Array.from({ length: 4 }, (_, cluster) => ({ clean: 2, corrupted: 0, cluster }));
  const exact = Array.from({ length: 20 }, (_, c) => c / 100);
  const found = async (off: (c: number) => number, method = 'ig') => {
    const score = (name: string) =>
      name.startsWith('ap.') ? exact : exact.map((value, c) => value + off(c));
    const options = { methods: ['ap', method], directions: ['denoising' as const] };
    return (await analysed(pairs, score, options, { shape }))!.json.disagreements;
  };

  test('the planted components are named, the furthest first', async () => {
    const rows = await found((c) => (c === 13 ? 0.6 : c === 4 ? -0.8 : (c % 3) / 1000));
    expect(rows).toMatchObject([{ method: 'ig', direction: 'denoising', n: 20, outliers: 2 }]);
    const [first, second] = rows[0]!.components;
    // D is 2.
    expect(first).toEqual({
      component: [0, 4],
      exact: expect.closeTo(0.02, 6),
      approximate: expect.closeTo(-0.38, 6),
      difference: expect.closeTo(-0.4, 6),
    });
    expect(second).toMatchObject({ component: [1, 3], difference: expect.closeTo(0.3, 6) });
  });

  test('equal differences have no outliers, sizes are not compared', async () => {
    expect(await found(() => 0)).toMatchObject([{ outliers: 0, components: [], low: Number.NaN, n: 20 }]);
    expect(await found((c) => c, 'atp_star')).toEqual([]);
  });
});

describe('which method agrees better', () => {
  const exact = [0.5, -0.4, 0.3, 0.01];
  const made = (count: number) =>
    Array.from({ length: count }, (_, cluster) => ({ clean: 1, corrupted: 0, cluster }));
  /** Attribution patching is off on two heads in noising, more so in every other pair. */
  const score = (name: string, pair: number) =>
    name === 'attribution_patching.noising.heads' ? [0.5, 0.1 + 0.01 * pair, 0.3, 0.3] : exact;
  const options = { methods: ['ap', 'attribution_patching', 'ig'] };
  const comparisons = async (pairs: readonly MadePair[]) =>
    (await analysed(pairs, score, options))!.json.comparisons;

  test('methods within a direction, directions within a method; p adjusted over all', async () => {
    const rows = await comparisons(made(10));
    const names = rows.map(({ first, second }) => [
      first.method,
      first.direction,
      second.method,
      second.direction,
    ]);
    const [ap, ig] = ['attribution_patching', 'ig'];
    expect(names).toEqual([
      [ap, 'noising', ap, 'denoising'],
      [ap, 'noising', ig, 'noising'],
      [ap, 'denoising', ig, 'denoising'],
      [ig, 'noising', ig, 'denoising'],
    ]);
    const [, planted, none] = rows;
    expect(planted).toMatchObject({ n: 10, clusters: 10, r: -1, p: 2 / 2 ** 10, p_adjusted: 2 / 2 ** 10 });
    expect(planted!.high).toBeLessThan(-0.05);
    // The same in every cluster: no test, and said so.
    expect(none).toMatchObject({ mean: 0, r: Number.NaN, p: Number.NaN, p_adjusted: Number.NaN });
  });

  test('under 8 clusters there is no p; turned pairs are left out', async () => {
    const [row] = await comparisons(made(7));
    expect(row).toMatchObject({ clusters: 7, r: -1, p: Number.NaN });
    const turned = [...made(9), { clean: 1, corrupted: 0, cluster: 0, reversed: true }];
    expect((await comparisons(turned))[0]).toMatchObject({ n: 9, clusters: 9 });
  });

  test('pairs without a correlation are left out', async () => {
    const flat = (name: string, pair: number) =>
      name.startsWith('ig.') && pair < 3 ? [1, 1, 1, 1] : score(name, pair);
    const { json, correlations } = (await analysed(made(10), flat, options))!;
    expect(json.comparisons[1]).toMatchObject({ n: 7, clusters: 7, p: Number.NaN });
    const ig = correlations.find(({ method }) => method === 'ig')!;
    expect([...ig.pearson].map(Number.isNaN)).toEqual(Array.from({ length: 10 }, (_, i) => i < 3));
  });
});
