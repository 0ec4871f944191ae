/**
 * The sign-flip test (Fisher's randomisation test of paired differences): if labelled and control components were
 * exchangeable, each cluster's difference could as well have had the other sign.
 *
 *   p = share of sign patterns whose |mean| is at least the observed one
 *
 * All 2^n patterns where there are at most `draws`, else so many drawn ones, the observed one counted with them.
 */
import { LEAST_CLUSTERS } from './clusters.ts';
import { seededRandom } from './random.ts';

export interface SignFlip {
  /** Two-sided; NaN under 8 values, where all are 0, and where one is not finite. */
  readonly p: number;
  readonly n: number;
  /** The smallest p that so many values can reach: 2 / 2^n, or 1 / (draws + 1). NaN for none. */
  readonly smallest: number;
  /** Whether all patterns were counted. */
  readonly exact: boolean;
}

/** Means that differ by rounding alone are the same. */
const SLACK = 1e-12;

export function signFlip(
  values: Float64Array,
  { draws = 10_000, seed }: { readonly draws?: number; readonly seed: number },
): SignFlip {
  const n = values.length;
  const exact = 2 ** n <= draws;
  const smallest = n === 0 ? Number.NaN : exact ? 2 / 2 ** n : 1 / (draws + 1);
  const observed = Math.abs(values.reduce((sum, value) => sum + value, 0));
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
  if (n < LEAST_CLUSTERS || !(size > 0 && Number.isFinite(size)))
    return { p: Number.NaN, n, smallest, exact };
  const reaches = (sum: number): boolean => Math.abs(sum) >= observed - SLACK * size;
  if (exact) {
    let count = 0;
    for (let pattern = 0; pattern < 2 ** n; pattern++) {
      if (reaches(values.reduce((sum, value, i) => sum + ((pattern >> i) & 1 ? -value : value), 0))) count++;
    }
    return { p: count / 2 ** n, n, smallest, exact };
  }
  const random = seededRandom(seed);
  let count = 1;
  for (let draw = 0; draw < draws; draw++) {
    if (reaches(values.reduce((sum, value) => sum + (random.below(2) ? value : -value), 0))) count++;
  }
  return { p: count / (draws + 1), n, smallest, exact };
}
