/**
 * The whole study of the embedded model by the command line, start of Node, figures and page included.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seconds, THREADS, verdict } from './measure.mjs';

const TARGET_SECONDS = 60;
const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export async function study() {
  const folder = await mkdtemp(join(tmpdir(), 'mediators-bench-'));
  try {
    const out = join(folder, 'study');
    const total = await seconds(() => run(['study', '--out', out, '--threads', String(THREADS), '--quiet']));
    const { phases } = JSON.parse(await readFile(join(out, 'study.json'), 'utf8'));
    return [
      `study of the embedded model, both directions, figures and page: ${total.toFixed(1)} s`,
      ...phases.map(({ name, seconds: time }) => `  ${name.padEnd(24)} ${time.toFixed(1).padStart(6)} s`),
      `  peak memory ${(Math.max(...phases.map((phase) => phase.peak_bytes)) / 1e6).toFixed(0)} MB`,
      `  ${verdict(total < TARGET_SECONDS, `under ${TARGET_SECONDS} s`)}`,
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param {readonly string[]} args */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`exit code ${code}`))));
  });
}
