/**
 * `--steps auto`: doubling until completeness holds.
 */
import { describe, expect, test } from 'vitest';
import {
  AUTO_TOLERANCE,
  type LayerScores,
  MAX_STEPS,
  refinedScores,
} from '../../src/attribution/integrated-gradients.ts';
import { tensor } from '../../src/tensor/tensor.ts';

/** Scores whose gap is `first` at 50 points and shrinks with their number. */
function shrinking(first: number, scores: readonly number[] = [0.5, -0.5]) {
  const asked: number[] = [];
  const run = (steps: number): Promise<LayerScores> => {
    asked.push(steps);
    return Promise.resolve({
      positions: tensor(Float32Array.from(scores), [1, scores.length]),
      gap: (first * 50) / steps,
      steps,
    });
  };
  return { asked, run };
}

describe('refinedScores', () => {
  test('stays at the first number where the gap is small at once', async () => {
    const { asked, run } = shrinking(0.9e-3);
    expect((await refinedScores(run, 50, 1)).steps).toBe(50);
    expect(asked).toEqual([50]);
  });

  test('doubles until the gap is below 1e-3 of D', async () => {
    const { asked, run } = shrinking(-5e-3);
    const scores = await refinedScores(run, 50, -1);
    expect(asked).toEqual([50, 100, 200, 400]);
    expect(Math.abs(scores.gap)).toBeLessThan(AUTO_TOLERANCE);
  });

  test('measures the gap against the sum of |scores| where that is larger than D', async () => {
    const { asked, run } = shrinking(5e-3, [5, -5]);
    await refinedScores(run, 50, 0.01);
    expect(asked).toEqual([50]);
  });

  test('stops at 1,600 points', async () => {
    const { asked, run } = shrinking(1e6);
    expect((await refinedScores(run, 50, 1)).steps).toBe(MAX_STEPS);
    expect(asked).toEqual([50, 100, 200, 400, 800, 1600]);
  });
});
