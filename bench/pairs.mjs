/**
 * All pairs of heads, one direction, in GPT-2 small's shape: exact `via` and `interaction`, against plain products of
 * the sizes used, sampled in between. Prints Markdown. Build first. How to read it: bench/README.md.
 */
import { loadModel, logitDifference } from '../dist/index.js';
import { extentOf, productShapes } from './flop.mjs';
import { gemmRates } from './gemm.mjs';
import { PAIR, writeShape } from './gpt2-shape.mjs';
import {
  firstFlop,
  firstRuns,
  PAIR_MEASURES,
  pairEffects,
  pairFlop,
  prepareMediation,
  runBoth,
  SuffixChain,
} from './internals.mjs';
import { machine } from './machine.mjs';
import { median, seconds, THREADS } from './measure.mjs';

const BATCH = 64;
/** Products are sampled after every so many first layers. */
const LAYERS_BETWEEN = 3;

const folder = await writeShape({});
const model = await loadModel(folder, { threads: THREADS });
const { config } = model;
const extent = extentOf(PAIR);
const indices = Array.from({ length: config.nHeads }, (_, i) => i);
const groups = Array.from({ length: config.nLayers }, (_, layer) => ({ kind: 'heads', layer, indices }));
const mediating = await prepared();
const gemm = await gemmRates(productShapes(config, extent));

let time = 0;
let flop = 0;
let runs = 0;
// What is compiled or allocated on first use is not the rate.
await pairsFrom(groups[0]);
for (const first of groups) {
  if (first.layer % LAYERS_BETWEEN === 0) await gemm.sample();
  time += await seconds(() => pairsFrom(first));
  count(first);
}
await gemm.sample();
const plain = median(gemm.rates());
const arithmetic = flop / plain;
console.log(`${machine()}, ${THREADS} threads; plain products ${(plain / 1e9).toFixed(0)} GFLOP/s.\n`);
console.log(
  '| all pairs of heads, one direction | runs | FLOP | measured | products alone | ratio | target |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
console.log(
  `| via and interaction | ${runs.toLocaleString('en-US')} | ${(flop / 1e12).toFixed(2)} T | ${time.toFixed(1)} s | ${arithmetic.toFixed(1)} s | ${(time / arithmetic).toFixed(2)} | at most 1.3 |`,
);
await gemm.dispose();
await model.dispose();

async function prepared() {
  const metric = logitDifference(PAIR.answer, PAIR.wrong);
  const chain = await SuffixChain.create(model.loaded, metric, [PAIR.clean, PAIR.corrupted], extent.first);
  const [base, other] = await runBoth(chain);
  await chain.release();
  return prepareMediation(chain, { model: model.loaded, metric, base, other }, groups, BATCH);
}

/** As the study runs them: the engine has the next unit before it while one is finished. */
async function pairsFrom(first) {
  const own = await firstRuns(mediating, first);
  let running;
  for (const second of groups.slice(first.layer)) {
    const next = pairEffects(mediating, first, second, own, PAIR_MEASURES);
    await running;
    running = next;
  }
  await running;
}

function count(first) {
  flop += indices.length * firstFlop(config, extent, 'heads', first.layer);
  for (const second of groups.slice(first.layer)) {
    const own = first === second;
    const pairs = own ? (indices.length * (indices.length - 1)) / 2 : 2 * indices.length ** 2;
    runs += pairs;
    flop += pairs * (own ? firstFlop : pairFlop)(config, extent, 'heads', second.layer);
  }
}
