/**
 * Studies in processes of their own, and their violent ends.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const CHILD = join(import.meta.dirname, 'study-child.mjs');

/**
 * Runs the child (`study-child.mjs` tells its arguments), which is killed `delay` ms after a line of progress.
 * Resolves to whether it finished.
 */
export function runChild(
  args: readonly string[],
  moment?: { readonly line: RegExp; readonly delay: number },
): Promise<boolean> {
  const kill = moment && { KILL_LINE: moment.line.source, KILL_DELAY: String(moment.delay) };
  const child = spawn(process.execPath, [CHILD, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...kill },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(code === 0);
      else reject(new Error(`the child ended with code ${code}: ${errors}`));
    });
  });
}
