import { expect, test } from 'vitest';
import { TASKS, type TaskName } from '../../src/tasks/builtin/index.ts';
import { taskDataFromCsv } from '../../src/tasks/data-file.ts';
import { taskData } from '../../src/tasks/generate.ts';
import type { Item } from '../../src/tasks/item.ts';
import { gpt2 } from '../support/task-models.ts';

const GPT2 = gpt2();
const quoted = (text: string | undefined) => `"${text}"`;
/** The columns of one item. */
type Columns = (item: Item) => (string | number | undefined)[];
const list = (tokens: Item['positive']) => quoted(`[${tokens.map(({ id }) => id).join(', ')}]`);
const one = ({ positive, negative }: Item) => [positive[0]!.id, negative[0]!.id];
const cases: readonly (readonly [TaskName, string, Columns])[] = [
  ['ioi', 'clean,corrupted_hard,correct_idx,incorrect_idx', one],
  ['gender_bias', 'clean,corrupted,clean_answer_idx,corrupted_answer_idx', one],
  ['capital_country', 'clean,corrupted,country_idx,corrupted_country_idx', one],
  ['greater_than', 'clean,corrupted,correct_idx', ({ fillers }) => [fillers['years.1']]],
  ['sva', 'clean,corrupted,plural', ({ positive }) => [positive[0]!.text === ' are' ? 1 : 0]],
  [
    'hypernymy',
    'clean,corrupted,answers_idx,corrupted_answers_idx',
    ({ positive, negative }) => [list(positive), list(negative)],
  ],
];

test.each(cases)(
  '%s: generated pairs, written as the field writes them, come back the same',
  (task, names, columns) => {
    const { items, contrast, metric } = taskData(GPT2, TASKS[task], { n: 40, seed: 5 });
    const lines = items.map((item) =>
      [quoted(item.clean.text), quoted(item.corrupted.text), ...columns(item)].join(','),
    );
    const bytes = new TextEncoder().encode([names, ...lines].join('\n'));
    const file = taskDataFromCsv(GPT2, task, bytes, 'f.csv');
    expect(file).toMatchObject({ task, contrast, metric, skipped: [] });
    const bare = (all: readonly Item[]) => all.map(({ template: _, fillers: __, row: ___, ...rest }) => rest);
    expect(bare(file.items)).toEqual(bare(items));
  },
);
