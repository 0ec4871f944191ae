/**
 * Whole studies of ours, each in a process of its own (whole-study.mjs).
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PAIR } from './gpt2-shape.mjs';

const SCRIPT = fileURLToPath(new URL('./whole-study.mjs', import.meta.url));

/**
 * What is run, by name. Every study does integrated gradients both ways; neurons alone are patched in the first. Pairs
 * are measured apart (pairs.mjs): no other side has them.
 */
export const STUDIES = {
  neurons: { components: ['neurons'], directions: ['noising'], figures: false },
  notebook: { directions: ['noising'], mediation: 'none' },
  both: { mediation: 'none' },
  full: { full: true, figures: false, mediation: 'none' },
};

/**
 * Runs one. Its results stay in a folder until this process ends, so that they can be compared.
 * @param {keyof typeof STUDIES} name
 */
export async function wholeStudy(name, folder) {
  const parent = await mkdtemp(join(tmpdir(), `mediators-bench-${name}-`));
  process.once('exit', () => rmSync(parent, { recursive: true, force: true }));
  const out = join(parent, 'study');
  const given = [SCRIPT, folder, out, JSON.stringify(PAIR), JSON.stringify(STUDIES[name])];
  const { stdout } = await promisify(execFile)(process.execPath, given);
  return { name, out, bytes: await bytesOf(out), ...JSON.parse(stdout.trim().split('\n').at(-1)) };
}

/** A phase of a whole study: its seconds, and those without making sessions. */
export function phaseOf({ phases }, name) {
  const { seconds, sessions } = phases.find((phase) => phase.name === name);
  return { seconds, sessions, work: seconds - sessions };
}

async function bytesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let sum = 0;
  for (const entry of entries) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}
