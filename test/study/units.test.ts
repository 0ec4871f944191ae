/**
 * Units of work and their shards: all units, each in exactly one shard, shards of about the same weight.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/study/options.ts';
import { owners, shardOf } from '../../src/study/shard.ts';
import { ofPhase, PATCHING, unitsOf } from '../../src/study/units.ts';

const SHAPE = { nLayers: 3, nHeads: 4, dMlp: 130 };
const weights = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 60 });
const counts = fc.integer({ min: 1, max: 12 });
const unitsFrom = (list: readonly number[]) => list.map((weight, i) => ({ name: `unit ${i}`, weight }));
const load = (units: readonly { weight: number }[]) => units.reduce((sum, { weight }) => sum + weight, 0);

describe('units', () => {
  const units = unitsOf(SHAPE, DEFAULTS);

  test('are one a layer of attribution, and up to 64 sources of patching', () => {
    // 2 directions x 2 kinds x 3 layers; 2 directions x 3 layers x (1 of heads + 3 of neurons).
    // 2 directions x 6 pairs of layers, a layer with itself among them.
    expect(units.length).toBe(12 + 24 + 12);
    expect(new Set(units.map(({ name }) => name)).size).toBe(units.length);
    const sources = ofPhase(units, PATCHING);
    expect(sources.map(({ size }) => size).reduce((a, b) => a + b)).toBe(2 * 3 * (4 + 130));
    const last = sources.find(({ name }) => name === 'patch.noising.neurons.1.2');
    expect(last).toMatchObject({ layer: 1, chunk: 2, size: 2, indices: [128, 129] });
  });

  test('follow components and directions of patching; attribution runs in both', () => {
    const options = { ...DEFAULTS, components: ['heads'], directions: ['noising'] } as const;
    const names = unitsOf({ ...SHAPE, nLayers: 1 }, options).map(({ name }) => name);
    expect(names).toEqual([
      'ig.noising.heads.0',
      'ig.denoising.heads.0',
      'patch.noising.heads.0.0',
      'mediation.noising.heads.0.heads.0',
    ]);
  });

  test('weigh more in early layers, with more sources and with more points', () => {
    const weight = (name: string, options = DEFAULTS) =>
      unitsOf(SHAPE, options).find((unit) => unit.name === name)!.weight;
    expect(weight('patch.noising.heads.0.0')).toBe(4 * 6);
    expect(weight('patch.noising.neurons.0.0')).toBe(64 * 5);
    expect(weight('patch.noising.neurons.2.2')).toBe(2);
    expect(weight('ig.noising.neurons.2', { ...DEFAULTS, steps: 7 })).toBe(7);
    expect(weight('ig.noising.neurons.2', { ...DEFAULTS, steps: 'auto' })).toBe(50);
  });
});

describe('shards', () => {
  test('hold each unit exactly once, in order', () => {
    fc.assert(
      fc.property(weights, counts, (list, count) => {
        const units = unitsFrom(list);
        const shards = Array.from({ length: count }, (_, index) => shardOf(units, { index, count }));
        const places = shards.flat().map((unit) => units.indexOf(unit));
        expect(places.sort((a, b) => a - b)).toEqual(units.map((_, i) => i));
        for (const shard of shards) {
          expect(shard).toEqual(units.filter((unit) => shard.includes(unit)));
        }
      }),
    );
  });

  test('are balanced: none weighs more than the mean and one unit', () => {
    fc.assert(
      fc.property(weights, counts, (list, count) => {
        const units = unitsFrom(list);
        const mean = load(units) / count;
        const heaviest = Math.max(0, ...list);
        for (let index = 0; index < count; index++) {
          expect(load(shardOf(units, { index, count }))).toBeLessThanOrEqual(mean + heaviest);
        }
      }),
    );
  });

  test('go to the least loaded, ties to the lowest', () => {
    expect([...owners(unitsFrom([1, 3, 2, 2, 1]), 2)]).toEqual([0, 0, 1, 1, 0]);
    expect([...owners(unitsFrom([5, 5, 5]), 3)]).toEqual([0, 1, 2]);
  });

  test('of a real study are even', () => {
    const units = unitsOf({ nLayers: 12, nHeads: 12, dMlp: 3072 }, DEFAULTS);
    const loads = Array.from({ length: 7 }, (_, index) => load(shardOf(units, { index, count: 7 })));
    expect(Math.max(...loads) / Math.min(...loads)).toBeLessThan(1.01);
  });
});
