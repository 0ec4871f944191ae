/**
 * Greater-than compares all hundred pairs of digits: which tokenizers it takes, and what the others get in its place.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildTokenizer } from '../../src/model/tokenizers/huggingface.ts';
import { TASKS } from '../../src/tasks/builtin/index.ts';
import { taskDataFromCsv } from '../../src/tasks/data-file.ts';
import { checkDigits, TWO_DIGITS } from '../../src/tasks/digits.ts';
import type { PairModel } from '../../src/tasks/pair.ts';
import { gpt2 } from '../support/task-models.ts';
import { fakeConfig } from './fake.ts';

const GPT2 = gpt2();
const FILE = join(import.meta.dirname, '../fixtures/tokenizer/smollm.json');

/** A vocabulary under a pre-tokenizer that splits numbers into digits. */
const SPLITS: PairModel = {
  id: 'splits',
  config: { ...fakeConfig, vocabulary: 50_000, context: 1024 },
  tokenizer: buildTokenizer(JSON.parse(readFileSync(FILE, 'utf8')), { family: 'llama' }, 'splits'),
};

/** GPT-2's, but that it writes some texts as two tokens. */
function without(...texts: string[]): PairModel {
  const { tokenizer } = GPT2;
  const encode = (text: string) =>
    texts.includes(text)
      ? Array.from(text).flatMap((one) => tokenizer!.encode(one))
      : tokenizer!.encode(text);
  return { ...GPT2, tokenizer: { ...tokenizer!, encode, tokenText: (id) => tokenizer!.tokenText(id) } };
}

const bytes = (...rows: string[]) =>
  new TextEncoder().encode(['clean,corrupted,correct_idx', ...rows].join('\n'));
const WAR =
  'The war lasted from the year 1746 to the year 17,The war lasted from the year 1702 to the year 17,46';
const read = (model: PairModel, task: string, ...rows: string[]) =>
  taskDataFromCsv(model, task, bytes(...rows), 'f.csv');

describe('greater_than', () => {
  test('takes a tokenizer with all of them', () => {
    expect(() => checkDigits(GPT2.tokenizer!, TASKS.greater_than)).not.toThrow();
  });

  test.each(['00', '37', '99'])(
    'refuses one that lacks "%s", which could not be on either side',
    (missing) => {
      expect(() => read(without(missing), 'greater_than', WAR)).toThrow(
        /each of "00" to "99" as one token for the task greater_than, got 99 of 100; use the task greater_than_tens, /,
      );
    },
  );

  test('is refused where digits are split; the tens digit has a name of its own', () => {
    expect(() => read(SPLITS, 'greater_than', WAR)).toThrow(/got 0 of 100; use the task greater_than_tens, /);
    const { task, items } = read(SPLITS, 'greater_than_tens', WAR);
    expect(task).toBe('greater_than_tens');
    const answers = (side: 'positive' | 'negative') => items[0]![side].map(({ text }) => text);
    expect(answers('positive')).toEqual(['5', '6', '7', '8', '9']);
    expect(answers('negative')).toEqual(['0', '1', '2', '3']);
    expect(() => read(GPT2, 'greater_than_tens', WAR)).toThrow(/two tokens .*use the task greater_than, /);
  });

  test.each([7, 46, 98])('has 100 tokens in all for the year %d, each on one side', (yy) => {
    const digits = TWO_DIGITS[yy]!;
    const [item] = read(
      GPT2,
      'greater_than',
      WAR.replace('1746', `17${digits}`).replace(/46$/, String(yy)),
    ).items;
    const { positive, negative } = item!;
    expect([positive.length, negative.length]).toEqual([99 - yy, yy + 1]);
    expect([...negative, ...positive].map(({ text }) => text)).toEqual(TWO_DIGITS);
    expect(new Set([...negative, ...positive].map(({ id }) => id)).size).toBe(100);
  });

  test('has no answer above 99', () => {
    expect(() => read(GPT2, 'greater_than', WAR.replace('1746', '1799').replace(/46$/, '99'))).toThrow(
      /^f\.csv, line 2, column correct_idx: expected a year with answers on both sides, got 99/,
    );
  });
});
