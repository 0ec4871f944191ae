import { describe, expect, it } from 'vitest';
import { evaluateMetric, logitDifference } from '../../src/tasks/metric.ts';

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
