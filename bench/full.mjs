/**
 * `npm run bench:full`: whole studies of ours in GPT-2 small's shape against TransformerLens and Captum on the same
 * weights, in one run, in turns; then what an effect costs against length, position, layers and width (curves.mjs).
 * Prints Markdown. Build first. How to read it: bench/README.md.
 */
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadModel } from '../dist/index.js';
import { agreement } from './agreement.mjs';
import { curves } from './curves.mjs';
import { extentOf, productShapes } from './flop.mjs';
import { gemmRates } from './gemm.mjs';
import { PAIR, writeShape } from './gpt2-shape.mjs';
import { machine, versions, watched } from './machine.mjs';
import { markdownTable } from './markdown.mjs';
import { median, THREADS } from './measure.mjs';
import { startReference } from './reference.mjs';
import { rate, rowsOf, time } from './targets.mjs';
import { openTurns, PLANS } from './turns.mjs';
import { STUDIES, wholeStudy } from './whole.mjs';

const LAYERS = 12;
const PARTS = ['compare', 'curves'];

const { values: options } = parseArgs({
  options: {
    /** Smaller samples; with a cut model, to try the benchmark itself. */
    quick: { type: 'boolean', default: false },
    layers: { type: 'string' },
    only: { type: 'string', default: PARTS.join(',') },
    studies: { type: 'string', default: Object.keys(STUDIES).join(',') },
    json: { type: 'string' },
    svg: { type: 'string' },
  },
});
// Folders in the temporary one are removed on exit; a signal alone would leave them.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const parts = listed('only', PARTS);
const names = listed('studies', Object.keys(STUDIES));
const result = { date: new Date().toISOString().slice(0, 10), machine: machine(), threads: THREADS };
if (parts.includes('compare')) result.compare = await compare();
if (parts.includes('curves')) {
  const where = `Measured on ${result.date}: ${result.machine}, ${THREADS} threads.`;
  const { lines, points } = await curves({ quick: options.quick, svg: options.svg, where });
  console.log(`\n${lines.join('\n')}`);
  result.curves = points;
}
if (options.json) await writeFile(options.json, `${JSON.stringify(result, undefined, 1)}\n`);

/** Samples of all sides in turns, a whole study of ours after each round. */
async function compare() {
  const plan = options.quick ? PLANS.quick : PLANS.whole;
  const folder = await writeShape({ n_layer: Number(options.layers ?? (options.quick ? 2 : LAYERS)) });
  const reference = await startReference(folder, PAIR);
  if (!reference.ask) fail(reference.reason);
  const model = await loadModel(folder, { threads: THREADS });
  const gemm = await gemmRates(productShapes(model.config, extentOf(PAIR)));
  try {
    const watch = watched(gemm, [reference.pid]);
    await gemm.sample();
    const { samples, turn } = await openTurns(model, reference, plan, watch);
    const studies = [];
    for (let round = 0; round < Math.max(plan.rounds, names.length); round++) {
      if (round < plan.rounds) await turn(round);
      const name = names[round];
      if (name) studies.push(await watch.phase(`whole study, ${name}`, () => wholeStudy(name, folder)));
    }
    const rates = gemm.rates();
    const { config } = model;
    const found = { config, gemm: median(rates), rates, samples, studies };
    const rows = rowsOf(found);
    const agreed = await agreement(samples, studies);
    print({ ...found, rows, agreed, versions: { ...versions(), ...reference.versions }, watch });
    return recorded({ ...found, rows, agreed, phases: watch.records });
  } finally {
    reference.stop();
    await gemm.dispose();
    await model.dispose();
  }
}

function print({ config, gemm, rates, rows, agreed, samples, versions: packages, watch }) {
  const cut = config.nLayers < LAYERS;
  const used = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  console.log(`Measured on ${result.date}: ${result.machine}, ${THREADS} threads; ${used.join(', ')}.`);
  const shape = `${config.nLayers} layers, ${config.nHeads} heads, width ${config.dModel}`;
  const { length, first } = extentOf(PAIR);
  const shown = rates.map((each) => (each / 1e9).toFixed(0)).join(', ');
  console.log(`${shape}; ${length} tokens, the prompts differ at position ${first}.`);
  console.log(`Plain matrix products: ${rate(gemm)}, the median of ${shown} by shape.\n`);
  if (cut) console.log('A cut model: the targets are not meant for it.\n');
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.other,
    row.ratio,
    row.target,
    verdictOf(row, cut),
  ]);
  console.log(markdownTable(['what', 'ours', 'the other side', 'ratio', 'target', ''], cells).join('\n'));
  const choices = Object.entries(samples.choices).map(([batch, s]) => `${batch}: ${time(s)}`);
  console.log(`\n128 neurons of the first layer, the batched way, by batch: ${choices.join(', ')}.\n`);
  const differences = agreed.map(({ what, count, difference }) => [
    what,
    count.toLocaleString('en-US'),
    difference.toExponential(1),
  ]);
  console.log(markdownTable(['both sides agree', 'values', 'largest difference'], differences).join('\n'));
  const disturbed = watch.disturbances();
  console.log(
    `\nDisturbed phases: ${disturbed.length} of ${watch.records.length}; load at the end ${loadavg()[0].toFixed(1)}.`,
  );
  for (const line of disturbed) console.log(`- ${line}`);
}

function verdictOf({ met }, cut) {
  if (met === undefined) return '';
  return `${met ? 'met' : 'NOT met'}${cut ? ' (cut model)' : ''}`;
}

/** What the JSON file keeps: no tensors, no results of the other sides. */
function recorded({ samples, studies, rows, agreed, rates, gemm, config, phases }) {
  const { answers: _answers, ours, notebook, batched, captum, ...rest } = samples;
  const plain = (map) => Object.fromEntries(map);
  return {
    config,
    gemm,
    rates,
    rows,
    agreed,
    samples: {
      ...rest,
      ours: plain(ours),
      notebook: plain(notebook),
      batched: plain(batched),
      captum: { heads: plain(captum.heads), neurons: plain(captum.neurons) },
    },
    studies: studies.map(({ out: _out, ...study }) => study),
    phases,
  };
}

/** The values of an option that lists some of `known`. */
function listed(name, known) {
  const given = options[name].split(',').filter((each) => each !== '');
  const unknown = given.find((each) => !known.includes(each));
  if (unknown !== undefined) fail(`expected --${name} to be some of ${known.join(', ')}, got ${unknown}`);
  return given;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
