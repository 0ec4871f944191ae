/**
 * Two measurements of the same things in the same unit (Bland and Altman 1999, Measuring agreement in method comparison
 * studies, section 6.1 for limits without a normal distribution): how far apart they are, and how far they scatter.
 *
 *   difference = a - b,  drawn against  average = (a + b) / 2
 *   limits: the 2.5% and 97.5% quantiles of the differences; 95% of them lie between
 */
import { finitePairs } from './finite.ts';
import { mean } from './moments.ts';
import { quantile } from './quantile.ts';

export interface MeanDifference {
  /** Of a - b, in their unit. NaN for no pairs. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Pairs with two finite values: the others are left out. */
  readonly n: number;
  /** The points of the figure: [n] each. */
  readonly averages: Float64Array;
  readonly differences: Float64Array;
}

/** Throws RangeError where the lengths differ. Under 40 pairs the limits lie within the outermost two differences. */
export function meanDifference(first: ArrayLike<number>, second: ArrayLike<number>): MeanDifference {
  const { a, b, n } = finitePairs(first, second);
  const differences = a.map((value, i) => value - b[i]!);
  const averages = a.map((value, i) => (value + b[i]!) / 2);
  const [low, high] = [quantile(differences, 0.025), quantile(differences, 0.975)];
  return { mean: mean(differences), low, high, n, averages, differences };
}
