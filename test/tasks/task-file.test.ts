import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { taskData } from '../../src/tasks/generate.ts';
import type { TaskSpec } from '../../src/tasks/spec.ts';
import { parseTask } from '../../src/tasks/task-file.ts';
import { embedded, gpt2 } from '../support/task-models.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../examples/possessive.json'));
const example = JSON.parse(EXAMPLE.toString('utf8')) as TaskSpec;
const parse = (spec: unknown) => parseTask(new TextEncoder().encode(JSON.stringify(spec)), 'my.json');
const [template] = example.templates.swap!;
const withTemplate = (change: object) => ({ ...example, templates: { swap: [{ ...template, ...change }] } });

test('the example makes pairs on both tokenizers', async () => {
  for (const model of [await embedded(), gpt2()]) {
    const { items, skipped } = taskData(model, parseTask(EXAMPLE, 'possessive.json'), { n: 30 });
    expect(items).toHaveLength(30);
    expect(skipped.every(({ reason }) => reason === 'the same pair again')).toBe(true);
    expect(new Set(items.map(({ positive }) => positive[0]!.text))).toEqual(new Set([' her', ' his']));
  }
});

describe('a task file that does not fit is refused in one line', () => {
  test.each([
    ['no object', [], /^my\.json: expected its content to be an object, got \[\]/],
    ['no name', { ...example, name: undefined }, /^my\.json: expected name to be text, got nothing/],
    [
      'a name with spaces',
      { ...example, name: 'a b' },
      /^my\.json: expected name to be of another kind, got "a b"/,
    ],
    ['a built-in name', { ...example, name: 'ioi' }, /^my\.json: expected a name of its own, got ioi/],
    [
      'an unknown metric',
      { ...example, metric: 'loss' },
      /^my\.json: expected metric to be one of logit_difference, .*answer_sets, got "loss"/,
    ],
    [
      'an unknown field',
      { ...example, contrast: 'swap' },
      /^my\.json: expected its content to be without contrast, got an object/,
    ],
    [
      'no templates',
      { ...example, templates: {} },
      /^my\.json: expected templates for removal, swap or both, got none/,
    ],
    [
      'an empty list',
      { ...example, fillers: { ...example.fillers, men: [] } },
      /^my\.json: expected fillers\.men to be at least 1 long/,
    ],
    [
      'an entry twice',
      { ...example, fillers: { ...example.fillers, men: ['Paul', 'Tom', 'Paul'] } },
      /^my\.json: fillers\.men: expected every entry once, got "Paul" twice/,
    ],
    [
      'an unknown list',
      withTemplate({ clean: 'At the {shops.1} {women.1} forgot' }),
      /^my\.json: task possessive, swap, template \(who\) forgot, clean: expected a list of fillers \(women, men, places\), got \{shops\.1\}/,
    ],
    [
      'a list by a name of every object',
      withTemplate({ clean: '{constructor.1} {women.1} forgot' }),
      /expected a list of fillers/,
    ],
    [
      'a placeholder without a number',
      withTemplate({ clean: 'At the {places} {women.1} forgot' }),
      /expected a placeholder such as \{names\.1\} .*, got "\{places\}"/,
    ],
    [
      'an open brace',
      withTemplate({ clean: 'At the {places.1 {women.1} forgot' }),
      /expected a placeholder such as/,
    ],
    [
      'too many draws',
      withTemplate({ clean: 'At the {places.1} {women.9} forgot' }),
      /expected at most 8 different entries of women, got \{women\.9\}/,
    ],
    [
      'a field of plain words',
      withTemplate({ clean: 'At the {places.1} {women.1.name} forgot' }),
      /expected \{women\.1\.name\} to be one text in every entry, got "Mary"/,
    ],
    [
      'other words around placeholders',
      withTemplate({ corrupted: 'In the {places.1} {men.1} forgot' }),
      /expected the same words around the placeholders/,
    ],
    [
      'no difference',
      withTemplate({ corrupted: template!.clean }),
      /expected clean and corrupted to differ in a placeholder/,
    ],
    [
      'a set for one answer',
      {
        ...withTemplate({ clean: 'At the {places.1} {women.1.name} forgot', answer: '{women.1.all}' }),
        fillers: { ...example.fillers, women: [{ name: 'Mary', all: [' a', ' b'] }] },
      },
      /answer: expected \{women\.1\.all\} to be one text in every entry/,
    ],
  ])('%s', (_, spec, message) => expect(() => parse(spec)).toThrow(message));

  test('not JSON, too deep, too large', () => {
    expect(() => parseTask(new TextEncoder().encode('{'), 'my.json')).toThrow(/^my\.json: expected JSON/);
    expect(() => parseTask(new TextEncoder().encode('['.repeat(50)), 'my.json')).toThrow(
      /nested at most 8 deep/,
    );
    expect(() => parseTask(new Uint8Array(5_000_000), 'my.json')).toThrow(/at most 4000000 bytes/);
  });

  test('whatever it holds, the error is ours', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          parseTask(new TextEncoder().encode(text), 'my.json');
          return false;
        } catch (error) {
          return error instanceof InputError && !error.message.includes('\n');
        }
      }),
    );
  });
});

test('answers of several tokens are left out, or share their beginning with the prompts', async () => {
  const model = await embedded();
  const spec = withTemplate({ answer: ' New Zealand', wrong: ' New York' });
  expect(() => taskData(model, parse(spec), { n: 1 })).toThrow(
    /expected the answer to be one token, got \d+ tokens: " New Zealand"/,
  );
  const [item] = taskData(model, parse({ ...spec, severalTokens: true }), { n: 1 }).items;
  const bos = [model.tokenizer!.bosTokenId!];
  expect(item!.clean.ids).toEqual([...bos, ...model.tokenizer!.encode(item!.clean.text!)]);
  expect(item!.clean.text).toMatch(/ forgot New/);
  const begins = withTemplate({ answer: ' New York', wrong: ' New York City' });
  expect(() => taskData(model, parse({ ...begins, severalTokens: true }), { n: 1 })).toThrow(
    /expected answers of which none begins the other/,
  );
});

test('outside the declared span no token may differ, and none may hold more than the span', () => {
  const model = gpt2();
  // One token holds the century too, which is no part of the span.
  const years = {
    ...withTemplate({ clean: 'It was in 19{women.1}, in', corrupted: 'It was in 19{men.1}, in' }),
    fillers: { ...example.fillers, women: ['50'], men: ['80'] },
  };
  expect(model.tokenizer!.encode(' 1950')).toHaveLength(1);
  expect(model.tokenizer!.encode(' 1980')).toHaveLength(1);
  expect(() => taskData(model, parse(years), { n: 1 })).toThrow(
    /expected tokens that hold no more than the declared span, got " 1950"/,
  );
});
