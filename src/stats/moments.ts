/**
 * Mean and standard deviation, in float64.
 */

/** NaN for no values, and where one is NaN. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Root of the sum of squares about the mean over n - 1: exactly 0 for equal values, NaN for fewer than two. */
export function deviation(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) return Number.NaN;
  // Rounding would give a constant list some spread.
  if (isConstant(values)) return 0;
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - centre) ** 2;
  return Math.sqrt(squares / (n - 1));
}

/** Whether all are equal. NaN equals nothing. */
export function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}
