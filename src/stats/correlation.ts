/**
 * How closely two lists of values go together.
 *
 * Pearson: the covariance over both standard deviations, 1 on any rising straight line.
 * Spearman: Pearson's of the ranks, 1 where both have the same order. Equal values share a rank (`ranks.ts`).
 * Both are NaN where a value is NaN, where one list is constant, and for fewer than two values; Pearson's for infinite
 * values too.
 */
import { isConstant, mean } from './moments.ts';
import { ranks } from './ranks.ts';

/** Pearson's correlation, in float64. Throws RangeError where the lengths differ. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = checkedLength(a, b);
  // Rounding would give a constant list some variance.
  if (n < 2 || isConstant(a) || isConstant(b)) return Number.NaN;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const r = products / (Math.sqrt(squaresA) * Math.sqrt(squaresB));
  return Math.max(-1, Math.min(1, r));
}

/** Spearman's rank correlation. Throws RangeError where the lengths differ. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkedLength(a, b);
  return pearson(ranks(a), ranks(b));
}

function checkedLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new RangeError(`expected lists of one length, got ${a.length} and ${b.length}`);
  return a.length;
}
