import { describe, expect, it, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { labelComponents } from '../../src/latent/labels.ts';
import { checkMetric } from '../../src/tasks/check-metric.ts';
import {
  evaluateMetric,
  klDivergence,
  labelMetric,
  logitDifference,
  logProbability,
  type Metric,
  setDifference,
} from '../../src/tasks/metric.ts';

describe('the logit difference', () => {
  it('subtracts in float64', () => {
    const logits = Float32Array.of(0.1, 16777216, 1);
    expect(evaluateMetric(logitDifference(1, 2), logits)).toBe(16777215);
    expect(evaluateMetric(logitDifference(0, 2), logits)).toBe(Math.fround(0.1) - 1);
  });

  it('changes sign with its answers', () => {
    const logits = Float32Array.of(0.3, -1.7);
    expect(evaluateMetric(logitDifference(0, 1), logits)).toBe(
      -evaluateMetric(logitDifference(1, 0), logits),
    );
  });

  it('refuses a token outside the row', () => {
    expect(() => evaluateMetric(logitDifference(0, 5), Float32Array.of(1, 2))).toThrow(RangeError);
  });
});

describe('the other metrics, by hand', () => {
  // p = 1/10, 2/10, 3/10, 4/10, with a constant added to every logit.
  const logits = [1, 2, 3, 4].map((weight) => Math.log(weight) + 700);

  it.each([
    [setDifference('probability', [3, 1], [0]), 0.5],
    [setDifference('logit', [3, 1], [0]), Math.log(6)],
    [setDifference('logit', [2], [0]), Math.log(3)],
    [logProbability(1), Math.log(0.2)],
    [klDivergence([1, 1, 1, 1]), 0.25 * Math.log(0.25 ** 4 / (0.1 * 0.2 * 0.3 * 0.4))],
    [klDivergence(logits), 0],
  ])('%o is %d', (metric, expected) => {
    expect(evaluateMetric(metric, logits)).toBeCloseTo(expected, 6);
  });

  it('a set difference of one token each is their logit difference', () => {
    expect(evaluateMetric(setDifference('logit', [2], [1]), logits)).toBe(
      evaluateMetric(logitDifference(2, 1), logits),
    );
  });

  it('refuses a reference of another vocabulary', () => {
    expect(() => evaluateMetric(klDivergence([1, 2]), logits)).toThrow(RangeError);
  });
});

test('labels are given on the scale of logits', () => {
  const sets = setDifference('probability', [1], [2]);
  expect(labelMetric(sets)).toEqual({ ...sets, scale: 'logit' });
  for (const metric of [logitDifference(1, 2), logProbability(1)]) expect(labelMetric(metric)).toBe(metric);
  expect(labelMetric(klDivergence([1, 2]))).toBeUndefined();
});

test('two parts that add up in logits look like an OR in probabilities: they saturate', () => {
  // Each part gives the answer 4 logits; with neither, both tokens are equally likely.
  const run = (parts: number) => [4 * parts, 0];
  const sets = setDifference('probability', [0], [1]);
  const labelBy = (metric: Metric) => {
    const [none, one, both] = [0, 1, 2].map((parts) => evaluateMetric(metric, run(parts))) as [
      number,
      number,
      number,
    ];
    const ap = { noising: Float32Array.of(one - both), denoising: Float32Array.of(one - none) };
    return labelComponents(ap, { clean: both, corrupted: none }, 0.02)[0];
  };
  expect(labelBy(sets)).toBe('or');
  expect(labelBy(labelMetric(sets)!)).toBe('adder');
});

describe('a metric that does not fit a model of 10 tokens', () => {
  const cases: [string, Metric, RegExp][] = [
    ['an unknown token', logProbability(10), /token ids of the metric from 0 to 9, got 10/],
    ['an unknown token of a set', setDifference('logit', [1], [-1]), /negative set from 0 to 9, got -1/],
    ['equal answers', logitDifference(3, 3), /two different answers, got token 3 twice/],
    ['an empty set', setDifference('probability', [], [1]), /a positive set of at least one token/],
    ['a token twice', setDifference('probability', [2, 1, 2], [3]), /once, got 2 twice/],
    ['a token in both sets', setDifference('logit', [1, 2], [3, 2]), /got 2 in both/],
    ['a reference of another length', klDivergence([1, 2]), /10 log probabilities, got 2/],
    [
      'a reference of logits',
      { name: 'kl_divergence', reference: new Float32Array(10).fill(1) },
      /sum to 1, got a sum of 27\.1/,
    ],
    ['a reference with an infinity', klDivergence([-Infinity, 1, 1, 1, 1, 1, 1, 1, 1, 1]), /finite/],
  ];
  it.each(cases)('%s', (_what, metric, message) => {
    expect(() => checkMetric(metric, 10)).toThrow(InputError);
    expect(() => checkMetric(metric, 10)).toThrow(message);
  });

  it('one that fits passes', () => {
    const fitting = [
      logitDifference(0, 9),
      setDifference('logit', [1, 2], [3]),
      logProbability(9),
      klDivergence(new Float32Array(10)),
    ];
    for (const metric of fitting) expect(() => checkMetric(metric, 10)).not.toThrow();
  });
});
