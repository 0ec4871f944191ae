/**
 * Numpy's broadcasting over dims that may be names.
 */
import type { Dim, Dims } from '../graph/graph.ts';

function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  throw new RangeError(`dims ${a} and ${b} do not broadcast`);
}

/** The dims of an elementwise result. Throws RangeError where operands do not fit. */
export function broadcast(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    broadcastDim(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  );
}

/** Whether two dims are the same, names included. */
export function sameDims(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}
