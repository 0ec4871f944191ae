import { describe, expect, test } from 'vitest';
import { VERBS } from '../../src/tasks/builtin/sva.ts';
import { taskDataFromCsv, type TaskFileOptions } from '../../src/tasks/data-file.ts';
import { hasGpt2Ids } from '../../src/tasks/gpt2-ids.ts';
import { NO_SMOLLM2 } from '../support/smollm2.ts';
import { embedded, gpt2, smollm2Model } from '../support/task-models.ts';

const GPT2 = gpt2();
const EMBEDDED = await embedded();
const SMOLLM2 = await smollm2Model();
const idOf = (word: string): number => {
  const ids = GPT2.tokenizer!.encode(word);
  expect(ids).toHaveLength(1);
  return ids[0]!;
};
const bytes = (...lines: string[]) => new TextEncoder().encode(lines.join('\n'));
const read = (task: string, lines: string[], options: TaskFileOptions = {}, model = GPT2) =>
  taskDataFromCsv(model, task, bytes(...lines), 'f.csv', options);

// Sentences of this test, in the columns of the field's files, with pandas' unnamed first column.
const IOI_NAMES = ',clean,corrupted,corrupted_hard,correct_idx,incorrect_idx';
const ioi = (a: string, b: string, c: string, ids = [idOf(` ${a}`), idOf(` ${b}`)]) =>
  `7,"Then ${a} and ${b} had lunch, and ${b} gave a drink to","Then ${a} and ${b} had lunch, and ${c} gave a drink to","Then ${a} and ${b} had lunch, and ${a} gave a drink to",${ids.join(',')}`;
const IOI = [IOI_NAMES, ioi('Mary', 'John', 'Paul'), ioi('Anna', 'Paul', 'Mary')];
const GENDER = [
  'clean,corrupted,clean_answer_idx,corrupted_answer_idx,label',
  'The nurse slept because,The man slept because,673,339,0',
  'The farmer slept because,The woman slept because,339,673,1',
];
const YEARS = [
  'clean,corrupted,correct_idx',
  'The war lasted from the year 1746 to the year 17,The war lasted from the year 1701 to the year 17,46',
  'The plan lasted from the year 1608 to the year 16,The plan lasted from the year 1601 to the year 16,8',
];
const CAPITALS = [
  'clean,capital,country,country_idx,corrupted,corrupted_capital,corrupted_country,corrupted_country_idx',
  `" Paris, the capital of",Paris,France,${idOf(' France')}," Rome, the capital of",Rome,Italy,${idOf(' Italy')}`,
];
const SVA = [
  'clean,corrupted,group,plural',
  'The key near the doors,The keys near the doors,near,0',
  'The lamps of the hotel,The lamp of the hotel,of,1',
  'The keys near the doors,The key near the doors,near,1',
];
const KINDS = [
  'clean,answers,answers_idx,corrupted,corrupted_answers,corrupted_answers_idx',
  `", roses and other","['flower', 'flowers']","[${idOf(' flower')}, ${idOf(' flowers')}]",", drums and other",['instruments'],[${idOf(' instruments')}]`,
];

const texts = (tokens: readonly { text?: string }[]) => tokens.map(({ text }) => text);

describe('the field’s files on GPT-2’s tokenizer', () => {
  test('ioi: the swap by default, the removal by its column', () => {
    const swap = read('ioi', IOI);
    expect(swap).toMatchObject({ task: 'ioi', metric: 'logit_difference', contrast: 'swap', skipped: [] });
    expect(swap.items.map(({ row, metric }) => [row, metric])).toEqual([
      [0, { name: 'logit_difference', answer: idOf(' Mary'), wrong: idOf(' John') }],
      [1, { name: 'logit_difference', answer: idOf(' Anna'), wrong: idOf(' Paul') }],
    ]);
    expect(swap.items[0]!.corrupted.text).toMatch(/and Mary gave/);
    expect(swap.notes).toEqual(['Columns that were not read: (without a name), corrupted.']);
    const removal = read('ioi', IOI, { corruptedColumn: 'corrupted' });
    expect(removal.contrast).toBe('removal');
    expect(removal.items[0]!.corrupted.text).toMatch(/and Paul gave/);
  });

  test('gender_bias', () => {
    const { items } = read('gender_bias', GENDER);
    expect(items.map(({ positive, negative }) => [texts(positive), texts(negative)])).toEqual([
      [[' she'], [' he']],
      [[' he'], [' she']],
    ]);
  });

  test('greater_than: all 100 two-digit tokens, those above yy against the others', () => {
    const { items } = read('greater_than', YEARS);
    for (const [i, yy] of [46, 8].entries()) {
      const { positive, negative, metric } = items[i]!;
      expect(texts(positive).map(Number)).toEqual(Array.from({ length: 99 - yy }, (_, k) => yy + 1 + k));
      expect(texts(negative).map(Number)).toEqual(Array.from({ length: yy + 1 }, (_, k) => k));
      expect(metric).toMatchObject({ name: 'set_difference', scale: 'probability' });
    }
  });

  test('capital_country', () => {
    const [item] = read('capital_country', CAPITALS).items;
    expect([texts(item!.positive), texts(item!.negative)]).toEqual([[' France'], [' Italy']]);
    expect(item!.clean.text).toBe(' Paris, the capital of');
  });

  test('sva: the verbs’ number is the column’s; groups are templates; both orders are marked', () => {
    const { items, notes } = read('sva', SVA);
    expect(items.map(({ positive }) => texts(positive))).toEqual([
      VERBS.singular,
      VERBS.plural,
      VERBS.plural,
    ]);
    expect(items.map(({ template }) => template)).toEqual(['near', 'of', 'near']);
    expect(items.map(({ reverseOf }) => reverseOf)).toEqual([undefined, undefined, 0]);
    expect(notes[0]).toMatch(/^1 of 3 pairs stand in the file in both orders/);
  });

  test('hypernymy: a file’s lists are used as given', () => {
    const [item] = read('hypernymy', KINDS).items;
    expect([texts(item!.positive), texts(item!.negative)]).toEqual([
      [' flower', ' flowers'],
      [' instruments'],
    ]);
  });

  test('the first n, and fewer with a note', () => {
    expect(read('ioi', IOI, { n: 1 }).items).toHaveLength(1);
    expect(read('ioi', IOI, { n: 9 }).notes).toContain(
      'The file has 2 valid pairs, fewer than the 9 asked for.',
    );
  });

  test('a pair that comes again is left out and listed, not refused', () => {
    const { items, skipped } = read('ioi', [...IOI, IOI[1]!]);
    expect(items).toHaveLength(2);
    expect(skipped).toEqual([
      {
        row: 2,
        line: 4,
        column: 'clean',
        reason: 'expected a pair that did not come before, got that of line 2',
      },
    ]);
  });
});

describe('another tokenizer', () => {
  test('is told from GPT-2’s by what it does', () => {
    expect(
      [GPT2, EMBEDDED, ...(SMOLLM2 ? [SMOLLM2] : [])].map(({ tokenizer }) => hasGpt2Ids(tokenizer!)),
    ).toEqual([true, false, ...(SMOLLM2 ? [false] : [])]);
  });

  test('never takes the ids: answers come from the text columns', () => {
    const cases = [
      ['ioi', IOI, ' Mary', ' John'],
      ['gender_bias', GENDER, ' she', ' he'],
      ['capital_country', CAPITALS, ' France', ' Italy'],
    ] as const;
    for (const [task, lines, answer, wrong] of cases) {
      const { items, notes } = read(task, [...lines], {}, EMBEDDED);
      const id = (word: string) => EMBEDDED.tokenizer!.encode(word)[0];
      expect(items[0]!.metric).toEqual({ name: 'logit_difference', answer: id(answer), wrong: id(wrong) });
      expect(notes.at(-1)).toMatch(/ids were not used/);
    }
  });

  test('is refused where no column tells the answers', () => {
    const bare = KINDS.map((line, i) =>
      i === 0 ? line.replace(',answers,', ',x,').replace(',corrupted_answers,', ',y,') : line,
    );
    expect(() => read('hypernymy', bare, {}, EMBEDDED)).toThrow(
      /^f\.csv, line 2, column answers_idx: expected a model with GPT-2’s tokenizer, whose ids this column holds, or a column answers with their texts, got neither; give/,
    );
    const lonely = [IOI_NAMES.replace('corrupted_hard', 'x'), IOI[1]!];
    expect(() => read('ioi', lonely, { corruptedColumn: 'corrupted' }, EMBEDDED)).toThrow(
      /column correct_idx: expected a model with GPT-2/,
    );
    // Two words differ: which of them are the names is not told.
    const two = [IOI_NAMES, IOI[1]!.replace(' gave', ' hands')];
    expect(() => read('ioi', two, {}, EMBEDDED)).toThrow(
      /or clean and corrupted_hard prompts that differ in one word, a name, got neither; give/,
    );
  });

  test('that splits digits: the tens digit under its own name', ({ skip }) => {
    if (!SMOLLM2) return skip(NO_SMOLLM2);
    expect(() => read('greater_than', YEARS, {}, SMOLLM2)).toThrow(/use the task greater_than_tens/);
    const { items, skipped } = read('greater_than_tens', YEARS, { skipInvalid: true }, SMOLLM2);
    expect(texts(items[0]!.positive)).toEqual(['5', '6', '7', '8', '9']);
    expect(texts(items[0]!.negative)).toEqual(['0', '1', '2', '3']);
    // No digit lies below 0.
    expect(skipped).toMatchObject([{ line: 3, column: 'correct_idx' }]);
  });

  test('moves what long answers share into both prompts and scores the first token that differs', () => {
    const lines = [
      'clean,country,country_idx,corrupted,corrupted_country,corrupted_country_idx',
      'They lived in,New Zealand,1,They were in,New York,2',
    ];
    const { items, notes } = read('capital_country', lines, {}, EMBEDDED);
    const [item] = items;
    const [a, b] = [' New Zealand', ' New York'].map((text) => EMBEDDED.tokenizer!.encode(text));
    const shared = a!.findIndex((id, i) => id !== b![i]);
    expect(shared).toBeGreaterThan(0);
    expect(item!.metric).toEqual({ name: 'logit_difference', answer: a![shared], wrong: b![shared] });
    expect(item!.clean.ids.slice(-shared)).toEqual(a!.slice(0, shared));
    expect(item!.corrupted.ids.slice(-shared)).toEqual(a!.slice(0, shared));
    expect(item!.clean.text!.startsWith('They lived in New')).toBe(true);
    expect(notes[0]).toMatch(/^In 1 item both answers begin alike/);
  });
});

describe('bad input: one line with file, line and column', () => {
  const [ioiNames, first, second] = IOI as [string, string, string];
  test.each([
    [
      'an empty file',
      'ioi',
      [''],
      /^f\.csv, line 1: expected columns clean, corrupted_hard, .*got an empty file/,
    ],
    [
      'no rows',
      'ioi',
      [ioiNames],
      /^f\.csv, line 2, column clean: expected at least one row below the names, got none/,
    ],
    [
      'a missing column',
      'ioi',
      [ioiNames.replace('incorrect_idx', 'x'), first],
      /^f\.csv, line 1, column incorrect_idx: expected columns .* got no incorrect_idx among/,
    ],
    [
      'a column twice',
      'ioi',
      [`${ioiNames},clean`, `${first},x`],
      /^f\.csv, line 1, column clean: expected each column once/,
    ],
    [
      'a field too few',
      'ioi',
      [ioiNames, second, first.replace(/,\d+$/, '')],
      /^f\.csv, line 3, column incorrect_idx: expected 6 fields as in the row of names, got 5/,
    ],
    ['a field too many', 'ioi', [ioiNames, `${first},9`], /^f\.csv, line 2, column 7: expected 6 fields/],
    [
      'an open quote',
      'ioi',
      [ioiNames, first, '1,"x'],
      /^f\.csv: expected a closing quote .* begins on line 3/,
    ],
    [
      'an empty field',
      'gender_bias',
      [GENDER[0]!, ',b,1,2,3'],
      /^f\.csv, line 2, column clean: expected a value, got none/,
    ],
    [
      'a wrong encoding',
      'gender_bias',
      [GENDER[0]!, 'The caf\uFFFD slept,b,1,2,3'],
      /^f\.csv, line 2, column clean: expected readable text, got U\+FFFD/,
    ],
    [
      'unequal pairs',
      'gender_bias',
      [...GENDER, 'The big nurse slept because,The man slept because,673,339,0'],
      /^f\.csv, line 4, column corrupted: expected prompts of equal length, got 6 tokens \(clean\) and 5/,
    ],
    [
      'the same prompt twice',
      'gender_bias',
      [GENDER[0]!, 'The man slept,The man slept,673,339,0'],
      /^f\.csv, line 2, column corrupted: expected two different prompts/,
    ],
    [
      'an id of another tokenizer',
      'ioi',
      [ioiNames, ioi('Mary', 'John', 'Paul', [30_274, 26_876])],
      /^f\.csv, line 2, column correct_idx: expected 5335, GPT-2’s id of " Mary", got 30274: an id of another tokenizer/,
    ],
    [
      'an id past the end',
      'gender_bias',
      [GENDER[0]!, 'The nun ran,The dog ran,99999,339,0'],
      /^f\.csv, line 2, column clean_answer_idx: expected token ids .* from 0 to 50256, got 99999/,
    ],
    [
      'no number',
      'gender_bias',
      [GENDER[0]!, 'The nun ran,The dog ran,she,339,0'],
      /^f\.csv, line 2, column clean_answer_idx: expected a whole number, got "she"/,
    ],
    [
      'countries with one first token',
      'capital_country',
      [CAPITALS[0]!, '" Rome, the capital of",a,,968," Oslo, the capital of",b,,968'],
      /^f\.csv, line 2, column corrupted_country_idx: expected two different answers, got " New" \(token 968\) twice/,
    ],
    [
      'another year',
      'greater_than',
      [YEARS[0]!, YEARS[1]!.replace(/46$/, '47')],
      /^f\.csv, line 2, column correct_idx: expected the last two digits of the clean prompt’s first year, 46, got 47/,
    ],
    [
      'a number above 99',
      'greater_than',
      [YEARS[0]!, YEARS[1]!.replace(/46$/, '146')],
      /column correct_idx: expected a whole number from 0 to 99, got "146"/,
    ],
    [
      'neither singular nor plural',
      'sva',
      [SVA[0]!, 'The key,The keys,x,2'],
      /^f\.csv, line 2, column plural: expected 1 \(the clean prompt takes a plural verb\) or 0 .*, got "2"; write 1 or 0/,
    ],
    [
      'no list',
      'hypernymy',
      [KINDS[0]!, KINDS[1]!.replace(/"\[[\d, ]+\]"/, '12')],
      /^f\.csv, line 2, column answers_idx: expected a list of token ids such as \[262, 11\], got "12"/,
    ],
    [
      'an answer on both sides',
      'hypernymy',
      [KINDS[0]!.replace('corrupted_answers,', 'x,'), KINDS[1]!.replace(/\[\d+\]$/, `[${idOf(' flowers')}]`)],
      /^f\.csv, line 2, column corrupted_answers_idx: expected no answer on both sides, got " flowers"/,
    ],
    [
      'lists of other lengths',
      'hypernymy',
      [KINDS[0]!, KINDS[1]!.replace("'flower', ", '')],
      /^f\.csv, line 2, column answers: expected 2 words as in answers_idx, got 1/,
    ],
  ] as const)('%s', (_, task, lines, message) => {
    expect(() => read(task, [...lines])).toThrow(message);
  });

  test('bytes that are no UTF-8, by their line', () => {
    const latin1 = Uint8Array.from([...bytes(...GENDER, 'The caf'), 0xe9, ...bytes(' slept,b,1,2,3')]);
    expect(() => taskDataFromCsv(GPT2, 'gender_bias', latin1, 'f.csv')).toThrow(
      /^f\.csv, line 4: expected UTF-8/,
    );
    const utf16 = Uint8Array.from([0xff, 0xfe, ...bytes(...GENDER)]);
    expect(() => taskDataFromCsv(GPT2, 'gender_bias', utf16, 'f.csv')).toThrow(
      /^f\.csv, line 1: expected UTF-8/,
    );
  });

  test('lines are those of the file, whatever the fields hold', () => {
    const lines = [GENDER[0]!, '"The nurse\nslept because","The man\nslept because",673,339,0', '', 'a,b,1'];
    expect(() => read('gender_bias', lines)).toThrow(
      /^f\.csv, line 6, column corrupted_answer_idx: expected 5 fields/,
    );
  });

  test('skipInvalid lists every row that it leaves out, with line, column and reason', () => {
    const { items, skipped } = read('gender_bias', [...GENDER, 'a,b,1', 'The nun ran,The dog ran,x,339,0'], {
      skipInvalid: true,
    });
    expect(items).toHaveLength(2);
    expect(skipped).toEqual([
      {
        row: 2,
        line: 4,
        column: 'corrupted_answer_idx',
        reason: expect.stringMatching(/^expected 5 fields/) as string,
      },
      { row: 3, line: 5, column: 'clean_answer_idx', reason: 'expected a whole number, got "x"' },
    ]);
    expect(() => read('gender_bias', [GENDER[0]!, 'a,b,1'], { skipInvalid: true })).toThrow(
      /^f\.csv: expected at least one valid row, got none of 1; line 2, column corrupted_answer_idx: /,
    );
  });

  test('a task without such files, and a column of another task', () => {
    expect(() => read('mine', IOI)).toThrow(
      /expected a built-in task \(ioi, .*for the columns of f\.csv, got "mine"/,
    );
    expect(() => read('sva', SVA, { corruptedColumn: 'corrupted' })).toThrow(/with the task ioi alone/);
  });
});
