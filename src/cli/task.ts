/**
 * Which task the command line names: a built-in one, or a task file.
 */
import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { systemReason } from '../files.ts';
import { isTaskName, TASK_NAMES, TASKS } from '../tasks/builtin/index.ts';
import type { TaskSpec } from '../tasks/spec.ts';
import { parseTask } from '../tasks/task-file.ts';
import { shown } from '../tensor/json.ts';

/** A built-in task by name, or the task of a .json file. Throws InputError where it is neither. */
export async function readTask(name: string): Promise<TaskSpec> {
  if (isTaskName(name)) return TASKS[name];
  if (/\.json$/i.test(name)) return parseTask(await readInput(name, 'a task file'), name);
  throw new InputError(
    `expected a task (${TASK_NAMES.join(', ')}) or a task file that ends in .json, got ${shown(name)}; mediators tasks lists them`,
  );
}

/** The bytes of a file that the user named. `what` says what it should be. Throws InputError where it cannot be read. */
export async function readInput(file: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new InputError(`expected ${what}, got ${file}: ${systemReason(error)}; check the path`);
  }
}
