/**
 * The data sets of all six tasks in `test/fixtures/tasks`, and what the references say of surveys of them on the embedded
 * model (reference/tasks.py).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../src/patch/model.ts';
import { taskDataFromCsv } from '../../src/task-data.ts';
import type { TaskName } from '../../src/tasks/builtin/index.ts';
import type { TaskFileOptions } from '../../src/tasks/data-file.ts';
import type { DataSet } from '../../src/tasks/item.ts';
import type { PairModel } from '../../src/tasks/pair.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/tasks');

export interface TaskSet {
  /** Its arrays begin with this and a dot. */
  readonly name: string;
  readonly task: TaskName;
  readonly options: TaskFileOptions;
}

const plain = (task: TaskName): TaskSet => ({ name: task, task, options: {} });

export const TASK_SETS: readonly TaskSet[] = [
  { name: 'ioi_swap', task: 'ioi', options: {} },
  { name: 'ioi_removal', task: 'ioi', options: { corruptedColumn: 'corrupted' } },
  plain('gender_bias'),
  plain('greater_than'),
  plain('capital_country'),
  plain('sva'),
  plain('hypernymy'),
];

/** The pairs of its file, on a model's tokenizer. */
export function readTaskSet(model: Model | PairModel, { task, options }: TaskSet): DataSet {
  const name = `${task}.csv`;
  return taskDataFromCsv(model, task, readFileSync(join(FOLDER, name)), name, options);
}

/** Neurons whose scores the references have: every 16th of a layer, in the first two pairs. */
export const NEURONS = { every: 16, pairs: 2 };

/** The codes of labels, by their places. */
export const LABEL_CODES = ['none', 'and', 'or', 'adder', 'inhibitory', 'mixed'] as const;

const ARRAYS = decodeSafetensors(readFileSync(join(FOLDER, 'expected.safetensors')), 'tasks') as Map<
  string,
  Tensor
>;

/** Whether the references have an array of a data set. */
export function hasArray({ name }: TaskSet, array: string): boolean {
  return ARRAYS.has(`${name}.${array}`);
}

/** An array of a data set. Throws where there is none. */
export function expectedOf({ name }: TaskSet, array: string): Tensor {
  const found = ARRAYS.get(`${name}.${array}`);
  if (!found) throw new RangeError(`the references have no array ${name}.${array}`);
  return found;
}

/** One pair's part of an array [pairs, ...], flat. */
export function partOf({ data, shape }: Tensor, pair: number): Float32Array {
  const size = data.length / shape[0]!;
  return data.slice(pair * size, (pair + 1) * size);
}
