/**
 * Every row of a file is a pair, or listed with its reason, or told of as not read: for the files of all six tasks.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { csvRecords } from '../../src/tasks/csv.ts';
import { taskDataFromCsv, type TaskFileOptions } from '../../src/tasks/data-file.ts';
import type { Item } from '../../src/tasks/item.ts';
import { embedded } from '../support/task-models.ts';
import { TASK_SETS, type TaskSet } from '../support/task-sets.ts';

const MODEL = await embedded();
const textOf = ({ task }: TaskSet) =>
  readFileSync(join(import.meta.dirname, `../fixtures/tasks/${task}.csv`), 'utf8');
const read = ({ task, options }: TaskSet, bytes: Uint8Array, more: TaskFileOptions = {}) =>
  taskDataFromCsv(MODEL, task, bytes, 'f.csv', { ...options, ...more });
const utf8 = (text: string) => new TextEncoder().encode(text);

type Fields = readonly string[];
const lineOf = (fields: Fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
const fileOf = (rows: readonly Fields[]) => utf8(rows.map(lineOf).join('\n'));
const rowsOf = (set: TaskSet) => csvRecords(textOf(set), 'f.csv').map(({ fields }) => fields);
const withoutRow = ({ row: _, reverseOf: __, ...rest }: Item) => rest;

/** Ways to spoil a row, each by the column that is named; every file has its clean prompt as its first column. */
const SPOILT: readonly (readonly [about: string, spoil: (row: Fields) => Fields, reason: RegExp])[] = [
  ['a field too few', (row) => row.slice(0, -1), /^expected \d fields as in the row of names, got/],
  ['a field too many', (row) => [...row, 'x'], /^expected \d fields as in the row of names, got/],
  ['no clean prompt', ([_, ...rest]) => ['', ...rest], /^expected a value, got none/],
  ['a wrong encoding', ([clean, ...rest]) => [`${clean} \uFFFD`, ...rest], /^expected readable text/],
  ['the pair again', (row) => row, /^expected a pair that did not come before, got that of line/],
  [
    'prompts of unequal length',
    ([clean, ...rest]) => [`Some say that ${clean}`, ...rest],
    /^expected (prompts of equal length|a model with GPT-2’s tokenizer)/,
  ],
];

describe.each(TASK_SETS)('$name', (set) => {
  const [names, ...good] = rowsOf(set) as [Fields, ...Fields[]];
  /** Behind each good row one that is spoilt. */
  const mixed = good.flatMap((row, i) => [row, SPOILT[i]![1](row)]);
  const clean = read(set, fileOf([names, ...good])).items;

  test('skipInvalid: pairs and listed rows are all rows, each once', () => {
    const { items, skipped } = read(set, fileOf([names, ...mixed]), { skipInvalid: true });
    expect(items.map(withoutRow)).toEqual(clean.map(withoutRow));
    const rows = [...items, ...skipped].map(({ row }) => row).sort((a, b) => a - b);
    expect(rows).toEqual(mixed.map((_, i) => i));
    expect(skipped.map(({ row, line }) => [row, line])).toEqual(good.map((_, i) => [2 * i + 1, 2 * i + 3]));
    skipped.forEach(({ column, reason }, i) => {
      expect(reason, SPOILT[i]![0]).toMatch(SPOILT[i]![2]);
      expect(column).toBeTruthy();
    });
  });

  test.each(SPOILT.filter(([about]) => about !== 'the pair again'))(
    '%s: else the first stops the reading, in one line with file, line and column',
    (_about, spoil, reason) => {
      const bytes = fileOf([names, good[0]!, spoil(good[1]!)]);
      const message = new RegExp(`^f\\.csv, line 3, column [^:\\n]+: ${reason.source.slice(1)}[^\\n]*$`);
      expect(() => read(set, bytes)).toThrow(message);
    },
  );

  test('rows behind the n that were asked for are told of', () => {
    const bytes = fileOf([names, ...mixed]);
    const { items, skipped, notes } = read(set, bytes, { skipInvalid: true, n: 2 });
    expect([items.length, skipped.length]).toEqual([2, 1]);
    expect(notes).toContain(
      'The last 9 rows of the file were not read: the first 2 valid pairs were asked for.',
    );
    const most = read(set, fileOf([names, ...good]), { n: 5 }).notes;
    expect(most).toContain('The last row of the file was not read: the first 5 valid pairs were asked for.');
    const all = read(set, fileOf([names, ...good]), { n: 6 }).notes;
    expect(all.join(' ')).not.toMatch(/not read: the first/);
  });

  test('columns in another order and among others', () => {
    const turned = [names, ...good].map((row, i) => [i === 0 ? 'source' : 'x', ...row.toReversed()]);
    const { items, notes } = read(set, fileOf(turned));
    expect(items).toEqual(clean);
    expect(notes.join(' ')).toMatch(/Columns that were not read: source/);
  });

  test('a byte order mark and either line end', () => {
    const text = textOf(set);
    expect(read(set, utf8(`\uFEFF${text}`)).items).toEqual(clean);
    expect(read(set, utf8(text.replaceAll('\n', '\r\n'))).items).toEqual(clean);
  });

  test('UTF-16 in either order, with a mark and without', () => {
    const little = Buffer.from(textOf(set), 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const bytes of [
      little,
      big,
      Buffer.from([0xff, 0xfe, ...little]),
      Buffer.from([0xfe, 0xff, ...big]),
    ])
      expect(() => read(set, bytes)).toThrow(/^f\.csv, line 1: expected UTF-8, got bytes that are none/);
  });
});
