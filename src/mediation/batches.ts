/**
 * Sources in batches: what one program patches at once.
 */

/** Rows of a batch: 32 and 128 are slower (docs/performance.md). */
const BATCH = 64;

/** 0 to count - 1 in batches. */
export function* batchesOf(count: number): Generator<number[]> {
  for (let from = 0; from < count; from += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
  }
}

/** A batch of one source as two of the same: bits then do not depend on the batch (see `atLeastTwo`). */
export function twiceIfAlone(indices: readonly number[]): readonly number[] {
  return indices.length === 1 ? [indices[0]!, indices[0]!] : indices;
}
