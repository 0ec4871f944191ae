/**
 * Student's t distribution for a whole number of degrees of freedom: the finite series of Abramowitz and Stegun (1964),
 * 26.7.3 and 26.7.4, in theta = atan(t / sqrt(f)):
 *
 *   P(|T| <= t) = sin theta (1 + 1/2 cos^2 + 1 3 / (2 4) cos^4 + ... up to cos^(f - 2))                       f even
 *               = 2/pi (theta + sin theta (cos + 2/3 cos^3 + ... up to cos^(f - 2)))                          f odd
 */

/** P(T <= t). NaN for fewer than one degree of freedom or NaN. */
export function studentCdf(t: number, freedom: number): number {
  if (Number.isNaN(t) || !(freedom >= 1)) return Number.NaN;
  const theta = Math.atan(Math.abs(t) / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * cosine * cosine;
  }
  const inside = odd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
  return t > 0 ? (1 + inside) / 2 : (1 - inside) / 2;
}

/** The t with P(T <= t) = p, for p from 0.5 to below 1: bisection on `studentCdf`. NaN otherwise. */
export function studentQuantile(p: number, freedom: number): number {
  if (!(p >= 0.5 && p < 1 && freedom >= 1)) return Number.NaN;
  let [low, high] = [0, 1];
  while (studentCdf(high, freedom) < p) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
