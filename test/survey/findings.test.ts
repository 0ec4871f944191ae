/**
 * What a survey says of the two methods that agree best, from numbers that are made up.
 */
import { expect, test } from 'vitest';
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
