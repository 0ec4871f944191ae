import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { meanDifference } from '../../src/stats/mean-difference.ts';
import { deviation, isConstant, mean } from '../../src/stats/moments.ts';
import { outliers } from '../../src/stats/outliers.ts';
import { bandAt, regressionLine } from '../../src/stats/regression.ts';
import { studentCdf, studentQuantile } from '../../src/stats/student.ts';
import '../support/close.ts';
import { Random } from '../support/random.ts';

const X = [0.2, -0.8, 0.01, -1.52, 2.84, -0.92, 1.36, -0.5, 2.37];
const Y = [0.15, -0.4, 0.71, -0.59, 2.06, -0.59, 1.05, 0.46, 1.69];
const { NaN: none, POSITIVE_INFINITY: infinite } = Number;
const finite = fc.double({ min: -100, max: 100, noNaN: true });

test('mean and deviation', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(deviation([1, 2, 6])).toBeCloseTo(Math.sqrt(7), 14);
  expect(deviation([0.1, 0.1, 0.1])).toBe(0);
  for (const value of [mean([]), deviation([]), deviation([1]), mean([1, none]), deviation([1, none])])
    expect(value).toBeNaN();
  expect([isConstant([]), isConstant([2]), isConstant([2, 2]), isConstant([2, 3])]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(isConstant([none, none])).toBe(false);
});

describe("Student's t", () => {
  // mpmath's regularised incomplete beta function, and its roots.
  it.each([
    [1, 12.7062047361747, 0.791285599839847],
    [2, 4.30265272974946, 0.83837648409198],
    [3, 3.18244630528371, 0.857766245636051],
    [4, 2.77644510519779, 0.868274201764388],
    [7, 2.36462425159279, 0.882616082303811],
    [10, 2.22813885198627, 0.888617091396578],
    [30, 2.04227245630124, 0.898249520730942],
    [101, 1.98373100295561, 0.901720024101315],
    [1000, 1.96233908082641, 0.903049735792273],
  ])('%i degrees of freedom', (freedom, quantile, below) => {
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(quantile, 10);
    expect(studentCdf(1.3, freedom)).toBeCloseTo(below, 13);
    expect(studentCdf(-1.3, freedom)).toBeCloseTo(1 - below, 13);
    expect(studentCdf(0, freedom)).toBe(0.5);
  });

  it('is NaN where it is not defined', () => {
    expect(studentCdf(none, 3)).toBeNaN();
    expect(studentCdf(1, 0)).toBeNaN();
    for (const [p, freedom] of [
      [0.975, 0],
      [0.975, -1],
      [1, 3],
      [0.4, 3],
    ] as const)
      expect(studentQuantile(p, freedom)).toBeNaN();
  });
});

describe('regressionLine', () => {
  const line = regressionLine(X, Y);

  it('agrees with numpy', () => {
    // numpy.linalg.lstsq; the band from s^2 (A^T A)^-1 and mpmath's t of 7 degrees of freedom.
    expect(line.slope).toBeCloseTo(0.6086915987268225, 13);
    expect(line.intercept).toBeCloseTo(0.29884194887449533, 13);
    expect(line.residual).toBeCloseTo(0.2971115788075558, 13);
    expect(line.n).toBe(9);
    for (const [x, low, high] of [
      [-2, -1.3656808837726204, -0.47140161338567915],
      [0, 0.058276072853698596, 0.539407824895292],
      [1, 0.6496860556655919, 1.1653810395370439],
      [4, 2.0925912822683075, 3.3746254052952636],
    ] as const) {
      expect(bandAt(line, x).low).toBeCloseTo(low, 10);
      expect(bandAt(line, x).high).toBeCloseTo(high, 10);
    }
  });

  it('leaves out points that are not finite, and counts the others', () => {
    const more = regressionLine([...X, none, 1, infinite], [...Y, 1, none, 2]);
    expect(more).toEqual(line);
  });

  it('says what constant and few values give', () => {
    expect(regressionLine([0.1, 0.1, 0.1], [1, 2, 3])).toMatchObject({ slope: none, intercept: none, n: 3 });
    const flat = regressionLine([1, 2, 4, 7], [0.1, 0.1, 0.1, 0.1]);
    expect(flat).toMatchObject({ slope: 0, intercept: 0.1, residual: 0 });
    expect(bandAt(flat, 3)).toEqual({ low: 0.1, high: 0.1 });
    const two = regressionLine([0, 1], [1, 3]);
    expect(two).toMatchObject({ slope: 2, intercept: 1, residual: none, n: 2 });
    expect(bandAt(two, 0)).toEqual({ low: none, high: none });
    for (const few of [regressionLine([], []), regressionLine([1], [2])]) {
      expect(few.slope).toBeNaN();
      expect(bandAt(few, 0).low).toBeNaN();
    }
    expect(() => regressionLine([1], [])).toThrow(RangeError);
  });

  it('does not mind the order of points; residuals do not go with x', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(finite, finite), { minLength: 3, maxLength: 20 }), (points) => {
        const [x, y] = [points.map(([a]) => a), points.map(([, b]) => b)];
        fc.pre(deviation(x) > 1e-3);
        const { slope, intercept } = regressionLine(x, y);
        const back = regressionLine([...x].reverse(), [...y].reverse());
        expect(Math.abs(back.slope - slope)).toBeLessThan(1e-9 * (1 + Math.abs(slope)));
        const left = y.map((value, i) => value - intercept - slope * x[i]!);
        const scale = 1e-7 * (1 + Math.abs(slope) + Math.abs(intercept)) * 100 * points.length;
        expect(Math.abs(left.reduce((sum, value) => sum + value, 0))).toBeLessThan(scale);
        expect(Math.abs(left.reduce((sum, value, i) => sum + value * x[i]!, 0))).toBeLessThan(100 * scale);
      }),
    );
  });

  it('has a band that holds the truth in about 95 of 100 samples', () => {
    const random = new Random(4);
    let held = 0;
    for (let s = 0; s < 1000; s++) {
      const x = Array.from({ length: 8 }, () => random.uniform());
      const y = x.map((own) => 2 - own + random.normal());
      const { low, high } = bandAt(regressionLine(x, y), 0.9);
      if (low <= 1.1 && 1.1 <= high) held++;
    }
    // Standard deviation 7.
    expect(held).toBeGreaterThan(910);
    expect(held).toBeLessThan(985);
  });
});

describe('meanDifference', () => {
  it('agrees with numpy', () => {
    const found = meanDifference(X, Y);
    // (x - y).mean() and numpy.quantile.
    expect(found.mean).toBeCloseTo(-0.16666666666666666, 14);
    expect(found.low).toBeCloseTo(-0.954, 14);
    expect(found.high).toBeCloseTo(0.76, 14);
    expect(found.n).toBe(9);
    expect(found.differences).toBeClose(
      X.map((x, i) => x - Y[i]!),
      { rtol: 1e-14 },
    );
    expect(found.averages[1]).toBeCloseTo(-0.6, 14);
  });

  it('leaves out what is not finite; nothing has no mean', () => {
    expect(meanDifference([...X, none, 1], [...Y, 1, infinite])).toEqual(meanDifference(X, Y));
    expect(meanDifference([], [])).toMatchObject({ mean: none, low: none, high: none, n: 0 });
    expect(meanDifference([3, 4], [1, 2])).toMatchObject({ mean: 2, low: 2, high: 2, n: 2 });
    expect(() => meanDifference([1], [])).toThrow(RangeError);
  });

  it('changes sign with the order of both', () => {
    const lists = fc.array(fc.tuple(finite, finite), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(lists, (points) => {
        const [a, b] = [points.map(([one]) => one), points.map(([, two]) => two)];
        const [there, back] = [meanDifference(a, b), meanDifference(b, a)];
        expect(back.mean).toBeCloseTo(-there.mean, 10);
        expect(back.low).toBeCloseTo(-there.high, 10);
        expect(there.low).toBeLessThanOrEqual(there.high);
      }),
    );
  });
});

describe('outliers', () => {
  const values = [1.2, 0.9, 1.1, 1.0, 5.0, 0.8, 1.05, -3, 0.95];

  it('agrees with numpy', () => {
    const found = outliers(values);
    expect(found.median).toBe(1);
    expect(found.spread).toBeCloseTo(0.1482602218505602, 13);
    expect(found.low).toBeCloseTo(0.48108922352303873, 13);
    expect(found.high).toBeCloseTo(1.5189107764769614, 13);
    expect(found.places).toEqual([4, 7]);
    expect(found.n).toBe(9);
  });

  it('are none where more than half of the values are equal, and where there are none', () => {
    expect(outliers([0, 0, 0, 0, 9])).toMatchObject({ median: 0, spread: 0, low: none, places: [], n: 5 });
    expect(outliers([])).toMatchObject({ median: none, spread: none, places: [], n: 0 });
    expect(outliers([none, none])).toMatchObject({ places: [], n: 0 });
    expect(outliers([4])).toMatchObject({ median: 4, spread: 0, places: [], n: 1 });
  });

  it('do not count what is not finite', () => {
    expect(outliers([none, ...values, infinite])).toMatchObject({ places: [5, 8], n: 9 });
  });

  it('move and stretch with the values, and follow a permutation', () => {
    // Quarters: exact.
    const quarter = fc.integer({ min: -400, max: 400 }).map((k) => k / 4);
    fc.assert(
      fc.property(fc.array(quarter, { minLength: 1, maxLength: 30 }), (own) => {
        const { places } = outliers(own);
        expect(outliers(own.map((x) => 8 - 2 * x)).places).toEqual(places);
        const back = outliers([...own].reverse()).places.map((i) => own.length - 1 - i);
        expect(back.reverse()).toEqual(places);
      }),
    );
  });

  it('are 1 of 2,149 normal values', () => {
    const random = new Random(9);
    const many = Float64Array.from({ length: 200_000 }, () => random.normal());
    // 93 expected, with a standard deviation of 10.
    expect(Math.abs(outliers(many).places.length - 93)).toBeLessThan(50);
  });
});
