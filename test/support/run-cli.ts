/**
 * Runs the built command line as a user does: a process of its own, at most two at once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { type StopAt, stopping } from './stop-at.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const AT_ONCE = 2;

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stopAt?: StopAt;
  /** Is given the process when it has started, to kill it or to close its pipes. */
  readonly onStart?: (child: ChildProcess) => void;
  /** POSIX only: the largest file that the process may write, in the shell's blocks. */
  readonly fileBlocks?: number;
}

let running = 0;
const waiting: (() => void)[] = [];

async function turn(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
}

function done(): void {
  running--;
  waiting.shift()?.();
}

/** Runs `mediators` with these arguments to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  if (!existsSync(MAIN)) throw new Error('expected dist/, got none; run `npm run build` first');
  await turn();
  try {
    return await finished(start(args, options), options);
  } finally {
    done();
  }
}

function start(args: readonly string[], { cwd, env, stopAt, fileBlocks }: CliOptions): ChildProcess {
  const limited = ['-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, process.execPath];
  const [command, before] = fileBlocks === undefined ? [process.execPath, []] : ['sh', limited];
  // What vitest sets for its own colours would reach the program.
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...inherited } = process.env;
  const stop = stopping(stopAt);
  return spawn(command, [...before, ...stop.args, MAIN, ...args], {
    cwd,
    env: { ...inherited, ...env, ...stop.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function finished(child: ChildProcess, { onStart }: CliOptions): Promise<CliResult> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

/** The program refused a user's mistake: exit code 2, nothing on stdout, one line on stderr that fits the pattern. */
export function expectRefusal(result: CliResult, message: RegExp): void {
  expect(result).toMatchObject({ code: 2, signal: null, stdout: '' });
  expect(result.stderr).toMatch(/^mediators: [^\n]+\n$/);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).not.toMatch(/\bat \S+ \(|node:internal|Error:/);
}

/** Every file below a folder, as paths relative to it, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Paths and times of all that lies below a folder, and of itself: what changes when anything is written. */
export function timesBelow(folder: string): Record<string, number> {
  const paths = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].sort();
  return Object.fromEntries(paths.map((path) => [path, statSync(join(folder, path)).mtimeMs]));
}

/** Names of files (of those that `keep` takes) whose bytes differ, or that only one of the folders has. */
export function differingFiles(a: string, b: string, keep: (path: string) => boolean): string[] {
  const [inA, inB] = [a, b].map((folder) => filesBelow(folder).filter(keep));
  const both = [...new Set([...inA!, ...inB!])].sort();
  return both.filter(
    (path) =>
      !inA!.includes(path) ||
      !inB!.includes(path) ||
      !readFileSync(join(a, path)).equals(readFileSync(join(b, path))),
  );
}
