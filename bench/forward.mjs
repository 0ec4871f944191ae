/**
 * One forward pass in GPT-2 small's shape, 19 tokens, with every hook point cached (per-head results and MLP inputs
 * among them), against TransformerLens's `run_with_cache` with the same hook points and weights. The two take turns.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../dist/index.js';
import { PAIR } from './gpt2-shape.mjs';
import { median, seconds, THREADS, verdict } from './measure.mjs';

const ROUNDS = 15;
const TARGET_RATIO = 3;
const SCRIPT = fileURLToPath(new URL('./reference_forward.py', import.meta.url));

/** @param {string} folder */
export async function forward(folder) {
  const model = await loadModel(folder, { threads: THREADS });
  const reference = await transformerLens(folder);
  try {
    const run = () => model.runWithCache(PAIR.clean);
    const { cache, logits } = await run();
    const theirs = await reference.run?.();
    const [own, other] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      own.push(await seconds(run));
      if (reference.run) other.push((await reference.run()).seconds);
    }
    const title = `forward with cache, GPT-2 small's shape, 19 tokens, ${cache.size} hook points`;
    const mine = `${title}: ${milliseconds(own)} (median of ${ROUNDS})`;
    if (!theirs) return [mine, `  TransformerLens not run: ${reference.reason}`];
    const ratio = median(other) / median(own);
    const last = logits.data.subarray(-theirs.logits.length);
    return [
      mine,
      `  TransformerLens 2.15 run_with_cache, ${theirs.hooks} hook points: ${milliseconds(other)}`,
      `  ${ratio.toFixed(1)} times as fast; ${verdict(ratio >= TARGET_RATIO, `at least ${TARGET_RATIO} times`)}`,
      `  largest difference of last logits ${distance(last, theirs.logits).toExponential(1)} of the largest`,
    ];
  } finally {
    reference.stop?.();
    await model.dispose();
  }
}

/** @param {readonly number[]} times */
function milliseconds(times) {
  return `${(1000 * median(times)).toFixed(0)} ms (fastest ${(1000 * Math.min(...times)).toFixed(0)})`;
}

function distance(found, expected) {
  const largest = Math.max(...expected.map(Math.abs));
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(found[i] - value)), 0) / largest;
}

/** Starts TransformerLens in the Python that MEDIATORS_PYTHON names; without one, the reason why it is left out. */
async function transformerLens(folder) {
  const python = process.env.MEDIATORS_PYTHON;
  if (!python) return { reason: 'set MEDIATORS_PYTHON to a Python that has it (reference/requirements.txt)' };
  const child = spawn(python, [SCRIPT, folder, String(THREADS)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value } = await lines.next();
    return value === undefined ? undefined : JSON.parse(value);
  };
  if ((await answer()) !== 'ready') return { reason: `${python} could not load it` };
  const run = () => {
    child.stdin.write(`${JSON.stringify(PAIR.clean)}\n`);
    return answer();
  };
  return { run, stop: () => child.kill() };
}
