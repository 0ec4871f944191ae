/**
 * Effects of neurons without a study around them: any layer, one batch at a time.
 */
import { logitDifference } from '../dist/index.js';
import { BATCH, extentOf } from './flop.mjs';
import {
  patchSources,
  preparePatching,
  releasePatching,
  runBoth,
  SuffixChain,
  summariesOf,
  unitContext,
} from './internals.mjs';
import { median, seconds } from './measure.mjs';

/** Batches of one measurement. */
const AHEAD = 4;

/**
 * Both runs of the pair and one direction of patching made ready, with the study's default measures.
 * Calls of the model's own release its sessions: one sampler at a time.
 */
export async function neuronSampler({ loaded }, pair) {
  const metric = logitDifference(pair.answer, pair.wrong);
  const chain = await SuffixChain.create(loaded, metric, [pair.clean, pair.corrupted], extentOf(pair).first);
  const [base, other] = await runBoth(chain);
  await chain.release();
  const source = { model: loaded, metric, base, other };
  const patching = await preparePatching(chain, source, ['direct', 'through'], []);
  const context = unitContext(patching, ['heads', 'neurons']);
  const begin = (layer, chunk) => {
    const indices = Array.from({ length: BATCH }, (_, i) => chunk * BATCH + i);
    return {
      sources: { kind: 'neurons', layer, indices },
      seen: patchSources(patching, 'neurons', layer, indices),
    };
  };
  const finish = async ({ sources, seen }) => summariesOf(context, await seen, sources);
  return {
    /**
     * Seconds of a neuron: AHEAD batches with all their effects and summaries, as the study runs them: the engine has
     * the next before it while one is reduced. A batch before them opens the layer.
     */
    async secondsOfNeuron(layer, round) {
      await finish(begin(layer, 0));
      const time = await seconds(async () => {
        let running = begin(layer, round * AHEAD);
        for (let i = 1; i < AHEAD; i++) {
          const next = begin(layer, round * AHEAD + i);
          await finish(running);
          running = next;
        }
        await finish(running);
      });
      return time / (AHEAD * BATCH);
    },
    async release() {
      await releasePatching(patching);
      await chain.release();
    },
  };
}

/** About `count` layers from the first to the last, evenly spaced. */
export function sampledLayers(nLayers, count) {
  const last = nLayers - 1;
  const steps = Math.max(1, count - 1);
  return [...new Set(Array.from({ length: steps + 1 }, (_, i) => Math.round((i * last) / steps)))];
}

/**
 * The sum over all layers of medians measured at some, linear between them, as the work is.
 * @param {ReadonlyMap<number, readonly number[]>} samples layer -> measurements; first and last layer among them
 */
export function overLayers(samples, nLayers) {
  const sampled = [...samples.keys()].sort((a, b) => a - b);
  let total = 0;
  for (let layer = 0; layer < nLayers; layer++) {
    const before = sampled.findLast((each) => each <= layer);
    const after = sampled.find((each) => each >= layer);
    const [low, high] = [median(samples.get(before)), median(samples.get(after))];
    total += before === after ? low : low + ((high - low) * (layer - before)) / (after - before);
  }
  return total;
}
