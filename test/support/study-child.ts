/**
 * Studies in processes of their own, and their violent ends.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const CHILD = join(import.meta.dirname, 'study-child.mjs');

/**
 * Runs the child (`study-child.mjs` tells its arguments); kills it some time after a line of progress.
 * Resolves to whether it finished.
 */
export function runChild(
  args: readonly string[],
  moment?: { readonly line: RegExp; readonly delay: number },
): Promise<boolean> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (moment?.line.test(line)) setTimeout(() => child.kill('SIGKILL'), moment.delay);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(code === 0);
      else reject(new Error(`the child ended with code ${code}: ${errors}`));
    });
  });
}
