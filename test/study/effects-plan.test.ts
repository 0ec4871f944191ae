/**
 * Which arrays a study writes whole: everything up to 256,000,000 bytes, and more with `full`.
 */
import { describe, expect, test } from 'vitest';
import { planEffects, WHOLE_BYTES } from '../../src/study/effects-plan.ts';
import { DEFAULTS, type StudyOptions } from '../../src/study/options.ts';
import { GPT2_SMALL } from '../support/configs.ts';

const plan = (options: Partial<StudyOptions>, config = GPT2_SMALL) =>
  planEffects(config, { ...DEFAULTS, ...options }, 'm');
const names = (options: Partial<StudyOptions>, config = GPT2_SMALL) =>
  plan(options, config).arrays.map(({ name }) => name);

describe('arrays of GPT-2 small', () => {
  test('the matrix of neurons on neurons is too large, in every measure; its summaries are not', () => {
    const { arrays, absent } = plan({ measures: ['through', 'l2'] });
    expect(absent).toEqual(['neurons_to_neurons', 'neurons_to_neurons_through', 'neurons_to_neurons_l2']);
    const written = arrays.map(({ name }) => name);
    expect(written).toEqual(
      expect.arrayContaining([
        'heads_to_neurons',
        'neurons_to_heads_l2',
        'neurons_to_neurons_by_layer',
        'neurons_to_neurons_top_index',
        'neurons_to_neurons_top_value',
      ]),
    );
    for (const name of absent) expect(written).not.toContain(name);
  });

  test('full writes them all', () => {
    expect(plan({ full: true }).absent).toEqual([]);
    expect(names({ full: true })).toContain('neurons_to_neurons_through');
  });

  test('what is kept follows components and measures', () => {
    expect(names({ components: ['heads'], measures: [] })).toEqual([
      'heads_to_heads',
      'heads_to_heads_by_layer',
      'heads_to_heads_top_index',
      'heads_to_heads_top_value',
    ]);
  });
});

test('the bound is on the uncompressed float32 of the full shape, and may be met', () => {
  // 4 x 1 x 1 x 8000 x 8000 = 256,000,000
  const meets = { ...GPT2_SMALL, nLayers: 1, dMlp: 8000 };
  expect(WHOLE_BYTES).toBe(256_000_000);
  expect(plan({ components: ['neurons'] }, meets).absent).toEqual([]);
  expect(plan({ components: ['neurons'] }, { ...meets, dMlp: 8001 }).absent).toContain('neurons_to_neurons');
});
