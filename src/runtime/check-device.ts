/**
 * Whether a device computes on this machine, asked before anything is loaded: nothing falls back silently.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors.ts';
import type { Device } from '../terms.ts';

// As in `node.ts`: Node 20 runs the built one.
const PROBE = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/runtime/webgpu-probe.js' : './webgpu-probe.js',
  import.meta.url,
);
const TIMEOUT_MILLISECONDS = 60_000;

/** Throws InputError, one line, where the device is not there. */
export async function checkDevice(device: Device): Promise<void> {
  if (device === 'cpu') return;
  const problem = await webGpuProblem();
  if (problem === null) return;
  throw new InputError(`expected a WebGPU adapter, got ${problem}; use --device cpu`);
}

/** A process of its own asks: a driver may write to stderr, wait for ever or crash. */
function webGpuProblem(): Promise<string | null> {
  const options = { timeout: TIMEOUT_MILLISECONDS, windowsHide: true };
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(PROBE)], options, (error, stdout) => {
      // What it printed counts, however it ended: drivers also crash on the way out.
      if (stdout !== '') resolve(JSON.parse(stdout) as string | null);
      else resolve(`a probe without an answer (${error?.signal ?? `exit code ${error?.code ?? 0}`})`);
    });
  });
}
