/**
 * Effects of neurons on everything behind them, in GPT-2 small's shape: 19 tokens, the two prompts differ from position
 * 10, batches of 64, the study's default measures and summaries. A few layers are sampled; between them the time of a
 * neuron is taken to be linear, as its work is.
 */
import { loadModel } from '../dist/index.js';
import { allNeuronsFlop, extentOf, productShapes } from './flop.mjs';
import { gemmRates } from './gemm.mjs';
import { PAIR } from './gpt2-shape.mjs';
import { median, THREADS } from './measure.mjs';
import { neuronSampler, overLayers, sampledLayers } from './neuron-sample.mjs';

const LAYERS = 4;
const ROUNDS = 3;

/** @param {string} folder */
export async function neurons(folder) {
  const model = await loadModel(folder, { threads: THREADS });
  const { config } = model;
  const extent = extentOf(PAIR);
  const gemm = await gemmRates(productShapes(config, extent));
  try {
    const sampler = await neuronSampler(model, PAIR);
    const times = new Map(sampledLayers(config.nLayers, LAYERS).map((layer) => [layer, []]));
    for (let round = 0; round < ROUNDS; round++) {
      await gemm.sample();
      for (const [layer, measured] of times) {
        measured.push(await sampler.secondsOfNeuron(layer, round));
      }
    }
    await gemm.sample();
    const total = config.dMlp * overLayers(times, config.nLayers);
    return lines(config, total, allNeuronsFlop(config, extent), gemm.rates(), times);
  } finally {
    await gemm.dispose();
    await model.dispose();
  }
}

function lines({ nLayers, dMlp }, total, flop, rates, times) {
  const count = nLayers * dMlp;
  const gemm = median(rates);
  const byLayer = [...times].map(([layer, measured]) => `${layer}: ${(1 / median(measured)).toFixed(0)}`);
  return [
    `neuron effects, GPT-2 small's shape, one direction: ${(count / total).toFixed(0)} neurons per second`,
    `  all ${count} neurons: ${total.toFixed(0)} s for ${(flop / 1e12).toFixed(1)} TFLOP, extrapolated; neurons per second from layer ${byLayer.join(', ')}`,
    `  ${(flop / total / 1e9).toFixed(0)} GFLOP/s, ${((100 * flop) / total / gemm).toFixed(0)}% of this machine's GEMM rate of ${(gemm / 1e9).toFixed(0)} (${rates.map((rate) => (rate / 1e9).toFixed(0)).join(', ')} by shape)`,
  ];
}
