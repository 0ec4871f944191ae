/**
 * Effects of neurons on everything behind them, in GPT-2 small's shape: 19 tokens, the two prompts differ from position
 * 10, batches of 64, the study's default measures and summaries. A few layers are sampled; between them the time of a
 * neuron is taken to be linear, as its work is.
 */
import { patchSources, preparePatching } from '../dist/effects/patching.js';
import { summariesOf, unitContext } from '../dist/effects/unit.js';
import { loadModel, logitDifference } from '../dist/index.js';
import { runBoth } from '../dist/patch/pair-runs.js';
import { SuffixChain } from '../dist/patch/suffix.js';
import { gemmRates } from './gemm.mjs';
import { PAIR } from './gpt2-shape.mjs';
import { median, seconds, THREADS } from './measure.mjs';

const LAYERS = [0, 4, 8, 11];
const BATCH = 64;
const ROUNDS = 3;
const FIRST = PAIR.clean.findIndex((id, position) => id !== PAIR.corrupted[position]);

/** @param {string} folder */
export async function neurons(folder) {
  const model = await loadModel(folder, { threads: THREADS });
  const { dModel, dMlp, nLayers } = model.config;
  const rows = BATCH * (PAIR.clean.length - FIRST);
  const gemm = await gemmRates([
    [rows, dModel, dModel],
    [rows, dModel, dMlp],
    [rows, dMlp, dModel],
  ]);
  try {
    const context = await prepare(model);
    const times = new Map(LAYERS.map((layer) => [layer, []]));
    await runUnit(context, 0, 0);
    for (let round = 0; round < ROUNDS; round++) {
      await gemm.sample();
      for (const layer of LAYERS) times.get(layer).push(await seconds(() => runUnit(context, layer, round)));
    }
    await gemm.sample();
    const perNeuron = (layer) => interpolated(times, layer) / BATCH;
    const layers = Array.from({ length: nLayers }, (_, layer) => layer);
    const total = layers.reduce((sum, layer) => sum + dMlp * perNeuron(layer), 0);
    const flop = layers.reduce((sum, layer) => sum + dMlp * flopOf(model.config, layer), 0);
    return lines(nLayers * dMlp, total, flop, gemm.rates(), times);
  } finally {
    await gemm.dispose();
    await model.dispose();
  }
}

/** Both runs of the pair, and one direction of patching made ready. */
async function prepare({ loaded }) {
  const metric = logitDifference(PAIR.answer, PAIR.wrong);
  const chain = await SuffixChain.create(loaded, metric, [PAIR.clean, PAIR.corrupted], FIRST);
  const [base, other] = await runBoth(chain);
  await chain.release();
  const source = { model: loaded, metric, base, other };
  const patching = await preparePatching(chain, source, chain.starts[0], ['direct', 'through'], ['through']);
  return unitContext(patching, ['heads', 'neurons']);
}

/** One batch of neurons: all their effects, and the summaries that a study keeps. */
async function runUnit(context, layer, chunk) {
  const indices = Array.from({ length: BATCH }, (_, i) => chunk * BATCH + i);
  const seen = await patchSources(context.patching, 'neurons', layer, indices);
  return summariesOf(context, seen, { kind: 'neurons', layer, indices });
}

/** The median time of a batch at a layer, linear between the sampled ones. */
function interpolated(times, layer) {
  const after = LAYERS.find((sampled) => sampled >= layer);
  const before = LAYERS.findLast((sampled) => sampled <= layer);
  const [low, high] = [median(times.get(before)), median(times.get(after))];
  return before === after ? low : low + ((high - low) * (layer - before)) / (after - before);
}

/**
 * Matrix products of one neuron of a layer, 2 m k n each, in FLOP: in every later layer queries, keys, values and the
 * output projection (p x d x d), scores and mixing (p x t x d), the MLP (p x d x 4d, twice), for p = 9 changed
 * positions of t = 19; in the last layer queries and all that follows of one position; and per layer what the heads
 * wrote at the last token (d x d). Norms, softmax and activations are not counted.
 */
function flopOf({ nLayers, dModel: d, dMlp }, layer) {
  const t = PAIR.clean.length;
  const p = t - FIRST;
  let total = 0;
  for (let target = layer + 1; target < nLayers; target++) {
    const q = target === nLayers - 1 ? 1 : p;
    const attention = (2 * p + 2 * q) * d * d + 2 * q * t * d;
    total += 2 * (attention + 2 * q * d * dMlp + d * d);
  }
  return total;
}

function lines(count, total, flop, rates, times) {
  const gemm = median(rates);
  const shares = LAYERS.map((layer) => `${layer}: ${(BATCH / median(times.get(layer))).toFixed(0)}`).join(
    ', ',
  );
  return [
    `neuron effects, GPT-2 small's shape, one direction: ${(count / total).toFixed(0)} neurons per second`,
    `  all ${count} neurons: ${total.toFixed(0)} s for ${(flop / 1e12).toFixed(1)} TFLOP, extrapolated; neurons per second from layer ${shares}`,
    `  ${(flop / total / 1e9).toFixed(0)} GFLOP/s, ${((100 * flop) / total / gemm).toFixed(0)}% of this machine's GEMM rate of ${(gemm / 1e9).toFixed(0)} (${rates.map((rate) => (rate / 1e9).toFixed(0)).join(', ')} by shape)`,
  ];
}
