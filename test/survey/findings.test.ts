/**
 * What a survey says of gains, and of the two methods that agree best, from numbers that are made up.
 */
import { describe, expect, test } from 'vitest';
import type { SurveyJson } from '../../src/results/survey-json.ts';
import { findings } from '../../src/survey/findings.ts';

/** `mean` and `r` are those of the first less the second. */
function said(first: string, second: string, mean: number, r: number, p_adjusted: number): string {
  const where = { kind: 'heads', direction: 'noising' };
  const agreement = ['ig', 'eap'].map((method, i) => ({
    ...where,
    method,
    signed: true,
    pearson: { mean: 0.9 - 0.2 * i, low: 0.6, high: 0.95, n: 20, clusters: 10 },
  }));
  const side = (method: string) => ({ method, direction: 'noising' });
  const comparison = { kind: 'heads', first: side(first), second: side(second) };
  const set = {
    set: 'all',
    answers: { n: 20, accuracy: 1, clean: 1, corrupted: -1, small_d: 0 },
    labels: [],
    gains: [],
    agreement,
    comparisons: [{ ...comparison, mean, r, clusters: 10, p_adjusted }],
    disagreements: [],
  };
  const survey = {
    task: { name: 'ioi', contrast: 'swap' },
    options: { components: ['heads'] },
    sets: [set],
  };
  return findings(survey as unknown as SurveyJson)[1]!;
}

test('differences are those of the best less the next, whichever stands first', () => {
  const text = /those of eap 0\.70, less \(mean difference 0\.2, r = 0\.80, adjusted p = 0\.010\)\.$/;
  expect(said('ig', 'eap', 0.2, 0.8, 0.01)).toMatch(text);
  expect(said('eap', 'ig', -0.2, -0.8, 0.01)).toMatch(text);
});

test('the next is called less only where pairs say so', () => {
  expect(said('ig', 'eap', -0.1, -0.8, 0.01)).toMatch(
    /those of eap 0\.70, yet more, pair by pair \(mean difference −0\.1, r = −0\.80,/,
  );
  expect(said('ig', 'eap', 0.2, 0.8, 0.3)).toMatch(/those of eap 0\.70, no less, as far as these pairs tell/);
});

describe('labelled components that act on others more', () => {
  const row = {
    kind: 'heads',
    direction: 'noising',
    labels: ['and', 'or'],
    controls: 'matched',
    n: 50,
    clusters: 11,
    labelled: 100,
    matched: 90,
    mean: 0.4,
    low: 0.28,
    high: 0.59,
    r: 1,
    r_low: 0.9,
    r_high: 1,
    p: 0.001,
    p_adjusted: 0.0023,
  };
  const gained = (stand_ins: unknown, changes: object = {}, nearest: object = {}) => {
    const set = { set: 'all', answers: { n: 50, accuracy: 1, clusters: 11 }, labels: [], agreement: [] };
    const third = { ...row, controls: 'matched_unlabelled', mean: 0.1, low: -0.1, high: 0.3, ...nearest };
    const gains = [{ ...row, stand_ins, ...changes }, third];
    const survey = {
      task: { name: 'ioi', contrast: 'removal' },
      options: { components: ['heads'] },
      sets: [{ ...set, gains, comparisons: [], disagreements: [] }],
    };
    return findings(survey as unknown as SurveyJson)[1]!;
  };
  const ranked = (sets: number, p: number, exceeds = sets) => ({
    components: 3,
    sets,
    exceeds,
    p,
    smallest_p: 2 / sets,
  });

  test('by the test over prompts, with its numbers', () => {
    expect(gained(ranked(10_000, 0.004))).toMatch(
      /^Noising, heads \(AND or OR\) act on others more than matched controls do, .* 0\.40 \(0\.28 to 0\.59\), r = 1\.00 .*, n = 50 pairs, k = 11 clusters, adjusted p = 0\.0023; 90 of 100 labelled heads in all pairs have a matched control\. /,
    );
  });

  const label =
    /Whether that is their label or their strength, tells only a comparison .*: 0\.10 \(−0\.10 to 0\.30\), n = 50 pairs, adjusted p = 0\.0023\.$/;
  test.each([
    [
      'both',
      ranked(10_000, 0.004),
      {},
      /Among 10,000 sets in which 3 of these heads are exchanged for others of .* they act more, too \(p = 0\.0040 over components\)\. Whe/,
    ],
    ['both, and their strength', ranked(10_000, 0.004), {}, label],
    [
      'prompts alone',
      ranked(10_000, 0.31),
      {},
      /do not stand out \(p = 0\.31 .*\), so nothing tells the label from these few heads\.$/,
    ],
    [
      'few sets',
      ranked(12, 0.5),
      {},
      /they cannot stand out \(smallest attainable p 0\.17 .* nothing tells the label from these few heads\.$/,
    ],
    [
      'no sets',
      null,
      {},
      /No set of other heads of the same layers and own change can be made, so nothing tells/,
    ],
    [
      'neither',
      ranked(10_000, 0.31),
      { p_adjusted: 0.4 },
      /neither more nor less .* they do not stand out either \(p = 0\.31 over components\)\.$/,
    ],
    [
      'components alone',
      ranked(10_000, 0.01, 9_950),
      { p_adjusted: 0.4 },
      /neither more nor less .* they act more \(p = 0\.010 over components\), but not on one prompt as on another\.$/,
    ],
    [
      'both, the one against the other',
      ranked(10_000, 0.01, 50),
      {},
      /more than matched .* they act less \(p = 0\.010 over components\), the other way, so nothing follows\.$/,
    ],
  ])('and over components: %s', (_case, found, changes, text) => {
    expect(gained(found, changes)).toMatch(text);
  });

  test('without a control nearest in effect, strength stays open', () => {
    expect(gained(ranked(10_000, 0.004), {}, { matched: 0 })).toMatch(
      /Whether that is their label or their strength is open: none has/,
    );
  });
});
