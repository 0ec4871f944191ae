/**
 * What a study costs: `node bench/scale.mjs` prints the table of docs/scale.md from the plan's own formulas, for models
 * that need not be there; `node bench/scale.mjs check [SMOLLM2.gguf]` runs plan and study side by side at up to three
 * sizes and prints what was expected and what was measured. Build first.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULTS, planStudy } from '../dist/index.js';
import { CONFIG, PAIR, withGpt2Shape } from './gpt2-shape.mjs';
import { parseConfig } from './internals.mjs';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const GPT2 = parseConfig(CONFIG, 'config.json');
const LLAMA = { ...GPT2, family: 'llama', activation: 'silu', rotary: { theta: 1e4 }, tiedEmbeddings: false };

/** Shapes, as the page states them. */
const MODELS = {
  'GPT-2 small': GPT2,
  'SmolLM2-135M': {
    ...LLAMA,
    ...{ nLayers: 30, dModel: 576, nHeads: 9, nKvHeads: 3, dMlp: 1536, vocabulary: 49152 },
    tiedEmbeddings: true,
  },
  '7B (Llama 2)': {
    ...LLAMA,
    ...{ nLayers: 32, dModel: 4096, nHeads: 32, nKvHeads: 32, dHead: 128, dMlp: 11008, vocabulary: 32000 },
  },
  '70B (Llama 2)': {
    ...LLAMA,
    ...{ nLayers: 80, dModel: 8192, nHeads: 64, nKvHeads: 8, dHead: 128, dMlp: 28672, vocabulary: 32000 },
  },
};

/** Sustained rates in FLOP per second; the first is measured (docs/performance.md), the others are assumed. */
const DEVICES = { '2 cores': 140e9, '64 cores': 3e12, 'one GPU': 100e12 };

/** 19 tokens that differ from position 10 on. */
const EXTENT = { clean: { ids: PAIR.clean }, corrupted: { ids: PAIR.corrupted }, firstDifference: 10 };
const NO_BOUND = 1e15;

function table() {
  const rows = Object.entries(MODELS).flatMap(([name, config]) =>
    [['heads'], ['heads', 'neurons']].map((components) => {
      const plan = (full) =>
        planStudy({ id: name, config }, EXTENT, { ...DEFAULTS, components, full, memory: NO_BOUND });
      const [small, full] = [plan(false), plan(true)];
      const times = Object.values(DEVICES).map((rate) => time(small.flop / rate));
      const bytes = [small.peak_bytes, small.disk_bytes, full.disk_bytes].map(amount);
      return [name, components.join(' and '), count(small.runs), power(small.flop), ...times, ...bytes];
    }),
  );
  const head = ['model', 'components', 'runs', 'FLOP', ...Object.keys(DEVICES)];
  print([[...head, 'memory', 'disk', 'disk, `--full`'], ...rows]);
}

/** A table in Markdown. */
function print([head, ...rows]) {
  for (const row of [head, head.map((_, i) => (i < 2 ? '---' : '---:')), ...rows])
    console.log(`| ${row.join(' | ')} |`);
}

/** @param {string | undefined} gguf */
async function check(gguf) {
  console.log(`load average before: ${loadavg()[0].toFixed(1)}`);
  const ids = ['--clean-ids', PAIR.clean.join(), '--corrupted-ids', PAIR.corrupted.join()];
  const gpt2 = [...ids, '--answer-id', String(PAIR.answer), '--wrong-id', String(PAIR.wrong)];
  const rows = [['study', 'phase', 'seconds planned', 'measured', 'memory planned', 'measured']];
  rows.push(...compared('embedded', []));
  await withGpt2Shape(async (folder) => {
    rows.push(
      ...compared("GPT-2 small's shape, heads", ['--model', folder, ...gpt2, '--components', 'heads']),
    );
    return [];
  });
  if (gguf !== undefined) {
    const options = ['--model', gguf, '--pair', 'notebook', '--components', 'heads'];
    rows.push(...compared('SmolLM2, heads', options));
  }
  print(rows);
  console.log(`load average after: ${loadavg()[0].toFixed(1)}`);
}

/** Plan and study of the same options, by phase; disk beneath. */
function compared(name, options) {
  const out = mkdtempSync(join(tmpdir(), 'mediators-scale-'));
  try {
    const command = [COMMAND, 'study', ...options];
    const plan = JSON.parse(
      execFileSync(process.execPath, [...command, '--plan', '--json'], { encoding: 'utf8' }),
    );
    const begin = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [...command, '--out', out, '--quiet'], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const wall = (performance.now() - begin) / 1000;
    const { phases } = JSON.parse(readFileSync(join(out, 'study.json'), 'utf8'));
    const rows = plan.phases.map((planned) => {
      const measured = phases.find((phase) => phase.name === planned.name);
      const seconds = measured ? measured.seconds.toFixed(1) : '';
      const peak = measured ? amount(measured.peak_bytes) : '';
      return [name, planned.name, planned.seconds.toFixed(1), seconds, amount(planned.peak_bytes), peak];
    });
    const peak = Math.max(...phases.map((phase) => phase.peak_bytes));
    const total = [plan.seconds.toFixed(1), wall.toFixed(1), amount(plan.peak_bytes), amount(peak)];
    const disk = [amount(plan.disk_bytes - plan.work_bytes), amount(bytesBelow(out)), '', ''];
    return [...rows, [name, `**all, ${plan.rate}**`, ...total], [name, 'disk at the end', ...disk]];
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** @param {string} folder */
function bytesBelow(folder) {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  return paths.reduce((sum, path) => sum + (statSync(path).isFile() ? statSync(path).size : 0), 0);
}

/** @param {number} seconds */
function time(seconds) {
  if (seconds < 100) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 360_000
    ? `${Number((seconds / 3600).toPrecision(2))} h`
    : `${count(Math.round(seconds / 86_400))} days`;
}

/** @param {number} bytes */
function amount(bytes) {
  const unit = Math.min(5, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${['B', 'kB', 'MB', 'GB', 'TB', 'PB'][unit]}`;
}

/** @param {number} flop */
function power(flop) {
  const unit = Math.floor(Math.log10(flop) / 3);
  return `${Number((flop / 1000 ** unit).toPrecision(3))} ${['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'][unit]}FLOP`;
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString('en');
}

const [what, gguf] = process.argv.slice(2);
if (what === 'check') await check(gguf);
else table();
