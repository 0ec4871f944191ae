import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gaussLegendre } from '../../src/attribution/quadrature.ts';

const integral = (n: number, f: (x: number) => number): number => {
  const { points, weights } = gaussLegendre(n);
  return points.reduce((sum, x, i) => sum + weights[i]! * f(x), 0);
};

test('n points integrate x^k over [0, 1] exactly up to k = 2n - 1, and no further', () => {
  for (let n = 1; n <= 12; n++) {
    for (let k = 0; k <= 2 * n - 1; k++) expect(integral(n, (x) => x ** k)).toBeCloseTo(1 / (k + 1), 13);
    if (n < 6) expect(Math.abs(integral(n, (x) => x ** (2 * n)) - 1 / (2 * n + 1))).toBeGreaterThan(1e-8);
  }
});

test('points ascend within (0, 1), mirrored, with positive weights that sum to 1, up to the largest number used', () => {
  for (const n of [1, 2, 3, 50, 300, 1600]) {
    const { points, weights } = gaussLegendre(n);
    expect(points.length).toBe(n);
    expect(points.every((x, i) => x > (points[i - 1] ?? 0) && x < 1)).toBe(true);
    expect(weights.every((w) => w > 0)).toBe(true);
    expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
    points.forEach((x, i) => expect(x + points[n - 1 - i]!).toBeCloseTo(1, 14));
  }
});

test('smooth functions converge beyond float32', () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (rate) => {
      const exact = Math.abs(rate) < 1e-6 ? 1 + rate / 2 : Math.expm1(rate) / rate;
      expect(integral(50, (x) => Math.exp(rate * x))).toBeCloseTo(exact, 11);
    }),
  );
});
