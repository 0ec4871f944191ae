import { describe, expect, it } from 'vitest';
import { commonLimit, roundUp } from '../../src/plots/scale.ts';

describe('commonLimit', () => {
  it('is the largest size where nothing is far out', () => {
    expect(
      commonLimit([
        [0.1, -0.34],
        [0.2, 0.15],
      ]),
    ).toEqual({ limit: 0.34, clipped: 0, largest: 0.34 });
  });

  it('clips what is far out, and counts it', () => {
    const usual = Array.from({ length: 299 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    expect(commonLimit([[...usual, -50]])).toEqual({ limit: 1, clipped: 1, largest: 50 });
  });

  it('leaves out NaN, and does with zeros alone', () => {
    expect(commonLimit([[Number.NaN, 2]]).limit).toBe(2);
    expect(commonLimit([[0, Number.NaN]])).toEqual({ limit: 1, clipped: 0, largest: 0 });
  });
});

describe('roundUp', () => {
  it.each([
    [0.0301, 0.031],
    [1, 1],
    [123, 130],
    [0.99, 0.99],
  ])('%d becomes %d', (value, rounded) => {
    expect(roundUp(value)).toBe(rounded);
  });
});
