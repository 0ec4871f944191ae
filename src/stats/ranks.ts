/**
 * Ranks of values, 1 for the smallest; equal values share the mean of their places, as in `scipy.stats.rankdata`.
 */

/** The rank of every value, in their order. All NaN if any value is NaN. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const result = new Float64Array(n);
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(values[i]!)) return result.fill(Number.NaN);
    order[i] = i;
  }
  order.sort((a, b) => values[a]! - values[b]! || a - b);
  for (let start = 0, end: number; start < n; start = end) {
    const value = values[order[start]!]!;
    for (end = start + 1; end < n && values[order[end]!]! === value; ) end++;
    // Places start + 1 to end.
    for (let place = start; place < end; place++) result[order[place]!] = (start + 1 + end) / 2;
  }
  return result;
}
