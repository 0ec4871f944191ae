/**
 * The least squares line y = intercept + slope x, and the band in which the mean of y lies (Draper and Smith 1998,
 * Applied regression analysis, section 1.4):
 *
 *   slope = sum (x - mean x)(y - mean y) / sum (x - mean x)^2,      s^2 = sum of squared residuals / (n - 2)
 *   band at x0 = intercept + slope x0 +- t s sqrt(1 / n + (x0 - mean x)^2 / sum (x - mean x)^2)
 *
 * t: the 0.975 quantile of Student's t with n - 2 degrees of freedom. The band takes points as independent: draw it where
 * they are (pairs or clusters), not over components of one model.
 */
import { LEVEL } from './bootstrap.ts';
import { finitePairs } from './finite.ts';
import { isConstant, mean } from './moments.ts';
import { studentQuantile } from './student.ts';

export interface Line {
  /** NaN where x is constant, and for fewer than two points. */
  readonly slope: number;
  readonly intercept: number;
  /** s, the standard deviation of residuals, in the unit of y: NaN for fewer than three points. */
  readonly residual: number;
  /** Points with two finite values: the others are left out. */
  readonly n: number;
  readonly meanX: number;
  /** Sum of (x - mean x)^2. */
  readonly squaresX: number;
}

/** Throws RangeError where the lengths differ. */
export function regressionLine(xs: ArrayLike<number>, ys: ArrayLike<number>): Line {
  const { a: x, b: y, n } = finitePairs(xs, ys);
  const [meanX, meanY] = [mean(x), mean(y)];
  // Rounding of the means would give constant values a slope.
  const [flatX, flatY] = [isConstant(x), isConstant(y)];
  let [squaresX, products] = [0, 0];
  for (let i = 0; i < n; i++) {
    const own = flatX ? 0 : x[i]! - meanX;
    squaresX += own * own;
    products += flatY ? 0 : own * (y[i]! - meanY);
  }
  const slope = flatX ? Number.NaN : products / squaresX;
  const intercept = flatY && !flatX ? y[0]! : meanY - slope * meanX;
  const left = y.reduce((sum, value, i) => sum + (value - intercept - slope * x[i]!) ** 2, 0);
  const residual = n > 2 ? Math.sqrt(left / (n - 2)) : Number.NaN;
  return { slope, intercept, residual, n, meanX, squaresX };
}

export interface Band {
  readonly low: number;
  readonly high: number;
}

/** The 95% band for the mean of y at one x: NaN for fewer than three points, without width where all lie on the line. */
export function bandAt(line: Line, x: number): Band {
  const { slope, intercept, residual, n, meanX, squaresX } = line;
  const t = studentQuantile((1 + LEVEL) / 2, n - 2);
  const half = t * residual * Math.sqrt(1 / n + (x - meanX) ** 2 / squaresX);
  const centre = intercept + slope * x;
  return { low: centre - half, high: centre + half };
}
