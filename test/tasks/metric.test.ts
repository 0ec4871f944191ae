import { describe, expect, it } from 'vitest';
import { evaluateMetric, isSmallD, logitDifference } from '../../src/tasks/metric.ts';

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

describe('isSmallD', () => {
  it.each([
    [3.5, -2, false],
    [1, 0.9, true],
    [5.5, 4.5, false],
    [0, 0, true],
    [Number.NaN, 0, true],
  ])('F = %s clean, %s corrupted: %s', (clean, corrupted, small) => {
    expect(isSmallD({ clean, corrupted })).toBe(small);
  });
});
