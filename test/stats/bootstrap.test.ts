import { describe, expect, it } from 'vitest';
import { bcaInterval, drawCounts, type Drawing, type Limits } from '../../src/stats/bootstrap.ts';
import { ratioBootstrap } from '../../src/stats/ratio-bootstrap.ts';
import { quantile } from '../../src/stats/quantile.ts';
import '../support/close.ts';
import { Random } from '../support/random.ts';

const how = { draws: 20_000, seed: 3 };

/** Of the mean of one value a cluster. */
function bcaMean(values: ArrayLike<number>, drawing: Drawing): Limits {
  const sum = (counts: ArrayLike<number>, of: (i: number) => number): number =>
    Array.from(values).reduce((total, _, i) => total + counts[i]! * of(i), 0);
  const mean = (counts: ArrayLike<number>): number => sum(counts, (i) => values[i]!) / sum(counts, () => 1);
  return bcaInterval(values.length, mean, drawing);
}

const NONE = { low: Number.NaN, high: Number.NaN };

describe('drawCounts', () => {
  const all = drawCounts(12, 2000, 5);

  it('draws as many clusters as there are, each as often as any other', () => {
    expect(all).toHaveLength(2000);
    const totals = new Float64Array(12);
    for (const counts of all) {
      expect(counts.reduce((a, b) => a + b, 0)).toBe(12);
      counts.forEach((count, k) => (totals[k]! += count));
    }
    // 2,000 expected, with a standard deviation of 43.
    for (const total of totals) expect(Math.abs(total - 2000)).toBeLessThan(260);
  });

  it('repeats with the seed', () => {
    expect(drawCounts(12, 2000, 5)).toEqual(all);
    expect(drawCounts(12, 2000, 6)).not.toEqual(all);
  });
});

describe('ratioBootstrap', () => {
  const weights = Float64Array.from([2.26, 2.03, 1.99, 1.5, 1.02, 1.38, 2.38, 1.4, 1.74, 1.01, 2.66, 1.31]);
  const rows = [
    [2.13, 2.38],
    [2.09, 0.79],
    [2.07, 3.34],
    [0.34, 2.14],
    [1.08, 0.69],
    [2.76, 1.91],
    [0.95, 2.47],
    [1.8, 1.27],
    [2.33, 1.68],
    [1.35, 1.74],
    [1.76, 2.93],
    [1.01, 1.39],
  ];
  const sums = Float64Array.from(rows.flat());

  it('agrees with numpy', () => {
    // Percentiles of 2,000,000 draws with numpy's default_rng(3). Their standard deviation is 0.1: these, of 20,000, err by
    // some 0.002.
    const { low, high, n } = ratioBootstrap({ sums, weights, ...how });
    expect(n).toBe(12);
    expect(low).toBeClose([0.72323, 0.89422], { atol: 0.01 });
    expect(high).toBeClose([1.21377, 1.30269], { atol: 0.01 });
  });

  it('is what its own draws say, component by component, over slabs', () => {
    const random = new Random(1);
    const components = 1100;
    const many = Float64Array.from({ length: 12 * components }, () => random.normal());
    const found = ratioBootstrap({ sums: many, weights, draws: 60, seed: 2, level: 0.8 });
    for (const c of [0, 511, 512, 1099]) {
      const ratios = drawCounts(12, 60, 2).map((counts) => {
        const over = (value: (k: number) => number) => counts.reduce((sum, n, k) => sum + n * value(k), 0);
        return over((k) => many[k * components + c]!) / over((k) => weights[k]!);
      });
      expect(found.low[c]).toBeCloseTo(quantile(ratios, 0.1), 12);
      expect(found.high[c]).toBeCloseTo(quantile(ratios, 0.9), 12);
    }
  });

  it('has no width where the ratio is the same everywhere, and keeps NaN to its component', () => {
    const two = Float64Array.from(weights, (w) => 3 * w);
    const mixed = Float64Array.from(rows.flatMap((_, k) => [two[k]!, k === 4 ? Number.NaN : 1]));
    const { low, high } = ratioBootstrap({ sums: mixed, weights, draws: 100, seed: 0 });
    expect(low).toBeClose([3, Number.NaN], { rtol: 1e-14 });
    expect(high).toBeClose([3, Number.NaN], { rtol: 1e-14 });
  });

  it('leaves out draws whose denominators cancel, and is NaN where all do', () => {
    const ratio = (own: number[]) =>
      ratioBootstrap({
        sums: Float64Array.from([2, -2]),
        weights: Float64Array.from(own),
        draws: 50,
        seed: 0,
      });
    expect(ratio([1, -1])).toEqual({ low: Float64Array.of(2), high: Float64Array.of(2), n: 2 });
    expect(ratio([0, 0])).toEqual({
      low: Float64Array.of(Number.NaN),
      high: Float64Array.of(Number.NaN),
      n: 2,
    });
  });

  it('is NaN for one cluster, and nothing for none', () => {
    const one = { sums: Float64Array.of(1, 2), weights: Float64Array.of(1), ...how };
    expect(ratioBootstrap(one)).toEqual({
      low: Float64Array.of(Number.NaN, Number.NaN),
      high: Float64Array.of(Number.NaN, Number.NaN),
      n: 1,
    });
    const none = { sums: new Float64Array(0), weights: new Float64Array(0), ...how };
    expect(ratioBootstrap(none)).toEqual({ low: new Float64Array(0), high: new Float64Array(0), n: 0 });
  });
});

describe('bcaInterval', () => {
  const values = [0.54, 0.31, 0.9, 1.07, 1.88, 0.22, 3.14, 0.74, 0.35, 0.88, 0.08, 0.06, 1.22, 0.77, 2.2];

  it('agrees with numpy on a skewed mean', () => {
    // numpy, 4,000,000 draws: b 0.0551, a 0.0533, limits at 0.0470 and 0.9896 (mpmath's erf): 0.6193, 1.5000.
    // Plain percentiles would be 0.572, 1.409.
    const { low, high, n } = bcaMean(values, how);
    expect(n).toBe(15);
    expect(Math.abs(low - 0.6193)).toBeLessThan(0.012);
    expect(Math.abs(high - 1.5)).toBeLessThan(0.02);
  });

  it('is nearly the percentile interval where nothing is skewed', () => {
    const even = [-3, -2, -1, -0.5, 0.5, 1, 2, 3];
    const { low, high } = bcaMean(even, how);
    expect(Math.abs(low + high)).toBeLessThan(0.1);
    // The variance of a drawn mean is the values' variance (n below) over n.
    const half = 1.96 * Math.sqrt(even.reduce((sum, x) => sum + x * x, 0) / 8 / 8);
    expect(Math.abs(high - half)).toBeLessThan(0.1);
  });

  it('widens with the level, moves and stretches with the values, repeats with the seed', () => {
    const at = (level: number) => bcaMean(values, { ...how, level });
    expect(at(0.99).low).toBeLessThan(at(0.95).low);
    expect(at(0.99).high).toBeGreaterThan(at(0.95).high);
    const [own, moved] = [
      at(0.95),
      bcaMean(
        values.map((x) => 5 + 2 * x),
        how,
      ),
    ];
    // Draws that tie with the mean do so to rounding: the share below it, and so the limits, differ a little.
    expect(moved.low).toBeCloseTo(5 + 2 * own.low, 1);
    expect(moved.high).toBeCloseTo(5 + 2 * own.high, 1);
    expect(bcaMean(values, how)).toEqual(own);
    expect(bcaMean(values, { ...how, seed: 4 })).not.toEqual(own);
  });

  it('lies at the value of a constant, and is NaN where there is none', () => {
    const constant = bcaMean(new Array<number>(9).fill(0.1), how);
    expect(constant.low).toBeCloseTo(0.1, 12);
    expect(constant.high).toBeCloseTo(0.1, 12);
    expect(bcaMean([1], how)).toEqual({ ...NONE, n: 1 });
    expect(bcaMean([], how)).toEqual({ ...NONE, n: 0 });
    expect(bcaMean([1, 2, Number.NaN], how)).toEqual({ ...NONE, n: 3 });
    expect(bcaMean([1, 2, 3], { draws: 0, seed: 0 })).toEqual({ ...NONE, n: 3 });
  });

  it('does not break where the bias is as large as draws allow', () => {
    // The largest: no draw exceeds it, and nearly all that have it tie.
    const largest = (counts: ArrayLike<number>) => Math.max(...values.filter((_, k) => counts[k]! > 0));
    const { low, high } = bcaInterval(values.length, largest, how);
    expect(low).toBeLessThanOrEqual(high);
    expect(high).toBe(3.14);
  });

  it.each<[string, (random: Random) => number, number, (x: Float64Array) => Limits]>([
    ['a mean of normal values', (random) => random.normal(), 0, (x) => bcaMean(x, { draws: 400, seed: 1 })],
    [
      'a mean of skewed values',
      (random) => -Math.log(1 - random.uniform()),
      1,
      (x) => bcaMean(x, { draws: 400, seed: 1 }),
    ],
    [
      'a ratio of sums',
      (random) => 0.5 + random.normal(),
      0.5,
      (x) => {
        const { low, high, n } = ratioBootstrap({
          sums: x,
          weights: new Float64Array(x.length).fill(1),
          draws: 400,
          seed: 1,
        });
        return { low: low[0]!, high: high[0]!, n };
      },
    ],
  ])('holds the truth in about 95 of 100 samples: %s', (_, draw, truth, interval) => {
    const random = new Random(21);
    const samples = 300;
    let held = 0;
    for (let s = 0; s < samples; s++) {
      const { low, high } = interval(Float64Array.from({ length: 40 }, () => draw(random)));
      if (low <= truth && truth <= high) held++;
    }
    expect(held / samples).toBeGreaterThan(0.88);
    expect(held / samples).toBeLessThan(0.99);
  });
});
