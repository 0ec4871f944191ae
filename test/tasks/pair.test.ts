import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { BUILT_IN_PAIRS, inferContrast, pairFromIds, pairFromText } from '../../src/tasks/pair.ts';
import { BOS, fakeConfig, fakeTokenizer, idOf } from './fake.ts';

const tokenizer = fakeTokenizer();
const { removal, notebook } = BUILT_IN_PAIRS;

/** The error's one line. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('expected an InputError, got none');
}

describe('the built-in pairs', () => {
  it('differ in the second name only', () => {
    const pair = pairFromText(tokenizer, fakeConfig, removal);
    const at = pair.clean.tokens.flatMap((token, i) => (token === pair.corrupted.tokens[i] ? [] : [i]));
    expect(at).toEqual([pair.firstDifference]);
    expect(pair.clean.tokens[pair.firstDifference]).toBe(' John');
    expect(pair.corrupted.tokens[pair.firstDifference]).toBe(' Paul');
    expect(pair).toMatchObject({
      answer: { id: idOf(' Mary'), text: ' Mary' },
      wrong: { id: idOf(' John'), text: ' John' },
      contrast: 'removal',
    });
  });

  it('the notebook exchanges the names', () => {
    const pair = pairFromText(tokenizer, fakeConfig, notebook);
    expect(pair.contrast).toBe('swap');
    expect(pair.corrupted.tokens[pair.firstDifference]).toBe(' Mary');
    expect(pair.clean.text).toBe(removal.clean);
  });

  it('end without a space, and their answers begin with one', () => {
    for (const pair of Object.values(BUILT_IN_PAIRS)) {
      expect([pair.clean, pair.corrupted].every((text) => text === text.trim())).toBe(true);
      expect([pair.answer, pair.wrong].every((text) => /^ \w+$/.test(text))).toBe(true);
    }
  });
});

describe('the beginning-of-sequence token', () => {
  const first = (given: Parameters<typeof fakeTokenizer>[0], bos?: boolean, text = removal.clean): string[] =>
    pairFromText(fakeTokenizer(given), fakeConfig, { ...removal, clean: text }, { bos }).clean.tokens.slice(
      0,
      2,
    );

  it('comes by default where the tokenizer says so', () => {
    expect(first({ prependsBos: true })).toEqual(['<bos>', 'When']);
    expect(pairFromText(fakeTokenizer({ prependsBos: false }), fakeConfig, removal).clean.ids[0]).toBe(
      idOf('When'),
    );
  });

  it('can be asked for and left out', () => {
    expect(first({ prependsBos: false }, true)).toEqual(['<bos>', 'When']);
    expect(first({ prependsBos: true }, false)).toEqual(['When', ' John']);
  });

  it('is never doubled', () => {
    expect(first({}, true, `<bos>${removal.clean}`)).toEqual(['<bos>', 'When']);
  });

  it("is the tokenizer's, else the model's", () => {
    const none = fakeTokenizer({ bosTokenId: undefined });
    const pair = pairFromText(none, { ...fakeConfig, bosTokenId: 5 }, removal);
    expect(pair.clean.ids[0]).toBe(5);
    expect(pairFromText(none, fakeConfig, removal).clean.tokens[0]).toBe('When');
  });

  it('cannot be asked of a model without one', () => {
    const run = (): unknown =>
      pairFromText(fakeTokenizer({ bosTokenId: undefined }), fakeConfig, removal, { bos: true });
    expect(messageOf(run)).toBe(
      'expected a model with a beginning-of-sequence token, got one without; leave --bos out or use --no-bos',
    );
  });

  it('never stands before an answer', () => {
    expect(pairFromText(tokenizer, fakeConfig, removal, { bos: true }).answer.id).toBe(idOf(' Mary'));
  });
});

describe('bad text pairs', () => {
  const read = (change: Partial<typeof removal>, config = fakeConfig): string =>
    messageOf(() => pairFromText(tokenizer, config, { ...removal, ...change }));

  it('of unequal length: both shown side by side from where they differ', () => {
    expect(read({ clean: 'When John went to', corrupted: 'When Paul went' })).toBe(
      'expected prompts of equal length, got 5 tokens (clean) and 4 (corrupted); side by side from where they differ: ' +
        '2: " John" / " Paul", 3: " went" / " went", 4: " to" / (end); exchange words that have equally many tokens',
    );
    expect(read({ clean: 'When John', corrupted: 'When John went' })).toContain('3: (end) / " went"');
  });

  it('of unequal length, long ones cut short', () => {
    const message = read({ clean: `When${' and'.repeat(20)}`, corrupted: `Mary${' and'.repeat(21)}` });
    expect(message).toContain('1: "When" / "Mary"');
    expect(message).toContain('12: " and" / " and", ...; exchange words');
  });

  it('of identical prompts', () => {
    expect(read({ corrupted: removal.clean })).toBe(
      'expected two different prompts, got the same 17 tokens twice; change a word of the corrupted prompt',
    );
  });

  it('without any token', () => {
    expect(
      messageOf(() =>
        pairFromText(tokenizer, fakeConfig, { ...removal, clean: '', corrupted: '' }, { bos: false }),
      ),
    ).toBe('expected a clean prompt of at least one token, got none; write a prompt');
  });

  it('longer than the context', () => {
    expect(read({}, { ...fakeConfig, context: 16 })).toBe(
      "expected a clean prompt of at most 16 tokens, the model's context, got 17; shorten it",
    );
  });

  it('with an answer of several tokens', () => {
    expect(read({ answer: ' Zoe' })).toBe(
      'expected the answer to be one token, got 4 tokens: " Zoe" (" " "Z" "o" "e"); ' +
        'choose a word that is a single token, with its leading space',
    );
  });

  it('with an answer that lacks its leading space', () => {
    expect(read({ wrong: 'Paul' })).toBe(
      'expected the wrong answer to be one token, got 4 tokens: "Paul" ("P" "a" "u" "l"); ' +
        'write it with its leading space, " Paul"',
    );
  });

  it('with an answer that the vocabulary does not have', () => {
    expect(read({ answer: 'é' })).toContain('got a text that the vocabulary does not have: "é" ("<unk>")');
    expect(read({ answer: '' })).toContain('got 0 tokens: ""');
  });

  it('with the same answer twice', () => {
    expect(read({ wrong: ' Mary' })).toBe(
      'expected two different answers, got " Mary" twice; choose another wrong answer, since their difference is always 0',
    );
  });

  it('with a tokenizer that has more tokens than the model', () => {
    expect(read({}, { ...fakeConfig, vocabulary: 6 })).toContain(
      'expected token ids of the clean prompt from 0 to 5',
    );
  });
});

describe('pairs of ids', () => {
  const ids = { clean: [5, 17, 3], corrupted: [5, 6, 3], answer: 12, wrong: 15 };

  it('are taken as they are, with ids in place of text', () => {
    expect(pairFromIds(fakeConfig, ids)).toEqual({
      clean: { ids: [5, 17, 3], tokens: ['5', '17', '3'] },
      corrupted: { ids: [5, 6, 3], tokens: ['5', '6', '3'] },
      answer: { id: 12 },
      wrong: { id: 15 },
      firstDifference: 1,
    });
  });

  it('get the text of their tokens where there is a tokenizer, and no token before them', () => {
    const padded = { ...fakeConfig, vocabulary: 200 };
    const pair = pairFromIds(padded, { ...ids, clean: [idOf(' John'), 199, 3], contrast: 'swap' }, tokenizer);
    expect(pair.clean.tokens).toEqual([' John', '199', ' John']);
    expect(pair.contrast).toBe('swap');
    expect(pair.clean.ids).not.toContain(BOS);
  });

  it.each([
    [{ clean: [5, -1, 3] }, 'expected token ids of the clean prompt from 0 to', 'got -1'],
    [{ corrupted: [5, 1e6, 3] }, 'of the corrupted prompt', 'got 1000000'],
    [{ clean: [1.5, 1, 3] }, 'of the clean prompt', 'got 1.5'],
    [{ answer: Number.NaN }, 'of the answer', 'got NaN'],
    [{ wrong: 1e6 }, 'of the wrong answer', 'got 1000000'],
    [{ wrong: 12 }, 'expected two different answers', 'got token 12 twice'],
    [{ clean: [5, 6] }, 'expected prompts of equal length', 'differ: 2: (end) / "3"'],
    [{ clean: [5, 6, 3] }, 'expected two different prompts', 'the same 3 tokens'],
    [{ clean: [] }, 'expected a clean prompt of at least one token', 'got none'],
  ])('refuse %j', (change, expected, got) => {
    const message = messageOf(() => pairFromIds(fakeConfig, { ...ids, ...change }));
    expect(message).toContain(expected);
    expect(message).toContain(got);
  });

  it('find the first difference wherever it is', () => {
    const id = fc.nat(9);
    fc.assert(
      fc.property(fc.array(id, { maxLength: 8 }), fc.array(id, { maxLength: 8 }), (before, after) => {
        const pair = { ...ids, clean: [...before, 10, ...after], corrupted: [...before, 11, ...after] };
        expect(pairFromIds(fakeConfig, pair).firstDifference).toBe(before.length);
      }),
    );
  });
});

describe('inferContrast', () => {
  it.each([
    [3.5, -4.8, 'swap'],
    [-3, 1, 'swap'],
    [4, -1, 'removal'],
    [4, -1.01, 'swap'],
    [4, 3, 'removal'],
    [4, 0, 'removal'],
    [0, 0, 'removal'],
  ])('F = %s clean, %s corrupted: %s', (clean, corrupted, contrast) => {
    expect(inferContrast(clean, corrupted)).toBe(contrast);
  });
});
