/**
 * Many tests at once: the adjusted p values of Benjamini and Hochberg (1995), which bound the share of false ones among
 * those that are called significant.
 *
 *   adjusted(p of rank k) = min over ranks j >= k of (m / j) p of rank j, at most 1
 */

/** Adjusted values in the order given. NaN stays NaN and is no test. */
export function benjaminiHochberg(ps: ArrayLike<number>): Float64Array {
  const known = Array.from(ps, (_, i) => i).filter((i) => !Number.isNaN(ps[i]!));
  const adjusted = new Float64Array(ps.length).fill(Number.NaN);
  known.sort((a, b) => ps[b]! - ps[a]!);
  let least = 1;
  known.forEach((i, fromLargest) => {
    // A factor of at least 1, rounded first: no adjusted value is below its own p.
    least = Math.min(least, ps[i]! * (known.length / (known.length - fromLargest)));
    adjusted[i] = least;
  });
  return adjusted;
}
