import { describe, expect, it } from 'vitest';
import { lintCompleteness, lintPair, lintRuns } from '../../src/tasks/lint.ts';
import { BUILT_IN_PAIRS, pairFromIds, pairFromText, type TextPair } from '../../src/tasks/pair.ts';
import { fakeConfig, fakeTokenizer } from './fake.ts';

const { removal, notebook } = BUILT_IN_PAIRS;
const pairOf = (change: Partial<TextPair> = {}): ReturnType<typeof pairFromText> =>
  pairFromText(fakeTokenizer(), fakeConfig, { ...removal, ...change });
const codes = (lint: readonly { code: string }[]): string[] => lint.map(({ code }) => code);

describe('lint of a pair', () => {
  it('has nothing against the built-in pairs', () => {
    expect(lintPair(pairOf())).toEqual([]);
    expect(lintPair(pairOf(notebook))).toEqual([]);
  });

  it('names the prompt that ends in a space', () => {
    const spaced = lintPair(pairOf({ clean: `${removal.clean} `, corrupted: `${removal.corrupted} ` }));
    expect(codes(spaced)).toEqual(['trailing_space', 'trailing_space']);
    expect(spaced[1]!.message).toMatch(/^the corrupted prompt ends in a space/);
  });

  it("shows an answer without leading space, as the notebook's", () => {
    const lint = lintPair(pairOf({ answer: 'Mary', wrong: 'John' }));
    expect(codes(lint)).toEqual(['answer_without_space', 'answer_without_space']);
    expect(lint[0]!.message).toBe(
      'the answer "Mary" has no leading space: as a next word the token is " Mary"',
    );
  });

  it('lets punctuation be an answer', () => {
    expect(lintPair(pairOf({ answer: ',' }))).toEqual([]);
  });

  it('counts differing positions where they are many', () => {
    const ids = { answer: 1, wrong: 2 };
    const few = pairFromIds(fakeConfig, { ...ids, clean: [1, 2, 3, 4], corrupted: [5, 6, 7, 4] });
    const many = pairFromIds(fakeConfig, { ...ids, clean: [1, 2, 3, 4], corrupted: [5, 6, 7, 8] });
    expect(lintPair(few)).toEqual([]);
    expect(lintPair(many)[0]!.message).toMatch(/^the prompts differ at 4 of 4 positions/);
  });
});

describe('lint of the two runs', () => {
  it.each([
    // F clean, F corrupted, contrast, codes
    [3.5, 0.2, 'removal', []],
    [3.5, -2, 'removal', ['removal_prefers_wrong']],
    [3.5, -4.8, 'swap', []],
    [3.5, 0.2, 'swap', ['swap_not_exchanged']],
    [3.5, 2, 'removal', ['removal_keeps_answer']],
    [3.5, 3.4, 'removal', ['small_d']],
    [-1, 3, 'swap', ['wrong_answer_preferred']],
    [0, 0, 'removal', ['small_d', 'wrong_answer_preferred']],
    [-1, -0.95, 'swap', ['small_d', 'wrong_answer_preferred', 'swap_not_exchanged']],
  ] as const)('F = %s clean, %s corrupted, %s: %j', (clean, corrupted, contrast, expected) => {
    expect(codes(lintRuns({ clean, corrupted }, contrast))).toEqual(expected);
  });

  it('shows the two values', () => {
    expect(lintRuns({ clean: 3.5, corrupted: 3.4 }, 'removal')[0]!.message).toBe(
      'F is 3.50 clean and 3.40 corrupted: D = 0.100 is too small to divide by; labels and asymmetries are left out',
    );
  });
});

describe('lint of completeness', () => {
  const layers = { direction: 'noising', kind: 'heads' } as const;

  it('is silent up to 1% of D or of the scores, whichever is larger', () => {
    expect(lintCompleteness([{ ...layers, gaps: [0.04, 0], sums: [1, 0] }], 4)).toEqual([]);
    expect(lintCompleteness([{ ...layers, gaps: [0.04, 0], sums: [4, 0] }], 1)).toEqual([]);
  });

  it('names the worst layer', () => {
    const lint = lintCompleteness([{ ...layers, gaps: [0.05, 0, 0.1], sums: [1, 0, 1] }], -4);
    expect(codes(lint)).toEqual(['completeness_gap']);
    expect(lint[0]!.message).toBe(
      'integrated gradients of heads, noising: 2 of 3 layers miss completeness by more than 1%, layer 2 most (2.5%); ' +
        'use --steps auto',
    );
  });

  it('warns where a gap is not a number', () => {
    expect(codes(lintCompleteness([{ ...layers, gaps: [Number.NaN], sums: [1] }], 1))).toEqual([
      'completeness_gap',
    ]);
  });
});
