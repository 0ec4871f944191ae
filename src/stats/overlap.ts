/**
 * How much two sets of components share: the Jaccard overlap, |A and B| / |A or B|, and what two random sets of the same
 * sizes would share.
 */

export interface Overlap {
  /** 1 where both sets are empty. */
  readonly jaccard: number;
  /** The mean over all sets of these sizes: the intersection is hypergeometric. */
  readonly expected: number;
  /** Members of both, of the first and of the second. */
  readonly shared: number;
  readonly sizes: readonly [number, number];
  /** Components that could be members. */
  readonly n: number;
}

/** Membership of two sets, place by place. Throws RangeError for unequal lengths. */
export function jaccard(a: readonly boolean[], b: readonly boolean[]): Overlap {
  if (a.length !== b.length)
    throw new RangeError(`expected sets of one universe, got ${a.length} and ${b.length} places`);
  const count = (test: (i: number) => boolean): number => a.reduce((sum, _, i) => sum + (test(i) ? 1 : 0), 0);
  const sizes = [count((i) => a[i]!), count((i) => b[i]!)] as const;
  const shared = count((i) => a[i]! && b[i]!);
  const n = a.length;
  return { jaccard: ratio(shared, sizes), expected: expectedOverlap(sizes, n), shared, sizes, n };
}

function ratio(shared: number, [a, b]: readonly [number, number]): number {
  return a + b === 0 ? 1 : shared / (a + b - shared);
}

/** The mean Jaccard overlap of two random sets of these sizes out of n. */
export function expectedOverlap(sizes: readonly [number, number], n: number): number {
  const [a, b] = sizes;
  const least = Math.max(0, a + b - n);
  // P(shared = k) = C(a, k) C(n - a, b - k) / C(n, b), from logarithms of the first one on.
  let logP = logChoose(a, least) + logChoose(n - a, b - least) - logChoose(n, b);
  let mean = 0;
  for (let k = least; k <= Math.min(a, b); k++) {
    mean += Math.exp(logP) * ratio(k, sizes);
    logP += Math.log((a - k) * (b - k)) - Math.log((k + 1) * (n - a - b + k + 1));
  }
  return mean;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}
