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
  const gained = (stand_ins: unknown) => {
    const set = { set: 'all', answers: { n: 50, accuracy: 1, clusters: 11 }, labels: [], agreement: [] };
    const survey = {
      task: { name: 'ioi', contrast: 'removal' },
      options: { components: ['heads'] },
      sets: [{ ...set, gains: [{ ...row, stand_ins }], comparisons: [], disagreements: [] }],
    };
    return findings(survey as unknown as SurveyJson)[1]!;
  };
  const ranked = (sets: number, p: number) => ({ components: 3, sets, exceeds: 0, p, smallest_p: 2 / sets });

  test('by the test over prompts, with its numbers', () => {
    expect(gained(ranked(10_000, 0.004))).toMatch(
      /^Noising, heads \(AND or OR\) act on others more than matched controls do, .* 0\.40 \(0\.28 to 0\.59\), r = 1\.00 .*, n = 50 pairs, k = 11 clusters, adjusted p = 0\.0023\. /,
    );
  });

  test.each([
    [
      ranked(10_000, 0.004),
      /Among 10,000 sets of .* they are exceptional too \(p = 0\.0040 over components\)\.$/,
    ],
    [
      ranked(10_000, 0.31),
      /are not exceptional \(p = 0\.31 .*\), so a difference may belong to these few heads and not to the label\.$/,
    ],
    [
      ranked(12, 0.5),
      /they cannot be exceptional \(smallest attainable p 0\.17 .* nothing tells the label from these few heads\.$/,
    ],
    [null, /There are no other heads of the same layers and own change, so nothing tells/],
  ])('and what may be said of the label: %j', (found, text) => {
    expect(gained(found)).toMatch(text);
  });
});
