/**
 * What is left of values where some are NaN or infinite, for summaries that leave those out and say how many are left.
 */

export interface FinitePairs {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly n: number;
}

/** The places at which both lists are finite, in order. Throws RangeError where the lengths differ. */
export function finitePairs(a: ArrayLike<number>, b: ArrayLike<number>): FinitePairs {
  if (a.length !== b.length)
    throw new RangeError(`expected lists of one length, got ${a.length} and ${b.length}`);
  const places = Array.from(a, (_, i) => i).filter((i) => Number.isFinite(a[i]) && Number.isFinite(b[i]));
  const pick = (of: ArrayLike<number>) => Float64Array.from(places, (i) => of[i]!);
  return { a: pick(a), b: pick(b), n: places.length };
}
