/**
 * TransformerLens and Captum in a process of their own, asked one question at a time (full_reference.py).
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { THREADS } from './measure.mjs';

const SCRIPT = fileURLToPath(new URL('./full_reference.py', import.meta.url));
const MISSING = 'set MEDIATORS_PYTHON to a Python that has TransformerLens (reference/requirements.txt)';

/**
 * Starts it in the Python that MEDIATORS_PYTHON names; without one, gives the reason why it is left out.
 * @param {string} folder the checkpoint
 */
export async function startReference(folder, { clean, corrupted, answer, wrong }) {
  const python = process.env.MEDIATORS_PYTHON;
  if (!python) return { reason: MISSING };
  const pair = JSON.stringify({ clean, corrupted, answer, wrong });
  const child = spawn(python, [SCRIPT, folder, String(THREADS), pair], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise((resolve) =>
    child.once('error', (error) => resolve({ value: undefined, error })),
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await Promise.race([lines.next(), failed]);
    return value === undefined ? undefined : JSON.parse(value);
  };
  const first = await next();
  if (!first) return { reason: `${python} could not load TransformerLens` };
  return {
    versions: first.versions,
    pid: child.pid,
    /** Its answer to one command; throws where it failed. */
    async ask(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const answer = await next();
      if (!answer || answer.error) throw new Error(`${command.do}: ${answer?.error ?? 'no answer'}`);
      return answer;
    },
    stop: () => child.kill(),
  };
}
