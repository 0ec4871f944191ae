/**
 * One forward pass in GPT-2 small's shape, 19 tokens, with every hook point cached (per-head results and MLP inputs
 * among them), against TransformerLens's `run_with_cache` with the same hook points and weights. The two take turns.
 */
import { loadModel } from '../dist/index.js';
import { PAIR } from './gpt2-shape.mjs';
import { distance, median, seconds, THREADS, verdict } from './measure.mjs';
import { startReference } from './reference.mjs';

const ROUNDS = 15;
export const FORWARD_TARGET = 5;

/** @param {string} folder */
export async function forward(folder) {
  const model = await loadModel(folder, { threads: THREADS });
  const reference = await startReference(folder, PAIR);
  try {
    const { own, other, ours, theirs } = await forwardTurns(model, reference, ROUNDS);
    const title = `forward with cache, GPT-2 small's shape, 19 tokens, ${ours.cache.size} hook points`;
    const mine = `${title}: ${milliseconds(own)} (median of ${ROUNDS})`;
    if (!theirs) return [mine, `  TransformerLens not run: ${reference.reason}`];
    const ratio = median(other) / median(own);
    return [
      mine,
      `  TransformerLens 2.15 run_with_cache, ${theirs.hooks} hook points: ${milliseconds(other)}`,
      `  ${ratio.toFixed(1)} times as fast; ${verdict(ratio >= FORWARD_TARGET, `at least ${FORWARD_TARGET} times`)}`,
      `  largest difference of last logits ${logitDistance(ours, theirs).toExponential(1)} of the largest`,
    ];
  } finally {
    reference.stop?.();
    await model.dispose();
  }
}

/** Seconds of both sides in turns, after one pass each that does not count, and what they gave. */
export async function forwardTurns(model, reference, rounds) {
  const run = () => model.runWithCache(PAIR.clean);
  const ask = () => reference.ask?.({ do: 'forward' });
  const ours = await run();
  const theirs = await ask();
  const [own, other] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(await seconds(run));
    if (theirs) other.push((await ask()).seconds);
  }
  return { own, other, ours, theirs };
}

/** The largest difference of the last token's logits, as a share of the largest. */
export function logitDistance(ours, theirs) {
  return distance(ours.logits.data.subarray(-theirs.logits.length), theirs.logits);
}

/** @param {readonly number[]} times */
function milliseconds(times) {
  return `${(1000 * median(times)).toFixed(0)} ms (fastest ${(1000 * Math.min(...times)).toFixed(0)})`;
}
