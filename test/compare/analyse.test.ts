/**
 * What a comparison says of surveys whose relation is known.
 */
import { describe, expect, test } from 'vitest';
import { analyseSides } from '../../src/compare/analyse.ts';
import { findings } from '../../src/compare/findings.ts';
import type { ComparisonJson } from '../../src/results/comparison-json.ts';
import { effects, HEADS, madeSide, type MadeSurvey, pairsOf } from './sides.ts';

//               AND   OR   ADDER inhib. mixed none
const NOISING = [0.9, 0.05, 0.4, -0.2, 0.3, 0.001];
const DENOISING = [0.1, 0.8, 0.35, -0.3, 0.15, 0.002];
const PLAIN: MadeSurvey = { pairs: pairsOf(10), scores: effects(NOISING, DENOISING) };

async function compared(a: MadeSurvey, b: MadeSurvey) {
  return (await analyseSides({ a: await madeSide('a', a), b: await madeSide('b', b) })).json;
}

const exactly = (value: number) => ({
  value: expect.closeTo(value, 9),
  low: expect.closeTo(value, 9),
  high: expect.closeTo(value, 9),
});

describe('a survey against itself', () => {
  test('goes together fully, in every draw', async () => {
    const json = await compared(PLAIN, PLAIN);
    expect(json).toMatchObject({ same_model: true, same_clusters: true, differences: [] });
    expect(json.limits).toEqual(['Gains are not in both: they are not compared.']);
    expect(json.components).toHaveLength(2);
    for (const row of json.components) {
      expect(row).toMatchObject({
        n: 6,
        pearson: exactly(1),
        spearman_size: exactly(1),
        jaccard: exactly(1),
        difference: { mean: exactly(0), low: 0, high: 0 },
        draws: 200,
      });
      expect(row.reliability.a).toBeGreaterThan(0.99);
    }
    expect(json.changed).toEqual([]);
    expect(json.strongest[0]).toMatchObject({ component: [0, 0], label: { a: 'and', b: 'and' } });
  });

  test('keeps all labels', async () => {
    const [labels] = (await compared(PLAIN, PLAIN)).labels;
    expect(labels).toMatchObject({ n: 6, labelled: { a: 5, b: 5 }, kept: 5, kappa: exactly(1) });
    expect(labels!.share).toEqual({ a: exactly(1), b: exactly(1) });
    expect(labels!.table).toEqual(labels!.table.map((_, i) => labels!.table.map((__, j) => Number(i === j))));
    expect(labels!.share_expected.a).toBeCloseTo(1 / 6, 12);
  });

  test('answers in one way, pair by pair', async () => {
    const { answers, paired } = await compared(PLAIN, PLAIN);
    expect(answers.map(({ difference }) => difference)).toEqual(answers.map(() => exactly(0)));
    expect(paired).toMatchObject({ n: 10, clusters: 10 });
    for (const { difference } of paired!.answers) {
      expect(difference.mean.value).toBe(0);
      expect(difference.p).toBeNaN();
    }
    for (const { pearson } of paired!.exact) expect(pearson.value).toBeCloseTo(1, 12);
  });
});

describe('a swap against its twin with prompts and answers exchanged', () => {
  const swap = { task: { contrast: 'swap' as const } };
  const a: MadeSurvey = { ...PLAIN, ...swap };
  const b: MadeSurvey = {
    ...swap,
    words: 'exchanged',
    // F is its negative, and so is what patching changes; D stays.
    pairs: a.pairs.map((pair) => ({ ...pair, clean: -pair.corrupted, corrupted: -pair.clean })),
    scores: (name, pair) => {
      const other = name.includes('denoising') ? 'ap.noising.heads' : 'ap.denoising.heads';
      return a.scores(other, pair)!.map((score) => -score);
    },
  };

  test('has exchanged directions', async () => {
    const json = await compared(a, b);
    const [first] = json.strongest;
    expect(first!.effects.map((row) => row.a.value)).toEqual(
      first!.effects.map((row) => expect.closeTo(row.b.value, 1)).toReversed(),
    );
    const { effects: rows } = json.strongest.find(({ component }) => component.join('.') === '0.0')!;
    expect(rows[0]!.a.value).toBeCloseTo(rows[1]!.b.value, 12);
    expect(rows[1]!.a.value).toBeCloseTo(rows[0]!.b.value, 12);
  });

  test('exchanges the two labels that depend on which prompt is called clean, and no other', async () => {
    const [labels] = (await compared(a, b)).labels;
    expect(labels!.rows.slice(0, 2)).toEqual(['noising_only', 'denoising_only']);
    expect(labels!.table.map((row) => row.indexOf(1))).toEqual([1, 0, 2, 3, 4, 5]);
    expect(labels!.kept).toBe(3);
    expect(labels!.share.a.value).toBeCloseTo(3 / 5, 12);
  });
});

describe('another contrast', () => {
  test('AND and OR stand opposite noising only and denoising only, and it is said', async () => {
    const json = await compared(PLAIN, { ...PLAIN, task: { contrast: 'swap' } });
    expect(json.labels[0]).toMatchObject({ kept: 5 });
    expect(json.labels[0]!.rows[0]).toBe('and');
    expect(json.labels[0]!.columns[0]).toBe('noising_only');
    expect(json.differences).toEqual([{ what: 'contrast', a: 'removal', b: 'swap' }]);
    expect(json.limits.join(' ')).toMatch(/they follow one rule/);
    expect(json.a.name).toBe('A (removal)');
  });
});

describe('components that change', () => {
  test('come first, with both effects and the interval of their difference', async () => {
    const moved = [...NOISING];
    moved[5] = 0.7;
    const json = await compared(PLAIN, {
      pairs: pairsOf(12),
      scores: effects(moved, DENOISING),
      words: 'other',
    });
    const [first] = json.changed;
    expect(first).toMatchObject({ component: [1, 2], label: { a: null, b: 'and' } });
    const [noising, denoising] = first!.effects;
    expect(noising!.difference.value).toBeCloseTo(-0.699, 2);
    expect(noising!.difference.high).toBeLessThan(-0.6);
    expect(Math.abs(denoising!.difference.value)).toBeLessThan(1e-3);
    expect(json.same_clusters).toBe(false);
    expect(json.components[0]!.pearson.low).toBeLessThan(json.components[0]!.pearson.high);
  });
});

describe('what cannot be compared', () => {
  const small: MadeSurvey = {
    pairs: pairsOf(9),
    shape: { layers: 4, heads: 1, neurons: 1 },
    scores: effects([0, 0, 0, 0.9], [0, 0, 0, 0.2]),
    sha256: '1',
  };

  test('components of models of other shapes: totals are', async () => {
    const json = await compared(PLAIN, small);
    expect(json).toMatchObject({ same_model: false, components: [], labels: [], strongest: [], changed: [] });
    expect(json.limits).toContain(
      'The models have other shapes: components have no counterparts, so only totals are compared.',
    );
    const and = json.label_counts[0]!;
    expect(and).toMatchObject({ label: { a: 'and', b: 'and' }, count: { a: 1, b: 1 } });
    expect(json.label_counts.at(-1)!.count).toEqual({ a: 1, b: 3 });
    const [noising] = json.depth;
    expect(noising!.centre.b).toBeCloseTo(3.5 / 4, 12);
    // |e| of both layers of A, at a quarter and at three quarters.
    expect(noising!.centre.a).toBeCloseTo((1.35 * 0.25 + 0.501 * 0.75) / 1.851, 2);
    expect(noising!.strongest.b).toEqual([{ component: [3, 0], depth: 0.875, e: expect.closeTo(0.9, 1) }]);
  });

  test('components of other weights in the same shape', async () => {
    const json = await compared(PLAIN, { ...PLAIN, sha256: '1' });
    expect(json.components).toEqual([]);
    expect(json.paired!.exact).toEqual([]);
    expect(json.limits[0]).toMatch(/The weights are not the same/);
    expect(json.differences).toEqual([{ what: 'sha256', a: '0', b: '1' }]);
  });

  test('F by other metrics: only the share of solved pairs is subtracted', async () => {
    const json = await compared(PLAIN, { ...PLAIN, task: { metric: 'agreement' } });
    const [solved, clean] = json.answers;
    expect(solved!.difference.value).toBe(0);
    expect(clean!.a.value).toBe(3);
    expect(clean!.difference.value).toBeNaN();
    expect(json.paired!.answers.map(({ quantity }) => quantity)).toEqual(['solved']);
    expect(json.limits.join(' ')).toMatch(/other units/);
  });

  test('labels where a direction is missing', async () => {
    const json = await compared(PLAIN, { ...PLAIN, options: { directions: ['noising'] } });
    expect(json.components.map(({ direction }) => direction)).toEqual(['noising']);
    expect(json.labels).toEqual([]);
    expect(json.limits).toContain('Only noising is in both: there are no labels to compare.');
  });

  test('effects where D is small', async () => {
    const flat = pairsOf(10).map((pair) => ({ ...pair, corrupted: 2.9 }));
    const json = await compared(PLAIN, { ...PLAIN, pairs: flat });
    for (const { pearson, draws } of json.components) {
      expect(pearson.value).toBeNaN();
      expect(draws).toBe(0);
    }
    expect(json).toMatchObject({ labels: [], label_counts: [], changed: [] });
    expect(json.limits.filter((line) => line.startsWith('D of'))).toEqual([
      'D of B is too small to divide by: there are no effects and no labels to compare.',
    ]);
    expect(findings(json).join(' ')).toMatch(/cannot be correlated/);
  });
});

describe('what is said beside the numbers', () => {
  test('of a pair and its reverse effects count the first alone', async () => {
    const pairs = pairsOf(10).map((pair, i) => ({ ...pair, reversed: i >= 8 }));
    const json = await compared(PLAIN, { ...PLAIN, pairs });
    expect(json.b).toMatchObject({ n: 10, pooled: 8 });
    expect(findings(json).join(' ')).toContain('(n = 10 and 8 pairs');
  });

  test('pairs of both whose clusters are drawn apart', async () => {
    const json = await compared(PLAIN, { ...PLAIN, pairs: pairsOf(12) });
    expect(json).toMatchObject({ same_clusters: false, shared: { pairs: 10 } });
    expect(json.limits.join(' ')).toMatch(
      /10 pairs in both, yet the clusters of each are drawn by themselves/,
    );
    expect((await compared(PLAIN, PLAIN)).limits.join(' ')).not.toMatch(/by themselves/);
  });

  test('gains of raw and of processed weights', async () => {
    const scores: MadeSurvey['scores'] = (name, pair) =>
      /^(gain|own)\./.test(name) ? [1, 1, 1, 1, 1, 1] : PLAIN.scores(name, pair);
    const gains = { ...PLAIN, scores, options: { gains: true } };
    const json = await compared(gains, { ...gains, options: { gains: true, raw_weights: true } });
    expect(json.gains).toEqual([]);
    expect(json.limits.join(' ')).toMatch(/raw in one and processed in the other/);
    expect(json.limits.join(' ')).not.toMatch(/Gains are not in both/);
  });

  test('weights that differ under one name, and two models', async () => {
    expect(findings(await compared(PLAIN, { ...PLAIN, sha256: '1' }))[0]).toContain('sha256 (0 against 1)');
    const said = findings(await compared(PLAIN, { ...PLAIN, sha256: '1' }))[1];
    expect(said).toMatch(/^The model of A solves 100% of its pairs, that of B 100%; D is/);
  });
});

test('findings are three to eight sentences, each with numbers, none with holes', async () => {
  const moved = effects(NOISING.toReversed(), DENOISING);
  const cases: Promise<Omit<ComparisonJson, 'schema' | 'complete' | 'findings' | 'command' | 'versions'>>[] =
    [
      compared(PLAIN, PLAIN),
      compared(PLAIN, { ...PLAIN, scores: moved, words: 'other' }),
      compared(PLAIN, { ...PLAIN, sha256: '1', shape: HEADS }),
    ];
  for (const json of await Promise.all(cases)) {
    const said = findings(json);
    expect(said.length).toBeGreaterThanOrEqual(3);
    expect(said.length).toBeLessThanOrEqual(8);
    for (const sentence of said) {
      expect(sentence).toMatch(/\d.*\.$/s);
      expect(sentence).not.toMatch(/NaN|undefined|Infinity| - |-,/);
    }
  }
});
