import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/tensor/tensor.ts';
import { farApart } from './close.ts';

describe('toBeClose', () => {
  test('allows a share of the largest expected value, whatever the element', () => {
    expect([100.9, 0.9]).toBeClose([100, 0], { rtol: 0.01 });
    expect([101.1, 0]).not.toBeClose([100, 0], { rtol: 0.01 });
    expect([100, 1.1]).not.toBeClose([100, 0], { rtol: 0.01 });
  });

  test('wants NaN and infinities at the same places, and does not scale by them', () => {
    const { NaN: nan, NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
    expect([nan, low, 1]).toBeClose([nan, low, 1], {});
    for (const wrong of [
      [1, low, 1],
      [nan, high, 1],
      [nan, -1e30, 1],
      [nan, low, nan],
      [nan, low, 2],
    ]) {
      expect(wrong).not.toBeClose([nan, low, 1], { rtol: 0.5 });
    }
  });

  test('compares shapes of tensors, and lengths', () => {
    const flat = tensor(new Float32Array(6), [6]);
    expect(flat).not.toBeClose(tensor(new Float32Array(6), [2, 3]), { atol: 1 });
    expect([1]).not.toBeClose([1, 1], { atol: 1 });
  });

  test('names the worst element', () => {
    expect(farApart([1, 2.5, 3.1], [1, 2, 3], { atol: 0.01 })).toMatch(/^element 1 is 2.5, expected 2/);
  });
});
