import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvRecords, parseCsv } from '../../src/tasks/csv.ts';
import { parsePairs } from '../../src/tasks/pair-list.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('CSV', () => {
  test('quotes, commas and line breaks within fields, both line ends, a mark at the beginning', () => {
    const text = '\uFEFFclean,answer\r\n"one, two"," ""x"""\n"a\nb",\n\n';
    expect(parseCsv(text, 'f')).toEqual([
      { clean: 'one, two', answer: ' "x"' },
      { clean: 'a\nb', answer: '' },
    ]);
  });

  test.each([
    ['a,b\n1,2,3', /f: expected 2 fields in row 1 below the names, got 3/],
    ['a,b\n"1,2', /f: expected a closing quote/],
    ['a,b\n"1"2,3', /f: expected a closing quote/],
  ])('refuses %j', (text, message) => expect(() => parseCsv(text, 'f')).toThrow(message));

  test('nothing, and names alone, have no rows', () => {
    expect(parseCsv('', 'f')).toEqual([]);
    expect(parseCsv('a,b\n', 'f')).toEqual([]);
  });
});

describe('pairs', () => {
  test('of CSV; spaces of answers stay, an empty contrast is none', () => {
    const text = 'clean,corrupted,answer,wrong,contrast\nA b,A c, d, e,swap\n"A, b","A, c", d, e,\n';
    expect(parsePairs(bytes(text), 'pairs.csv')).toEqual([
      { clean: 'A b', corrupted: 'A c', answer: ' d', wrong: ' e', contrast: 'swap' },
      { clean: 'A, b', corrupted: 'A, c', answer: ' d', wrong: ' e' },
    ]);
  });

  test('of JSON, as texts and as ids', () => {
    const list = [
      { clean: 'x', corrupted: 'y', answer: ' a', wrong: ' b' },
      { clean: [1, 2], corrupted: [1, 3], answer: 4, wrong: 5, contrast: 'removal' },
    ];
    expect(parsePairs(bytes(JSON.stringify(list)), 'pairs.json')).toEqual(list);
  });

  test.each([
    ['p.json', '[]', /p.json: expected a list of pairs, got none/],
    ['p.json', '{}', /p.json: expected a list of pairs, got an object/],
    ['p.json', '[', /p.json: expected JSON/],
    [
      'p.json',
      '[{"clean":"x"}]',
      /p.json, pair 1: expected clean, .*, got no corrupted, no answer, no wrong/,
    ],
    ['p.json', '[3]', /pair 1: expected clean, .*got no clean/],
    ['p.json', '[{"clean":[1],"corrupted":[2],"answer":" a","wrong":1}]', /four texts, or ids for all four/],
    ['p.csv', 'clean,corrupted,answer,wrong\n', /p.csv: expected a list of pairs, got none/],
    ['p.csv', 'clean,corrupted,answer,wrong\nA,B,,c', /pair 1: .*got no answer/],
    ['p.csv', 'clean,corrupted,answer,wrong,contrast\nA,B,c,d,x', /removal or swap, or left out, got "x"/],
  ])('refuses %s: %s', (name, text, message) => expect(() => parsePairs(bytes(text), name)).toThrow(message));

  test('refuses what is not UTF-8', () =>
    expect(() => parsePairs(Uint8Array.of(0x61, 0xff), 'p.csv')).toThrow(/expected UTF-8/));
});

test('rows come back with the lines on which they begin', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' '), maxLength: 6 });
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(rows, (all) => {
      const written = all.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(','));
      let line = 1;
      const expected = all.map((fields, i) => {
        const record = { line, fields };
        line += written[i]!.split('\n').length;
        return record;
      });
      expect(csvRecords(written.join('\n'), 'f')).toEqual(expected);
    }),
  );
});
