import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asymmetry,
  effectStrength,
  labelComponents,
  labelOf,
  labelSets,
  labelStability,
  normalisedEffects,
} from '../../src/latent/labels.ts';

const TAU = 0.02;
const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
/** D = 1: normalised effects are the scores themselves, noising with its sign changed. */
const unit = { clean: 1, corrupted: 0 };
const effect = fc.double({ noNaN: true, min: -2, max: 2 });

/** The definitions as five masks, written apart from the code under test. */
function masks(n: number, d: number, tau: number): Record<string, boolean> {
  const and = n >= tau && Math.abs(d) <= n / 3;
  const or = d >= tau && Math.abs(n) <= d / 3;
  const adder = n >= tau && d >= tau && Math.max(n, d) < 1.5 * Math.min(n, d);
  const inhibitory = n <= -tau && d <= -tau;
  const mixed = Math.max(Math.abs(n), Math.abs(d)) >= tau && !(and || or || adder || inhibitory);
  return { and, or, adder, inhibitory, mixed };
}

describe('labelOf', () => {
  it.each([
    // e_noising, e_denoising, label; tau = 0.02
    [1, 0, 'and'],
    [0.02, 0, 'and'],
    [0.0199, 0, undefined],
    [0.375, 0.125, 'and'],
    [0.375, -0.125, 'and'],
    [0.375, 0.1251, 'mixed'],
    [0.375, -0.1251, 'mixed'],
    [0, 1, 'or'],
    [0, 0.02, 'or'],
    [-0.125, 0.375, 'or'],
    [0.1251, 0.375, 'mixed'],
    [1, 1, 'adder'],
    [0.02, 0.02, 'adder'],
    [0.02, 0.0299, 'adder'],
    // 1.5 times: no longer an adder
    [0.5, 0.75, 'mixed'],
    [0.75, 0.5, 'mixed'],
    [0.02, 0.019, 'mixed'],
    [-0.02, -0.02, 'inhibitory'],
    [-5, -0.02, 'inhibitory'],
    [-5, -0.0199, 'mixed'],
    [-0.0199, -0.0199, undefined],
    [0.5, -0.5, 'mixed'],
    [0, 0, undefined],
    [Number.NaN, Number.NaN, undefined],
  ])('noising %s, denoising %s: %s', (noising, denoising, label) => {
    expect(labelOf(noising, denoising, TAU)).toBe(label);
  });

  it('follows the definitions, which exclude one another', () => {
    const tau = fc.double({ noNaN: true, min: 1e-6, max: 1 });
    fc.assert(
      fc.property(effect, effect, tau, (n, d, threshold) => {
        const true_ = Object.entries(masks(n, d, threshold)).flatMap(([name, yes]) => (yes ? [name] : []));
        expect(true_.length).toBeLessThanOrEqual(1);
        expect(labelOf(n, d, threshold)).toBe(true_[0]);
      }),
      { numRuns: 2000 },
    );
  });

  it('exchanges AND and OR with the directions', () => {
    const mirror = new Map([
      ['and', 'or'],
      ['or', 'and'],
    ]);
    fc.assert(
      fc.property(effect, effect, (n, d) => {
        const label = labelOf(n, d, TAU);
        expect(labelOf(d, n, TAU)).toBe(label && (mirror.get(label) ?? label));
      }),
    );
  });
});

describe('normalised effects', () => {
  it('change the sign of noising and divide by D', () => {
    const metric = { clean: 3, corrupted: -1 };
    expect(normalisedEffects(f32(-4, 2), metric, 'noising')).toEqual(Float64Array.of(1, -0.5));
    expect(normalisedEffects(f32(4, -2), metric, 'denoising')).toEqual(Float64Array.of(1, -0.5));
  });

  it('have a negative D divide as well', () => {
    expect(normalisedEffects(f32(4), { clean: -1, corrupted: 3 }, 'noising')).toEqual(Float64Array.of(1));
  });

  it.each([
    // |D| against 0.1 (|F_clean| + |F_corrupted|)
    [1, 0.82, true],
    [1, 0.81, false],
    [-1, -0.82, true],
    [0.01, -0.01, false],
    [0, 0, true],
    [Number.NaN, 1, true],
  ])('F = %s clean, %s corrupted: small D is %s', (clean, corrupted, small) => {
    const metric = { clean, corrupted };
    const ap = { noising: f32(-1, -1), denoising: f32(0, 1) };
    expect(Number.isNaN(normalisedEffects(ap.noising, metric, 'noising')[0])).toBe(small);
    expect(asymmetry(ap, metric).every(Number.isNaN)).toBe(small);
    if (small) {
      expect(labelComponents(ap, metric, TAU)).toEqual([undefined, undefined]);
      expect(effectStrength(ap, metric).every(Number.isNaN)).toBe(true);
      expect(labelStability(ap, metric, TAU)).toEqual({ half_tau: 0, double_tau: 0 });
    }
  });
});

describe('label sets', () => {
  //                       and   or   adder  inhibitory  mixed  none
  const ap = {
    noising: f32(-1, 0, -1, 0.5, -0.5, 0),
    denoising: f32(0, 1, 1, -0.5, -0.5, 0.01),
  };
  const labels = labelComponents(ap, unit, TAU);

  it('name AND and OR for a removal', () => {
    expect(labelSets(labels, 3, 'removal')).toEqual({
      and: [[0, 0]],
      or: [[0, 1]],
      adder: [[0, 2]],
      inhibitory: [[1, 0]],
      mixed: [[1, 1]],
    });
  });

  it('speak of noising_only and denoising_only for a swap', () => {
    const sets = labelSets(labels, 3, 'swap');
    expect(Object.keys(sets)).toEqual(['noising_only', 'denoising_only', 'adder', 'inhibitory', 'mixed']);
    expect(sets.noising_only).toEqual([[0, 0]]);
    expect(sets.denoising_only).toEqual([[0, 1]]);
  });

  it('give the larger effect as strength, and the asymmetry', () => {
    expect([...effectStrength(ap, unit)]).toEqual([1, 1, 1, 0.5, 0.5, Math.fround(0.01)]);
    expect([...asymmetry(ap, unit)]).toEqual([1, -1, 0, 0, 1, Math.fround(-0.01)]);
  });

  it('count the labels that change at half and twice tau', () => {
    // At tau = 0.02: 0.015 and -0.015 have no label, 0.03 is AND; at 0.01 two more are labelled, at 0.04 one less.
    const near = { noising: f32(-0.015, -0.03, -1, 0.015), denoising: f32(0, 0, 0, -0.015) };
    expect(labelComponents(near, unit, TAU)).toEqual([undefined, 'and', 'and', undefined]);
    expect(labelStability(near, unit, TAU)).toEqual({ half_tau: 2, double_tau: 1 });
  });

  it.each([0, -1, Number.NaN])('refuse tau = %s', (tau) => {
    expect(() => labelComponents(ap, unit, tau)).toThrow('expected tau above 0');
  });
});

describe('the smallest gate', () => {
  // F(a, b) = sigmoid(w (a + b) + c), clean (1, 1), corrupted (0, 0), a and b in one layer.
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const gate = (w: number, c: number) => (a: number, b: number) => sigmoid(w * (a + b) + c);

  /** Attribution of a along the straight line of both inputs, by a fine midpoint sum; dF/da = w F (1 - F). */
  function jointScore(w: number, c: number, from: number, to: number): number {
    const steps = 2000;
    let total = 0;
    for (let k = 0; k < steps; k++) {
      const at = from + ((to - from) * (k + 0.5)) / steps;
      const f = gate(w, c)(at, at);
      total += (w * f * (1 - f) * (to - from)) / steps;
    }
    return total;
  }

  it.each([
    { name: 'AND', w: 3, c: -4.5, d: 0.807, noising: 0.787, denoising: 0.213, label: 'and' },
    { name: 'OR', w: 4, c: -1.7, d: 0.844, noising: 0.106, denoising: 0.894, label: 'or' },
  ])('$name: patching tells it, layer IG does not', ({ w, c, d, noising, denoising, label }) => {
    const f = gate(w, c);
    const metric = { clean: f(1, 1), corrupted: f(0, 0) };
    const size = metric.clean - metric.corrupted;
    const ap = { noising: f32(f(0, 1) - f(1, 1)), denoising: f32(f(1, 0) - f(0, 0)) };
    expect(size).toBeCloseTo(d, 3);
    expect(normalisedEffects(ap.noising, metric, 'noising')[0]).toBeCloseTo(noising, 3);
    expect(normalisedEffects(ap.denoising, metric, 'denoising')[0]).toBeCloseTo(denoising, 3);
    expect(labelComponents(ap, metric, TAU)).toEqual([label]);
    expect(-jointScore(w, c, 1, 0)).toBeCloseTo(size / 2, 6);
    expect(jointScore(w, c, 0, 1)).toBeCloseTo(size / 2, 6);
  });
});
