/**
 * `node bench/eap.mjs [--rounds 7]`: EAP-IG of all edges of a pair in GPT-2 small's shape, 5 points, against the same in PyTorch on
 * TransformerLens with the same weights: one run for each point, as in the authors' code, and all points as one batch.
 * Every side begins with the two prompts. They take turns; what they computed is compared. Build first.
 */
import { parseArgs } from 'node:util';
import { loadModel, logitDifference } from '../dist/index.js';
import { extentOf } from './flop.mjs';
import { PAIR, withGpt2Shape } from './gpt2-shape.mjs';
import { edgeIntegratedGradients, runBoth, SuffixChain } from './internals.mjs';
import { distance, median, seconds, THREADS, verdict } from './measure.mjs';
import { startReference } from './reference.mjs';

const POINTS = 5;
const TARGET = 3;

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const ROUNDS = Number(options.rounds);
// Folders in the temporary one are removed on exit; a signal alone would leave them.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
console.log((await withGpt2Shape(compare)).join('\n'));

/** @param {string} folder */
async function compare(folder) {
  const model = await loadModel(folder, { threads: THREADS });
  const reference = await startReference(folder, PAIR);
  try {
    const metric = logitDifference(PAIR.answer, PAIR.wrong);
    const { first } = extentOf(PAIR);
    const chain = await SuffixChain.create(model.loaded, metric, [PAIR.clean, PAIR.corrupted], first);
    const ours = () => edgesOf(chain);
    const theirs = (batched) => reference.ask?.({ do: 'edges', points: POINTS, batched });
    const start = await seconds(ours);
    const [own, single, batch] = [[], [], []];
    let found;
    let expected = await theirs(false);
    await theirs(true);
    for (let round = 0; round < ROUNDS; round++) {
      own.push(await seconds(async () => (found = await ours())));
      if (!expected) continue;
      expected = await theirs(false);
      single.push(expected.seconds);
      batch.push((await theirs(true)).seconds);
    }
    return report({ own, single, batch, start, found, expected, reason: reference.reason });
  } finally {
    reference.stop?.();
    await model.dispose();
  }
}

/** Both runs of the pair, and all edges: what the other side does. */
async function edgesOf(chain) {
  const [clean, corrupted] = await runBoth(chain);
  return edgeIntegratedGradients(chain, clean, corrupted, { points: POINTS });
}

function report({ own, single, batch, start, found, expected, reason }) {
  const title = `EAP-IG of ${found.graph.size} edges, ${POINTS} points, GPT-2 small's shape, ${PAIR.clean.length} tokens`;
  const lines = [
    `${title}: ${milliseconds(own)} (median of ${ROUNDS}); the first, sessions made: ${milliseconds([start])}`,
  ];
  if (!expected) return [...lines, `  TransformerLens not run: ${reason}`];
  const ratio = median(single) / median(own);
  const batched = median(batch) / median(own);
  const met = verdict(Math.min(ratio, batched) >= TARGET, `at least ${TARGET} times`);
  return [
    ...lines,
    `  PyTorch, a run for each point: ${milliseconds(single)}, ${ratio.toFixed(1)} times as long`,
    `  PyTorch, points as one batch: ${milliseconds(batch)}, ${batched.toFixed(1)} times as long; ${met}`,
    `  largest difference of scores ${distance(found.edges.data, expected.scores).toExponential(1)} of the largest`,
  ];
}

/** @param {readonly number[]} times */
function milliseconds(times) {
  return `${(1000 * median(times)).toFixed(0)} ms (fastest ${(1000 * Math.min(...times)).toFixed(0)})`;
}
