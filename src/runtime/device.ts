/**
 * Whether a device can be used: asked before anything is loaded, as nothing falls back silently.
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

let webGpuTaken = false;

/**
 * Takes a device for one engine, until the returned function is called. Each engine has a thread, and ONNX Runtime's
 * WebGPU provider crashes when two threads run at once (microsoft/onnxruntime, issue 32561).
 * Throws InputError where an engine of this process is on it.
 */
export function takeDevice(device: Device): () => void {
  if (device === 'cpu') return () => {};
  if (webGpuTaken) {
    throw new InputError(
      'expected one model at a time on webgpu, got a second one; dispose of the first, or use device cpu',
    );
  }
  webGpuTaken = true;
  return () => {
    webGpuTaken = false;
  };
}

/** Throws InputError, one line, where this machine does not have the device. */
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
