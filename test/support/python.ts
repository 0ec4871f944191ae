/**
 * Python with numpy, safetensors and zarr, for the tests that read our files with other people's code.
 */
import { spawnSync } from 'node:child_process';

/** MEDIATORS_PYTHON names another interpreter. */
const PYTHON = process.env.MEDIATORS_PYTHON ?? 'python3';
const CHECK = 'import numpy, safetensors, zarr; assert int(zarr.__version__.split(".")[0]) >= 3';

/**
 * Why a test that needs Python is to be skipped; undefined where it is to run. With CI set it always runs, and fails
 * where something is missing.
 */
export function pythonMissing(): string | undefined {
  if (process.env.CI || spawnSync(PYTHON, ['-c', CHECK]).status === 0) return undefined;
  return `no numpy, safetensors and zarr (3 or later) in ${PYTHON}; set MEDIATORS_PYTHON to an interpreter that has them`;
}

/** Runs a script and parses what it prints as JSON. Throws with what Python said where it fails. */
export function runPython(script: string, args: readonly string[]): unknown {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, [script, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${PYTHON} ${script} failed: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}
