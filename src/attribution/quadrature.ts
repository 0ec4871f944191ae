/**
 * Gauss-Legendre quadrature on [0, 1]: n points integrate polynomials up to degree 2n - 1 exactly.
 * Nodes are the roots of the Legendre polynomial P_n, found by Newton's method from Tricomi's guess
 * (Press et al., Numerical Recipes, 4.6).
 */

export interface Quadrature {
  /** Points in (0, 1), ascending. */
  readonly points: Float64Array;
  /** Weights, which sum to 1. */
  readonly weights: Float64Array;
}

const NEWTON_STEPS = 100;
const PRECISION = 1e-15;

export function gaussLegendre(n: number): Quadrature {
  const points = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < Math.ceil(n / 2); i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let [value, slope] = legendre(n, x);
    for (let step = 0; step < NEWTON_STEPS && Math.abs(value / slope) > PRECISION; step++) {
      x -= value / slope;
      [value, slope] = legendre(n, x);
    }
    const weight = 1 / ((1 - x * x) * slope * slope);
    points[i] = (1 - x) / 2;
    points[n - 1 - i] = (1 + x) / 2;
    weights[i] = weight;
    weights[n - 1 - i] = weight;
  }
  return { points, weights };
}

/** P_n and its derivative at x, |x| < 1, by the three-term recurrence. */
function legendre(n: number, x: number): [value: number, slope: number] {
  let before = 1;
  let value = x;
  for (let k = 2; k <= n; k++) {
    [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  }
  if (n === 0) return [1, 0];
  return [value, (n * (x * value - before)) / (x * x - 1)];
}
