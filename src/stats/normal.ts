/**
 * The standard normal distribution.
 */

/** P(Z <= z), to 1e-15 or so: by its series near 0, by the continued fraction in the tails (Abramowitz and Stegun 26.2.10, 26.2.14). */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const x = Math.abs(z);
  const upper = x < 3 ? 0.5 - series(x) : tail(x);
  return z > 0 ? 1 - upper : upper;
}

function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** P(0 <= Z <= x) */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return density(x) * sum;
}

/** P(Z > x) for x of 3 or more. */
function tail(x: number): number {
  let fraction = 0;
  for (let k = 100; k > 0; k--) fraction = k / (x + fraction);
  return density(x) / (x + fraction);
}

/** The z with P(Z <= z) = p: bisection on `normalCdf`. Infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1))
    return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  let [low, high] = [-40, 40];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
