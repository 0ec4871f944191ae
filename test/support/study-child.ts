/**
 * Studies in processes of their own, and their violent ends.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type StopAt, stopping } from './stop-at.ts';

const CHILD = join(import.meta.dirname, 'study-child.mjs');

/**
 * Runs the child (`study-child.mjs` tells its arguments), which is killed at a moment, if one is given.
 * Resolves to whether it finished.
 */
export function runChild(args: readonly string[], moment?: StopAt): Promise<boolean> {
  const stop = stopping(moment && { ...moment, signal: 'SIGKILL' });
  const child = spawn(process.execPath, [...stop.args, CHILD, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...stop.env },
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
