/**
 * Limits of colour scales: wide enough for nearly all cells, so that one strong cell does not wash out the rest.
 */
export type ScaleKind = 'diverging' | 'sequential';

export interface ScaleLimit {
  /** The scale ends at this size, in either sign for a diverging one. */
  limit: number;
  /** How many values lie beyond it. */
  clipped: number;
  /** The largest size of all. */
  largest: number;
}

/** A largest size up to this multiple of the usual one is not far out. */
const TOLERANCE = 3;
/** So many cells at least may be clipped. */
const FEW = 2;

/**
 * The common limit of several arrays: their largest size; or, where a few sizes are far out, the largest of the
 * others, rounded up to two digits. A few: the `share` of those that are not 0, two at least.
 */
export function commonLimit(arrays: readonly ArrayLike<number>[], share = 0.02): ScaleLimit {
  const sizes: number[] = [];
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i]!);
      if (size > 0 && Number.isFinite(size)) sizes.push(size);
    }
  }
  const sorted = Float64Array.from(sizes).sort().reverse();
  const largest = sorted[0] ?? 0;
  if (largest === 0) return { limit: 1, clipped: 0, largest };
  const usual = sorted[Math.max(FEW, Math.ceil(share * sorted.length))] ?? largest;
  const limit = roundUp(largest <= TOLERANCE * usual ? largest : usual);
  return { limit, clipped: sizes.filter((size) => size > limit).length, largest };
}

/** The next number of two significant digits. */
export function roundUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}
