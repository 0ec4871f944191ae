import { describe, expect, test } from 'vitest';
import { TASK_NAMES, TASKS } from '../../src/tasks/builtin/index.ts';
import { contrastsOf, pairKey, reasonCounts, taskData, templatesOf } from '../../src/tasks/generate.ts';
import type { DataSet, Item } from '../../src/tasks/item.ts';
import type { PairModel } from '../../src/tasks/pair.ts';
import type { TaskSpec } from '../../src/tasks/spec.ts';
import type { Contrast } from '../../src/terms.ts';
import { NO_SMOLLM2 } from '../support/smollm2.ts';
import { embedded, gpt2, smollm2Model } from '../support/task-models.ts';

const small = await smollm2Model();
const MODELS: Readonly<Record<string, PairModel | undefined>> = {
  embedded: await embedded(),
  gpt2: gpt2(),
  smollm2: small,
};
const N = 100;

/** Tasks that a tokenizer cannot have, by the way it writes digits. */
const REFUSED: Readonly<Record<string, string>> = {
  embedded: 'greater_than_tens',
  gpt2: 'greater_than_tens',
  smollm2: 'greater_than',
};

const ids = (tokens: readonly { id: number }[]) => tokens.map(({ id }) => id);

/** What every item of every task must satisfy, whoever made it. */
function expectValid({ items, contrast }: DataSet, model: PairModel): void {
  const prompts = new Set(items.map(({ clean, corrupted }) => pairKey(clean.text!, corrupted.text!)));
  expect(prompts.size).toBe(items.length);
  for (const item of items) {
    expect(item.contrast).toBe(contrast);
    expect(item.clean.ids).toHaveLength(item.corrupted.ids.length);
    const bos = model.tokenizer!.prependsBos ? [model.tokenizer!.bosTokenId!] : [];
    expect(item.clean.ids).toEqual([...bos, ...model.tokenizer!.encode(item.clean.text!)]);
    expect(item.clean.tokens.slice(bos.length).join('')).toBe(item.clean.text);
    expect(item.firstDifference).toBe(item.clean.ids.findIndex((id, i) => id !== item.corrupted.ids[i]));
    const [right, wrong] = [ids(item.positive), ids(item.negative)];
    expect(new Set([...right, ...wrong]).size).toBe(right.length + wrong.length);
    if (item.metric.name === 'logit_difference')
      expect([[item.metric.answer], [item.metric.wrong]]).toEqual([right, wrong]);
    else expect([item.metric.positive, item.metric.negative]).toEqual([right, wrong]);
  }
}

/** Words of a sentence that do not stand in the other at the same place. */
function differingWords({ clean, corrupted }: Item): string[][] {
  const [a, b] = [clean.text!.split(' '), corrupted.text!.split(' ')];
  return a.flatMap((word, i) => (word === b[i] ? [] : [[word, b[i]!]]));
}

describe.each(Object.keys(MODELS))('on the tokenizer of %s', (id) => {
  const model = MODELS[id];
  const there = test.skipIf(!model);
  if (!model) console.warn(`tasks on SmolLM2's tokenizer: skipped, ${NO_SMOLLM2}`);

  there.each(TASK_NAMES.filter((name) => name !== REFUSED[id]))(
    '%s has 100 valid items of both contrasts',
    (name) => {
      for (const contrast of contrastsOf(TASKS[name])) {
        const data = taskData(model!, TASKS[name], { n: N, contrast });
        expect(data).toMatchObject({ task: name, metric: TASKS[name].metric, contrast });
        expect(data.items).toHaveLength(N);
        expectValid(data, model!);
        // Clusters of a survey are templates: enough of them for a test.
        expect(new Set(data.items.map(({ template }) => template)).size).toBeGreaterThanOrEqual(8);
      }
    },
  );

  there('the other greater-than is named where digits are written otherwise', () => {
    const other = REFUSED[id] === 'greater_than' ? 'greater_than_tens' : 'greater_than';
    expect(() => taskData(model!, TASKS[REFUSED[id] as 'greater_than'], { n: 1 })).toThrow(
      new RegExp(`got 0 of 100; use the task ${other}, `),
    );
  });
});

describe('draws', () => {
  const model = MODELS.embedded!;
  const { ioi } = TASKS;

  test('are the same for a seed, and others for another', () => {
    const made = (seed: number) => taskData(model, ioi, { n: 20, seed });
    expect(made(3)).toEqual(made(3));
    expect(made(3).items).not.toEqual(made(4).items);
  });

  test('of a smaller n come first in a larger one', () => {
    const [few, many] = [5, 20].map((n) => taskData(model, TASKS.hypernymy, { n, seed: 1 }).items);
    expect(many!.slice(0, 5)).toEqual(few);
  });

  test('every draw is an item or listed with its reason', () => {
    const { items, skipped } = taskData(model, TASKS.hypernymy, { n: N });
    const rows = [...items, ...skipped].map(({ row }) => row).sort((a, b) => a - b);
    expect(skipped.length).toBeGreaterThan(10);
    // What comes after the last item is not drawn.
    expect(rows).toEqual(rows.map((_, i) => i));
    const counts = reasonCounts(skipped);
    expect(counts.reduce((total, { count }) => total + count, 0)).toBe(skipped.length);
    expect(counts.length).toBeLessThan(4);
  });

  test('end with the number that there is where too many are asked for', () => {
    const tiny: TaskSpec = {
      ...ioi,
      fillers: { ...ioi.fillers, names: ['John', 'Mary'], places: ['store'], things: ['a ring'] },
    };
    expect(() => taskData(model, tiny, { n: 100, contrast: 'swap' })).toThrow(
      /^expected 100 different items of the task ioi, got 28 in 7000 draws \(6972 came again\); ask for at most 28$/,
    );
  });

  test.each([
    [{ n: 0 }, /expected n to be a whole number from 1, got 0/],
    [{ n: 1, contrast: 'removal' as Contrast }, /expected a contrast of the task sva \(swap\), got removal/],
  ])('refuse %j', (options, message) => expect(() => taskData(model, TASKS.sva, options)).toThrow(message));

  test('refuse a model without a tokenizer', () => {
    const { tokenizer: _, ...bare } = model;
    expect(() => taskData({ ...bare, tokenizerProblem: 'none in x' }, ioi, { n: 1 })).toThrow(
      /expected a model with a tokenizer for the task ioi, got embedded: none in x/,
    );
  });

  test('refuse a beginning-of-sequence token that a model lacks, at once', () => {
    const { bosTokenId: _, ...tokenizer } = model.tokenizer!;
    const encode = (text: string) => model.tokenizer!.encode(text);
    const tokenText = (id: number) => model.tokenizer!.tokenText(id);
    const { bosTokenId: __, ...config } = model.config;
    const bare = { ...model, config, tokenizer: { ...tokenizer, encode, tokenText } };
    expect(() => taskData(bare, ioi, { n: 1, bos: true })).toThrow(
      /^expected a model with a beginning-of-sequence token/,
    );
  });

  test('a beginning-of-sequence token comes and goes with the option', () => {
    const [withIt, without] = [true, false].map((bos) => taskData(model, ioi, { n: 1, bos }).items[0]!);
    expect(withIt!.clean.ids.slice(1)).toEqual(without!.clean.ids);
    expect(withIt!.firstDifference).toBe(without!.firstDifference + 1);
  });
});

describe('what each task is', () => {
  const model = MODELS.gpt2!;
  const items = (name: keyof typeof TASKS, contrast?: Contrast) =>
    taskData(model, TASKS[name], { n: 60, ...(contrast && { contrast }) }).items;

  test('ioi: the giver is the wrong answer; in a swap the other gives, in a removal a third', () => {
    for (const contrast of ['swap', 'removal'] as const)
      for (const item of items('ioi', contrast)) {
        const [[clean, corrupted]] = differingWords(item) as [[string, string]];
        expect(differingWords(item)).toHaveLength(1);
        expect(` ${clean}`).toBe(item.negative[0]!.text);
        if (contrast === 'swap') expect(` ${corrupted}`).toBe(item.positive[0]!.text);
        else expect(corrupted).toBe(item.fillers['names.3']);
      }
  });

  test('greater_than: all two-digit tokens, those above the first year against the others', () => {
    for (const item of items('greater_than')) {
      const [[clean]] = differingWords(item) as [[string]];
      const year = Number(clean.slice(2, 4));
      expect(item.positive.map(({ text }) => Number(text))).toEqual(
        Array.from({ length: 99 - year }, (_, i) => year + 1 + i),
      );
      expect(item.negative.map(({ text }) => Number(text))).toEqual(
        Array.from({ length: year + 1 }, (_, i) => i),
      );
      expect([...item.positive, ...item.negative].every(({ text }) => /^\d\d$/.test(text!))).toBe(true);
    }
  });

  test('capital_country: no two countries share the token that is scored', () => {
    for (const { metric } of items('capital_country'))
      expect(metric).toMatchObject({ name: 'logit_difference' });
    for (const { positive, negative } of items('capital_country'))
      expect(positive[0]!.id).not.toBe(negative[0]!.id);
  });

  test.each(['sva', 'hypernymy'] as const)(
    '%s: answer lists are equally long, without a common word',
    (name) => {
      const { notes } = taskData(model, TASKS[name], { n: 60 });
      expect(notes).toEqual([
        `Both answer lists of every item have ${name === 'sva' ? 10 : 2} tokens, none in common.`,
      ]);
      for (const { positive, negative } of items(name)) expect(positive).toHaveLength(negative.length);
    },
  );

  test('gender_bias: one person differs, and answers are she and he', () => {
    for (const contrast of ['swap', 'removal'] as const)
      for (const item of items('gender_bias', contrast)) {
        expect(differingWords(item)).toHaveLength(1);
        expect(new Set([...item.positive, ...item.negative].map(({ text }) => text))).toEqual(
          new Set([' he', ' she']),
        );
      }
  });

  test('every template of every built-in task has its fillers', () => {
    for (const spec of Object.values(TASKS))
      for (const contrast of contrastsOf(spec)) {
        const all = templatesOf(spec, contrast).map(({ clean, corrupted }) =>
          JSON.stringify([clean, corrupted]),
        );
        expect(new Set(all).size).toBe(all.length);
      }
  });

  test('no filler stands twice in a list', () => {
    for (const { fillers } of Object.values(TASKS))
      for (const list of Object.values(fillers))
        expect(new Set(list.map((entry) => JSON.stringify(entry))).size).toBe(list.length);
  });
});
