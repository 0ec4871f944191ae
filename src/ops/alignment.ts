/**
 * Widths of rows that are summed. ONNX Runtime sums a row in steps of a vector register, from wherever the row begins in
 * memory: unless rows are a multiple of the widest register, a sum is rounded by its row's place in the batch.
 */

/** Values in one of the widest registers. */
const ALIGNED = 16;

/** The next width at which the sum of a row does not depend on its place in the batch; columns beyond hold 0. */
export function alignedWidth(width: number): number {
  return Math.ceil(width / ALIGNED) * ALIGNED;
}
