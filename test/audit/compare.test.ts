/** Comparisons against plain definitions on small arrays. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Compared, compareAll, type Scored } from '../../src/audit/compare.ts';
import { auditLabels, labellings } from '../../src/audit/labelling.ts';
import { type AuditLabel, RECALL_AT } from '../../src/results/audit-json.ts';
import { spearman } from '../../src/stats/correlation.ts';
import '../support/close.ts';

const f32 = (values: readonly number[]) => Float32Array.from(values);
const scored = (exact: readonly number[], approximate: readonly number[], more: Partial<Scored> = {}) => ({
  exact: f32(exact),
  approximate: f32(approximate),
  signed: true,
  threshold: 1,
  ...more,
});
const all = (given: Scored): Compared => compareAll(given)[0]!;
const at = (k: number) => RECALL_AT.indexOf(k);

test('every number of a small example', () => {
  const found = all(scored([4, -3, 2, 0.5, 0], [3, 1, 2, -2.5, 0]));
  expect(found).toMatchObject({ label: null, count: 5, signs_wrong: 1, signs_of: 3 });
  // Tops by size: 0 1 2 3 exact, 0 3 2 1 approximate; at k = 5 nothing is counted.
  expect(RECALL_AT.slice(0, 4)).toEqual([1, 2, 3, 5]);
  expect(found.found.slice(0, 4)).toEqual([1, 1, 2, 0]);
  expect(found.among.slice(0, 4)).toEqual([1, 2, 3, 0]);
  const products = 4 * 3 - 3 * 1 + 2 * 2 - 0.5 * 2.5;
  expect(found.slope).toBeCloseTo(products / (9 + 1 + 4 + 6.25), 6);
  expect(found.spearman_size).toBeCloseTo(spearman([4, 3, 2, 0.5, 0], [3, 1, 2, 2.5, 0]), 12);
  expect(found.spearman_signed).toBeCloseTo(spearman([4, -3, 2, 0.5, 0], [3, 1, 2, -2.5, 0]), 12);
  expect(found.missed).toEqual([]);
});

test('what is missed is the largest exact score of the top k outside of the other', () => {
  const exact = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 30 - i : i - 30));
  const approximate = exact.map((value, i) => (i === 3 ? 0 : i === 5 ? 0.1 : value));
  const labels = exact.map((_, i): AuditLabel => (i === 5 ? 'or' : 'and'));
  const [total, ands, ors] = compareAll(scored(exact, approximate, { labels }));
  const miss = (one: Compared | undefined, k: number) => one?.missed.find((each) => each.k === k);
  expect(miss(total, 10)).toEqual({
    k: 10,
    position: 3,
    label: 'and',
    exact: -27,
    approximate: 0,
    place: null,
  });
  expect(miss(ands, 10)).toEqual(miss(total, 10));
  expect(miss(ors, 10)).toMatchObject({ position: 5, exact: -25, place: 29 });
  expect(total?.missed.map(({ k }) => k)).toEqual([10, 20]);
  // Of the exact top 10, 9 are AND; tops are those of all components.
  expect([ands?.among[at(10)], ands?.found[at(10)], ors?.among[at(10)], ors?.found[at(10)]]).toEqual([
    9, 8, 1, 0,
  ]);
});

test('a method without signs is compared by size', () => {
  const found = all(scored([-2, 1, -0.5], [4, 2, 1], { signed: false }));
  expect([found.pearson, found.slope, found.spearman_size]).toBeClose([1, 0.5, 1], { rtol: 1e-12 });
  expect([found.spearman_signed, found.signs_wrong, found.signs_of]).toEqual([NaN, NaN, NaN]);
});

describe('what is no number', () => {
  test('NaN scores make correlations NaN, and stand in no top', () => {
    const found = all(scored([3, 2, 1, 0.5], [3, Number.NaN, 1, 0.5]));
    expect([found.pearson, found.spearman_size, found.spearman_signed, found.slope]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    expect([found.found[at(2)], found.among[at(2)]]).toEqual([1, 2]);
    expect(found.signs_wrong).toBe(0);
  });

  test('constant scores have no order; all 0 find nothing', () => {
    const found = all(scored([3, 2, 1], [0, 0, 0]));
    expect([found.pearson, found.spearman_size, found.slope]).toEqual([NaN, NaN, NaN]);
    expect([found.found[at(1)], found.among[at(1)]]).toEqual([0, 1]);
  });

  test('a small D has no threshold, so no signs are counted', () => {
    const found = all(scored([3, -2], [3, 2], { threshold: Number.NaN }));
    expect([found.signs_wrong, found.signs_of]).toEqual([NaN, NaN]);
  });

  test('nothing at all', () => {
    expect(all(scored([], []))).toMatchObject({ count: 0, signs_of: 0, missed: [] });
  });
});

test('a method that is exact, or exact by a factor, is found to be', () => {
  const values = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 12, maxLength: 60 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.25, 1, 8), (sizes, factor) => {
      const exact = sizes.map((size, i) => (i % 3 === 0 ? -size : size));
      const found = all(
        scored(
          exact,
          exact.map((value) => value * factor),
        ),
      );
      expect(found.found).toEqual(found.among);
      expect(found).toMatchObject({ signs_wrong: 0, signs_of: sizes.length, missed: [] });
      expect([found.spearman_signed, found.pearson, found.slope * factor]).toBeClose([1, 1, 1], {
        rtol: 1e-9,
      });
    }),
  );
});

describe('labels of a method', () => {
  const metric = { clean: 1, corrupted: 0 };
  const labels = (noising: number[], denoising: number[], contrast: 'removal' | 'swap' = 'removal') =>
    auditLabels({ noising: f32(noising.map((e) => -e)), denoising: f32(denoising) }, metric, 0.02, contrast);

  test('are counted by the exact label', () => {
    const exact = labels([1, 1, 0, 0], [0, 0, 1, 0])!;
    expect(exact).toEqual(['and', 'and', 'or', 'none']);
    // As layer integrated gradients sees gates in one layer: half in both directions.
    expect(labellings(exact, labels([1, 0.5, 0.5, 0], [0, 0.5, 0.5, 0])!)).toEqual([
      { label: 'and', labelled: { and: 1, adder: 1 } },
      { label: 'or', labelled: { adder: 1 } },
      { label: 'none', labelled: { none: 1 } },
    ]);
  });

  test('have other names for a swap, and are absent where D is small', () => {
    expect(labels([1, 0], [0, 1], 'swap')).toEqual(['noising_only', 'denoising_only']);
    const small = { clean: 5, corrupted: 4.9 };
    expect(auditLabels({ noising: f32([1]), denoising: f32([1]) }, small, 0.02, 'removal')).toBeUndefined();
  });
});
