/**
 * What the benchmarks share.
 */

/** Threads of every engine that is compared, ours and others'. */
export const THREADS = Number(process.env.MEDIATORS_BENCH_THREADS ?? 2);

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The seconds that a call takes.
 * @param {() => Promise<unknown>} call
 */
export async function seconds(call) {
  const start = performance.now();
  await call();
  return (performance.now() - start) / 1000;
}

/**
 * A target and whether it was met.
 * @param {boolean} met
 * @param {string} target
 */
export function verdict(met, target) {
  return `target ${target}: ${met ? 'met' : 'NOT met'}`;
}

/**
 * The largest difference of two lists, as a share of the largest expected value.
 * @param {ArrayLike<number>} found
 * @param {ArrayLike<number>} expected
 */
export function distance(found, expected) {
  if (found.length !== expected.length)
    throw new Error(`${found.length} values to compare with ${expected.length}`);
  let largest = 0;
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    most = Math.max(most, Math.abs(found[i] - expected[i]));
  }
  return largest === 0 ? most : most / largest;
}
