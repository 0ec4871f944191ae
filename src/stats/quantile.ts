/**
 * The quantile of numpy: `numpy.quantile(values, q)` with its default, linear interpolation, to the last bit.
 */

/**
 * The q-quantile of the values, computed in float64.
 *
 * With n values in ascending order x[0..n-1] and p = (n - 1) q, it lies between x[floor p] and its successor, at the
 * fraction p - floor p. As numpy does, the interpolation starts from the nearer end, so that results are equal bit by bit.
 * NaN if any value is NaN or if there are none. Throws RangeError where q is not in [0, 1].
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`expected a quantile from 0 to 1, got ${q}`);
  return sortedQuantile(Float64Array.from(values).sort(), q);
}

/** The same of values in ascending order, NaN last as a typed array sorts them; `q` from 0 to 1 is not checked. */
export function sortedQuantile(sorted: Float64Array, q: number): number {
  const n = sorted.length;
  if (n === 0 || Number.isNaN(sorted[n - 1])) return Number.NaN;
  const position = (n - 1) * q;
  const index = Math.floor(position);
  const below = sorted[index]!;
  const above = sorted[Math.min(index + 1, n - 1)]!;
  const fraction = position - index;
  const gap = above - below;
  return fraction < 0.5 ? below + gap * fraction : above - gap * (1 - fraction);
}
