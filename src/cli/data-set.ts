/**
 * Which pairs of a task the command line asks for: drawn from its templates, or those of a file.
 */
import { Option } from '@commander-js/extra-typings';
import { InputError } from '../errors.ts';
import { taskDataFromCsv, type TaskFileOptions } from '../tasks/data-file.ts';
import { CORRUPTED_COLUMNS, type CorruptedColumn } from '../tasks/file-columns.ts';
import { taskData, type TaskDataOptions } from '../tasks/generate.ts';
import type { DataSet } from '../tasks/item.ts';
import type { PairModel } from '../tasks/pair.ts';
import { type Contrast, CONTRASTS } from '../terms.ts';
import { readInput, readTask } from './task.ts';
import { oneOf, wholeNumber, withDefault } from './values.ts';

type Optional<Usage extends string, Value> = Option<Usage, undefined, undefined, undefined, false, Value>;

/** More pairs than any survey of today has. */
const MAX_PAIRS = 1_000_000;

export function countOption(fallback: number): Optional<'--n <n>', number> {
  return new Option('--n <n>', withDefault('how many pairs', fallback)).argParser(
    wholeNumber('--n', 1, MAX_PAIRS),
  );
}

export function contrastOption(): Optional<'--contrast <kind>', Contrast> {
  return new Option(
    '--contrast <kind>',
    withDefault('removal or swap', 'swap where the task has it'),
  ).argParser(oneOf('--contrast', CONTRASTS));
}

export function dataOption(): Option<'--data <file>'> {
  return new Option('--data <file>', 'pairs from a .csv file in place of drawn ones');
}

export function corruptedColumnOption(): Optional<'--corrupted-column <name>', CorruptedColumn> {
  const what = 'of ioi with --data: corrupted_hard (swap) or corrupted (removal)';
  return new Option('--corrupted-column <name>', withDefault(what, CORRUPTED_COLUMNS[0])).argParser(
    oneOf('--corrupted-column', CORRUPTED_COLUMNS),
  );
}

export function skipInvalidOption(): Option<'--skip-invalid'> {
  return new Option('--skip-invalid', 'with --data: leave out invalid rows and list them');
}

/** What the options above are read into. */
export interface DataOptions {
  readonly n?: number | undefined;
  readonly seed?: number | undefined;
  readonly contrast?: Contrast | undefined;
  readonly data?: string | undefined;
  readonly corruptedColumn?: CorruptedColumn | undefined;
  readonly skipInvalid?: true | undefined;
}

/** A data set as it was asked for. */
export interface DataRequest {
  /** A task's name, or a task file. */
  readonly task: string;
  readonly n: number;
  /** `--data`: pairs of a file; without it they are drawn. */
  readonly file?: { readonly data: string } & Pick<TaskFileOptions, 'skipInvalid' | 'corruptedColumn'>;
  readonly draws?: Pick<TaskDataOptions, 'seed' | 'contrast'>;
  readonly bos?: boolean;
}

/** Throws InputError for options of drawn pairs beside a file, and the other way round. `seedDraws`: `--seed` is of the draws alone. */
export function requestedData(
  task: string,
  options: DataOptions,
  { n, seed, seedDraws }: { readonly n: number; readonly seed: number; readonly seedDraws: boolean },
): DataRequest {
  const { corruptedColumn, skipInvalid, contrast } = options;
  const count = options.n ?? n;
  if (options.data !== undefined) {
    const drawn =
      seedDraws && options.seed !== undefined ? '--seed' : contrast !== undefined ? '--contrast' : undefined;
    if (drawn !== undefined)
      throw new InputError(
        `expected ${drawn} for pairs that are drawn, got it with --data, whose file says what they are; leave it out`,
      );
    const file = { data: options.data, skipInvalid: skipInvalid === true };
    return { task, n: count, file: { ...file, ...(corruptedColumn && { corruptedColumn }) } };
  }
  const loose = skipInvalid ? '--skip-invalid' : corruptedColumn ? '--corrupted-column' : undefined;
  if (loose !== undefined)
    throw new InputError(`expected --data beside ${loose}, got none; name a .csv file or leave it out`);
  return { task, n: count, draws: { seed: options.seed ?? seed, ...(contrast && { contrast }) } };
}

/** Reads or draws the pairs for a model's tokenizer. Throws InputError as the readers of tasks and files do. */
export async function readDataSet(model: PairModel, request: DataRequest): Promise<DataSet> {
  const { task, n, file, draws, bos } = request;
  const spec = await readTask(task);
  const common = { n, ...(bos !== undefined && { bos }) };
  if (!file) return taskData(model, spec, { ...draws, ...common });
  const bytes = await readInput(file.data, 'a .csv file for --data');
  return taskDataFromCsv(model, spec.name, bytes, file.data, { ...file, ...common });
}
