/**
 * The slope of the straight line through the origin that fits y best by least squares: sum of x y / sum of x².
 * 1: on the whole, x has the size of y; 2: y is twice as large. Where x is an estimate of y it is its calibration.
 * Large values decide it. NaN where all x are 0, and where a value is NaN.
 */
export function slopeThroughOrigin(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (x.length !== y.length)
    throw new RangeError(`expected lists of one length, got ${x.length} and ${y.length}`);
  let [products, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    products += x[i]! * y[i]!;
    squares += x[i]! * x[i]!;
  }
  return products / squares;
}
