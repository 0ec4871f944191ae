import { describe, expect, it } from 'vitest';
import { isSmallD } from '../src/terms.ts';

describe('isSmallD', () => {
  it.each([
    [3.5, -2, false],
    [1, 0.9, true],
    [1, 0.8, false],
    [1, 0.83, true],
    [5.5, 4.5, false],
    [0, 0, true],
    [Number.NaN, 0, true],
  ])('F = %s clean, %s corrupted: %s', (clean, corrupted, small) => {
    expect(isSmallD({ clean, corrupted })).toBe(small);
  });
});
