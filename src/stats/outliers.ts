/**
 * Values that stand far from the rest: outside median +- k 1.4826 MAD, where MAD is the median of |value - median|
 * (Iglewicz and Hoaglin 1993, How to detect and handle outliers).
 *
 * k = 3.5, as they recommend. 1.4826 MAD estimates the standard deviation of normal values, of which 1 in 2,149 lies
 * outside: of the 144 heads of a small model that is none, mostly. Median and MAD do not move with the outliers
 * themselves, as mean and standard deviation do. Effects have heavy tails: an outlier is a strong component, no error.
 */
import { quantile } from './quantile.ts';

const K = 3.5;
/** 1 / (the 0.75 quantile of the normal distribution). */
const TO_DEVIATION = 1.482602218505602;

export interface Outliers {
  readonly median: number;
  /** 1.4826 MAD, in the unit of the values. */
  readonly spread: number;
  /** Limits: NaN where the spread is 0, as where more than half of the values are equal. Then nothing is an outlier. */
  readonly low: number;
  readonly high: number;
  /** Places of the outliers, in order. */
  readonly places: readonly number[];
  /** Finite values: the others are left out, and are no outliers. */
  readonly n: number;
}

export function outliers(values: ArrayLike<number>): Outliers {
  const finite = Float64Array.from(values).filter(Number.isFinite);
  const n = finite.length;
  const median = quantile(finite, 0.5);
  const spread =
    TO_DEVIATION *
    quantile(
      finite.map((value) => Math.abs(value - median)),
      0.5,
    );
  const half = spread > 0 ? K * spread : Number.NaN;
  const [low, high] = [median - half, median + half];
  const places = Array.from(values, (_, i) => i).filter(
    (i) => Number.isFinite(values[i]) && (values[i]! < low || values[i]! > high),
  );
  return { median, spread, low, high, places, n };
}
