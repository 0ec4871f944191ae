/**
 * A task's data set from a file with the field's columns (file-columns.ts).
 */
import { InputError } from '../errors.ts';
import { counted } from '../words.ts';
import { isTaskName, TASKS, type TaskName } from './builtin/index.ts';
import { type CsvRecord, csvRecords, utf8Text } from './csv.ts';
import { checkDigits } from './digits.ts';
import { type CorruptedColumn, fileTask, type FileTask, type Row, usable } from './file-columns.ts';
import { answerNotes, tokenizerOf } from './generate.ts';
import { hasGpt2Ids } from './gpt2-ids.ts';
import { type Built, type DataSet, type Item, ItemBuilder, type Skipped } from './item.ts';
import { ItemError } from './item-error.ts';
import type { PairModel } from './pair.ts';

export interface TaskFileOptions {
  /** The first n valid rows; default all. */
  readonly n?: number;
  /** Leave out and list rows that are not valid; else the first of them is an error. */
  readonly skipInvalid?: boolean;
  /** Of ioi: `corrupted_hard` (default), the swap, or `corrupted`, the removal. */
  readonly corruptedColumn?: CorruptedColumn;
  /** Whether prompts begin with the beginning-of-sequence token; by default what the tokenizer says. */
  readonly bos?: boolean;
}

/**
 * The pairs of a file, in its order; one that came before is left out and listed. `name` is its path, for messages and records.
 * Throws InputError, one line that names file, line and column: not UTF-8, a column that is missing, no rows, and (unless
 * `skipInvalid`) the first row that is not valid; for a model without a tokenizer; and where no row is valid.
 */
export function taskDataFromCsv(
  model: PairModel,
  task: string,
  bytes: Uint8Array,
  name: string,
  options: TaskFileOptions = {},
): DataSet {
  if (!isTaskName(task))
    throw new InputError(
      `expected a built-in task (${Object.keys(TASKS).join(', ')}) for the columns of ${name}, got ${JSON.stringify(task)}; make its pairs with the task file alone`,
    );
  const reader = new RowReader(model, task, options);
  const { columns, records } = table(bytes, name, reader.file);
  const built: Built[] = [];
  const skipped: Skipped[] = [];
  const { n = Number.POSITIVE_INFINITY } = options;
  for (const [row, record] of records.entries()) {
    if (built.length >= n) break;
    try {
      built.push(reader.read(row, record, columns));
    } catch (error) {
      if (!(error instanceof ItemError)) throw error;
      const column = reader.columnOf(error.part);
      const place = { row, line: record.line, column };
      if (options.skipInvalid !== true && !(error instanceof RepeatedPair))
        throw new InputError(`${name}, line ${record.line}, column ${column}: ${error.message}`);
      skipped.push({ ...place, reason: error.message });
    }
  }
  if (built.length === 0) throw noneValid(name, skipped);
  const items = built.map(({ item }) => item);
  const { contrast } = reader.file;
  const notes = [
    ...answerNotes(built),
    ...fileNotes(items, n),
    ...unreadNotes(records.length - built.length - skipped.length, n),
    ...columnNotes(columns, reader.file),
    ...reader.notes(),
  ];
  return { task, metric: TASKS[task].metric, contrast, file: name, items, skipped, notes };
}

/** A pair that came before: left out and listed in any case, for it is not wrong. */
class RepeatedPair extends ItemError {}

/** Turns rows into items; remembers what came before. */
class RowReader {
  readonly file: FileTask;
  private readonly builder: ItemBuilder;
  private readonly gpt2: boolean;
  private readonly firstId: (text: string) => number;
  /** Rows by their prompts. */
  private readonly seen = new Map<string, { readonly row: number; readonly line: number }>();

  constructor(
    model: PairModel,
    private readonly task: TaskName,
    { corruptedColumn, bos }: TaskFileOptions,
  ) {
    if (corruptedColumn !== undefined && task !== 'ioi')
      throw new InputError(
        `expected the choice of a corrupted column with the task ioi alone, got it with ${task}; leave it out`,
      );
    const tokenizer = tokenizerOf(model, task);
    const { metric } = TASKS[task];
    checkDigits(tokenizer, TASKS[task]);
    this.file = fileTask(task, corruptedColumn ?? 'corrupted_hard');
    this.gpt2 = hasGpt2Ids(tokenizer);
    this.firstId = (text) => tokenizer.encode(text)[0] ?? -1;
    const rules = { metric, severalTokens: true };
    this.builder = new ItemBuilder(tokenizer, model.config, bos === undefined ? rules : { ...rules, bos });
  }

  read(row: number, { line, fields }: CsvRecord, columns: readonly string[]): Built {
    checkFields(fields, columns);
    const values: Row = new Map(columns.map((column, i) => [column, fields[i]!]));
    for (const column of this.file.columns) checkValue(values.get(column)!, column);
    const [clean, corrupted] = [values.get('clean')!, values.get(this.file.corrupted)!];
    const before = this.seen.get(JSON.stringify([clean, corrupted]));
    if (before)
      throw new RepeatedPair(
        'clean',
        `expected a pair that did not come before, got that of line ${before.line}`,
      );
    const { positive, negative } = this.file.answers(values);
    const built = this.builder.build({
      row,
      template: (this.file.template === undefined ? undefined : values.get(this.file.template)) ?? '',
      fillers: {},
      contrast: this.file.contrast,
      clean,
      corrupted,
      positive: usable(positive, this.gpt2, this.firstId),
      negative: usable(negative, this.gpt2, this.firstId),
    });
    this.seen.set(JSON.stringify([clean, corrupted]), { row, line });
    const reverse = this.seen.get(JSON.stringify([corrupted, clean]));
    return reverse ? { ...built, item: { ...built.item, reverseOf: reverse.row } } : built;
  }

  /** The column of this file that a part of an item comes from. */
  columnOf(part: string): string {
    const { columns, corrupted } = this.file;
    if (part === 'corrupted') return corrupted;
    if (part === 'answer') return columns[2]!;
    return part === 'wrong' ? columns.at(-1)! : part;
  }

  notes(): string[] {
    const byIds =
      this.file.columns.some((column) => column.endsWith('_idx')) && !this.task.startsWith('greater');
    if (!byIds || this.gpt2) return [];
    return [
      'The model has not GPT-2’s tokenizer: answers were read from the text columns, ids were not used.',
    ];
  }
}

/** The names and the rows. Throws InputError for what concerns the file as a whole. */
function table(bytes: Uint8Array, name: string, file: FileTask) {
  const [head, ...records] = csvRecords(utf8Text(bytes, name), name);
  const needed = file.columns.join(', ');
  if (!head)
    throw new InputError(`${name}, line 1: expected columns ${needed}, got an empty file; check the path`);
  const columns = head.fields.map((column) => column.trim());
  const missing = file.columns.filter((column) => !columns.includes(column));
  if (missing.length > 0)
    throw new InputError(
      `${name}, line ${head.line}, column ${missing[0]}: expected columns ${needed}, got no ${missing.join(', no ')} among ${columns.slice(0, 20).join(', ')}; add what is missing or name the task that the file belongs to`,
    );
  const twice = [...file.columns, ...file.optional].find(
    (column) => columns.indexOf(column) !== columns.lastIndexOf(column),
  );
  if (twice !== undefined)
    throw new InputError(
      `${name}, line ${head.line}, column ${twice}: expected each column once, got it twice; rename one`,
    );
  if (records.length === 0)
    throw new InputError(
      `${name}, line ${head.line + 1}, column clean: expected at least one row below the names, got none; add pairs`,
    );
  return { columns, records };
}

function checkFields(fields: readonly string[], columns: readonly string[]): void {
  if (fields.length === columns.length) return;
  const place = fields.length < columns.length ? columns[fields.length]! : String(columns.length + 1);
  throw new ItemError(
    place,
    `expected ${columns.length} fields as in the row of names, got ${fields.length}; put fields with commas in double quotes`,
  );
}

function checkValue(value: string, column: string): void {
  if (value.trim() === '') throw new ItemError(column, 'expected a value, got none');
  if (value.includes('\uFFFD'))
    throw new ItemError(
      column,
      'expected readable text, got U+FFFD: the file was once saved in a wrong encoding',
    );
}

function noneValid(name: string, skipped: readonly Skipped[]): InputError {
  const [first] = skipped;
  const why = first ? `; line ${first.line}, column ${first.column}: ${first.reason}` : '';
  return new InputError(
    `${name}: expected at least one valid row, got none of ${skipped.length}${why}; mend the file or name the task that it belongs to`,
  );
}

function fileNotes(items: readonly Item[], n: number): string[] {
  const reversed = items.filter(({ reverseOf }) => reverseOf !== undefined).length;
  return [
    ...(reversed > 0
      ? [
          `${reversed} of ${items.length} pairs stand in the file in both orders: labels count the first of the two alone.`,
        ]
      : []),
    ...(Number.isFinite(n) && items.length < n
      ? [`The file has ${counted(items.length, 'valid pair')}, fewer than the ${n} asked for.`]
      : []),
  ];
}

/** Rows behind the last pair that was asked for. */
function unreadNotes(unread: number, n: number): string[] {
  if (unread === 0) return [];
  const last = unread === 1 ? 'The last row of the file was' : `The last ${unread} rows of the file were`;
  return [`${last} not read: the first ${n} valid pairs were asked for.`];
}

function columnNotes(
  columns: readonly string[],
  { columns: needed, optional, template }: FileTask,
): string[] {
  const read = new Set([...needed, ...optional, ...(template === undefined ? [] : [template])]);
  const other = columns.filter((column) => !read.has(column)).map((column) => column || '(without a name)');
  return other.length > 0 ? [`Columns that were not read: ${other.join(', ')}.`] : [];
}
