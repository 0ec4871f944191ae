/**
 * Limits of colour scales: wide enough for nearly all cells, so that one strong cell does not wash out the rest.
 */
import { max, quantile } from 'd3-array';

export type ScaleKind = 'diverging' | 'sequential';

export interface ScaleLimit {
  /** The scale ends at this size, in either sign for a diverging one. */
  limit: number;
  /** How many values lie beyond it. */
  clipped: number;
  /** The largest size of all. */
  largest: number;
}

/** Values beyond this multiple of the quantile are clipped. */
const TOLERANCE = 3;

/**
 * The common limit of several arrays: their largest size, or, where that is far out, the `share` quantile of
 * the sizes that are not 0, rounded up to two digits.
 */
export function commonLimit(arrays: readonly ArrayLike<number>[], share = 0.99): ScaleLimit {
  const sizes: number[] = [];
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i]!);
      if (size > 0 && Number.isFinite(size)) sizes.push(size);
    }
  }
  const largest = max(sizes) ?? 0;
  if (largest === 0) return { limit: 1, clipped: 0, largest };
  const usual = quantile(sizes, share) ?? largest;
  const limit = roundUp(largest <= TOLERANCE * usual ? largest : usual);
  return { limit, clipped: sizes.filter((size) => size > limit).length, largest };
}

/** The next number of two significant digits. */
export function roundUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}
