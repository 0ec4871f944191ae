/**
 * `node bench/random-weights.mjs [models] [pairs] [contrast]`: how often the tests of gains (docs/survey.md) find a
 * difference in models that never learned anything. Each model has random weights and the embedded model's tokenizer;
 * each is surveyed with pairs of the same task. Printed for every row of the test: in how many models it could be made, in
 * how many p is below 5%, and the 95% interval of that share (Wilson 1927); so for p over prompts (not adjusted), for p
 * over components (where so small a p is attainable), and for both at once. Ctrl-C prints what there is by then. Build
 * first.
 */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, survey, taskData } from '../dist/index.js';
import { writeShape } from './gpt2-shape.mjs';

const MODELS = Number(process.argv[2] ?? 200);
const PAIRS = Number(process.argv[3] ?? 30);
const CONTRAST = process.argv[4] ?? 'swap';
const EMBEDDED = new URL('../models/embedded/', import.meta.url).pathname;
const SHAPE = { n_layer: 3, n_head: 8, n_embd: 64, n_inner: 64, n_positions: 64, n_ctx: 64 };
/** Large enough that heads and neurons do something to each other at this width. */
const DEVIATION = 0.15;
const LEVEL = 0.05;

/** Rows of the test of one model. */
async function testsOf(seed) {
  const config = JSON.parse(await readFile(join(EMBEDDED, 'config.json'), 'utf8'));
  const { vocab_size, bos_token_id, eos_token_id } = config;
  const folder = await writeShape(
    { ...SHAPE, vocab_size, bos_token_id, eos_token_id },
    { seed, deviation: DEVIATION },
  );
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    await copyFile(join(EMBEDDED, file), join(folder, file));
  const out = await mkdtemp(join(tmpdir(), 'mediators-random-'));
  const model = await loadModel(folder, { threads: 2 });
  try {
    const data = taskData(model, 'ioi', { n: PAIRS, seed, contrast: CONTRAST });
    const { json } = await survey(model, data, { out, methods: ['ap'], figures: false, draws: 100, seed });
    return json.sets.find(({ set }) => set === 'all').gains;
  } finally {
    await model.dispose();
    await rm(out, { recursive: true });
    await rm(folder, { recursive: true });
  }
}

/** 95% limits of a share. */
function wilson(found, of) {
  const z = 1.96;
  const centre = (found + z ** 2 / 2) / (of + z ** 2);
  const half = (z / (of + z ** 2)) * Math.sqrt((found * (of - found)) / of + z ** 2 / 4);
  return [Math.max(0, centre - half), centre + half];
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** What is counted of a row: whether it could have been found, and whether it was. */
const COUNTED = {
  prompts: ({ p }) => [Number.isFinite(p), p < LEVEL],
  components: ({ stand_ins: found }) => [found?.smallest_p < LEVEL, found?.p < LEVEL],
  both: ({ p, stand_ins: found }) => [
    Number.isFinite(p) && found?.smallest_p < LEVEL,
    p < LEVEL && found?.p < LEVEL,
  ],
};
const rows = new Map();
let stopped = false;
process.once('SIGINT', () => (stopped = true));
let models = 0;
for (let seed = 1; seed <= MODELS && !stopped; seed++) {
  for (const test of await testsOf(seed)) {
    const { kind, direction, labels, controls } = test;
    for (const [over, count] of Object.entries(COUNTED)) {
      const name = [kind, direction, labels.join('+'), controls, over].join(', ');
      const row = rows.get(name) ?? { tested: 0, found: 0 };
      const [could, did] = count(test);
      if (could) row.tested++;
      if (could && did) row.found++;
      rows.set(name, row);
    }
  }
  models = seed;
  process.stderr.write(`\r${models} of ${MODELS} models`);
}
process.stderr.write('\n');
console.log(
  `p below 5% in models with random weights: ${models} models, ${PAIRS} pairs of a ${CONTRAST} each`,
);
for (const [name, { tested, found }] of rows) {
  if (tested === 0) continue;
  const [low, high] = wilson(found, tested);
  console.log(
    `${name.padEnd(72)} ${String(found).padStart(4)} of ${String(tested).padStart(4)}  ${percent(found / tested).padStart(6)}  (${percent(low)} to ${percent(high)})`,
  );
}
