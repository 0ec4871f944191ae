/**
 * How close two arrays must be: one matcher, and one table of tolerances with a reason each.
 */
import { expect } from 'vitest';

export interface Tolerance {
  /** Allowed difference as a share of the largest finite |expected| of the array. */
  readonly rtol?: number;
  /** Allowed difference besides, in the array's own unit. */
  readonly atol?: number;
}

/** Every tolerance of the engine's tests. The largest value of an array is its scale: never a sum of errors. */
export const TOLERANCES: Readonly<
  Record<
    | 'rounding'
    | 'reference'
    | 'gain'
    | 'block'
    | 'finiteDifference'
    | 'exactDifference'
    | 'float64'
    | 'planted',
    Tolerance
  >
> = {
  /** Two sums of the same float32 numbers in another order. */
  rounding: { rtol: 2e-6 },
  /** float32 against a float64 reference over some layers: the contract's bound for values, scores and effects. */
  reference: { rtol: 1e-4 },
  /** Gains divide one rounded number by another: the contract allows them ten times as much. */
  gain: { rtol: 1e-3 },
  /** A (source layer, target layer) block against its own largest value: small blocks carry the rounding of large ones. */
  block: { rtol: 1e-3 },
  /** Central differences of float32 results with steps of 1e-2: h^2 of truncation, 1e-7 / h of rounding. */
  finiteDifference: { rtol: 2e-3, atol: 1e-4 },
  /** Central differences in float64: truncation alone. */
  exactDifference: { rtol: 1e-6, atol: 1e-8 },
  /** Graphs evaluated twice in float64. */
  float64: { rtol: 1e-12, atol: 1e-13 },
  /** The planted circuits hold to 1e-4 of F's unit: their attention is not quite hard, their LayerNorm not quite linear. */
  planted: { atol: 5e-4 },
};

type Numbers = ArrayLike<number> | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

interface CloseMatchers<R = unknown> {
  /** Every element within rtol x (largest finite |expected|) + atol; NaN and infinities at the same places; same shape. */
  toBeClose: (expected: Numbers, tolerance: Tolerance) => R;
}

declare module 'vitest' {
  // The type parameter must read as vitest declares it.
  // oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-explicit-any
  interface Matchers<T = any> extends CloseMatchers<T> {}
}

function isTensor(value: Numbers): value is Extract<Numbers, { shape: readonly number[] }> {
  return 'shape' in value;
}

/** Where two arrays disagree most, in words; undefined where they are close. */
export function farApart(received: Numbers, expected: Numbers, tolerance: Tolerance): string | undefined {
  if (isTensor(received) && isTensor(expected) && received.shape.join() !== expected.shape.join()) {
    return `shape [${received.shape.join(', ')}], expected [${expected.shape.join(', ')}]`;
  }
  const [got, want] = [received, expected].map((side) => (isTensor(side) ? side.data : side)) as [
    ArrayLike<number>,
    ArrayLike<number>,
  ];
  if (got.length !== want.length) return `${got.length} values, expected ${want.length}`;
  let scale = 0;
  for (let i = 0; i < want.length; i++) {
    if (Number.isFinite(want[i])) scale = Math.max(scale, Math.abs(want[i]!));
  }
  const allowed = (tolerance.rtol ?? 0) * scale + (tolerance.atol ?? 0);
  let worst = { at: -1, by: allowed };
  for (let i = 0; i < want.length; i++) {
    if (Object.is(got[i], want[i]) || got[i] === want[i]) continue;
    const by = Math.abs(got[i]! - want[i]!);
    // Not a number: one side alone is NaN or infinite.
    if (!(by <= worst.by)) worst = { at: i, by: Number.isFinite(by) ? by : Number.POSITIVE_INFINITY };
  }
  if (worst.at < 0) return undefined;
  return `element ${worst.at} is ${got[worst.at]}, expected ${want[worst.at]}: off by ${worst.by.toPrecision(3)}, allowed ${allowed.toPrecision(3)} (largest value ${scale.toPrecision(3)})`;
}

expect.extend({
  toBeClose(received: Numbers, expected: Numbers, tolerance: Tolerance) {
    const problem = farApart(received, expected, tolerance);
    return { pass: problem === undefined, message: () => problem ?? 'expected the arrays to differ' };
  },
});
