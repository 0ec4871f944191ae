/**
 * Data sets of tasks for a model: generated, or from a file.
 */
import { InputError } from './errors.ts';
import { Model } from './patch/model.ts';
import { TASKS, type TaskName } from './tasks/builtin/index.ts';
import { taskDataFromCsv as fromCsv, type TaskFileOptions } from './tasks/data-file.ts';
import { type TaskDataOptions, taskData as generated } from './tasks/generate.ts';
import type { DataSet } from './tasks/item.ts';
import type { PairModel } from './tasks/pair.ts';
import type { TaskSpec } from './tasks/spec.ts';

/**
 * n different items of a task, checked against the model's tokenizer; the same for the same seed. `task` is a built-in
 * task's name, or a task of your own (`parseTask` reads a task file).
 * Throws InputError for a model without a tokenizer, an unknown task, a contrast that the task lacks, a tokenizer that the
 * task cannot be read with, and where n different valid items are not found.
 */
export function taskData(
  model: Model | PairModel,
  task: TaskName | TaskSpec,
  options: TaskDataOptions,
): DataSet {
  const spec = typeof task === 'string' ? TASKS[task] : task;
  if (spec === undefined)
    throw new InputError(
      `expected a task among ${Object.keys(TASKS).join(', ')}, got ${JSON.stringify(task)}; give one of these, or a task of your own`,
    );
  return generated(tokenizing(model), spec, options);
}

/**
 * The pairs of a CSV file with the field's columns (docs/tasks.md), in its order. `name` is its path, for messages and records.
 * Throws InputError, one line that names file, line and column, for what is wrong with the file, and (unless
 * `skipInvalid`) for the first row that is not valid.
 */
export function taskDataFromCsv(
  model: Model | PairModel,
  task: TaskName,
  bytes: Uint8Array,
  name: string,
  options: TaskFileOptions = {},
): DataSet {
  return fromCsv(tokenizing(model), task, bytes, name, options);
}

function tokenizing(model: Model | PairModel): PairModel {
  return model instanceof Model ? model.loaded : model;
}
