import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highlighted, highlightThreshold, latentSets } from '../../src/latent/highlight.ts';

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const scores = (size: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.float({ noNaN: true, min: -10, max: 10 }), { minLength: size, maxLength: size })
    .map((values) => Float32Array.from(values));

describe('highlight', () => {
  it('takes the quantile over all layers, by absolute value', () => {
    const values = f32(...Array.from({ length: 11 }, (_, i) => (i % 2 ? -i : i)));
    expect(highlightThreshold(values, 0.9)).toBe(9);
    // The threshold itself is highlighted.
    expect(highlighted(values, 0.9).flatMap((yes, i) => (yes ? [i] : []))).toEqual([9, 10]);
  });

  it('works on the stored float32 values in float64', () => {
    const values = f32(0.1, 0.2);
    expect(highlightThreshold(values, 0.5)).toBe((Math.fround(0.1) + Math.fround(0.2)) / 2);
  });

  it('never highlights a zero, even where the threshold is 0', () => {
    const values = f32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1e-30, -0);
    expect(highlightThreshold(values, 0.9)).toBe(0);
    expect(highlighted(values, 0.9).filter(Boolean)).toHaveLength(1);
  });
});

describe('latentSets', () => {
  it('lists [layer, index] by layer, then index', () => {
    const noising = f32(5, 0, 0, 0, 0, 9);
    const denoising = f32(0, 0, 7, 0, 0, 9);
    expect(latentSets(noising, denoising, 0.6, 3)).toEqual({
      noising: [[0, 0]],
      denoising: [[0, 2]],
      both: [[1, 2]],
    });
  });

  it('has two sides of equal size where no scores tie: their sizes say nothing', () => {
    const distinct = scores(40).filter((values) => new Set(values.map(Math.abs)).size === 40);
    fc.assert(
      fc.property(distinct, distinct, (noising, denoising) => {
        const sets = latentSets(noising, denoising, 0.9, 8);
        expect(sets.noising.length).toBe(sets.denoising.length);
      }),
    );
  });

  it('exchanges its sides with the directions', () => {
    fc.assert(
      fc.property(scores(24), scores(24), (noising, denoising) => {
        const sets = latentSets(noising, denoising, 0.8, 6);
        const exchanged = latentSets(denoising, noising, 0.8, 6);
        expect(exchanged).toEqual({ noising: sets.denoising, denoising: sets.noising, both: sets.both });
      }),
    );
  });

  it('refuses directions of different sizes', () => {
    expect(() => latentSets(f32(1), f32(1, 2), 0.9, 1)).toThrow(RangeError);
  });
});
