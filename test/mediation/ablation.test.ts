/**
 * Ablation of sets: against torch with hooks; that all members are ablated; that a set of one is activation patching.
 */
import { describe, expect, test } from 'vitest';
import {
  ablate,
  ablationEdits,
  type AblationValue,
  type ComponentSet,
} from '../../src/mediation/ablation.ts';
import { type Component, DIRECTIONS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, WITH_PATHS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { readMetrics } from '../support/metrics.ts';
import { openCase } from '../support/open-case.ts';

/** `ABLATED` of reference/paths.py. */
const SET: ComponentSet = {
  heads: [
    [0, 0],
    [1, 1],
    [1, 0],
  ],
  neurons: [
    [0, 3],
    [0, 7],
    [1, 5],
  ],
};

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const paths = readCase(name, 'paths.safetensors');
  const opened = openCase(reference);

  test.each(DIRECTIONS)('F is that of the reference, %s', async (direction) => {
    const { model, pair } = opened;
    const both = [pair.clean.ids, pair.corrupted.ids];
    const values: AblationValue[] = [
      'other',
      'zero',
      { mean: both },
      { mean: [...both, pair.clean.ids.slice(0, 3)] },
      { scale: 2 },
    ];
    const metrics = [];
    for (const value of values) {
      const { metric, base, effect } = await ablate(model, pair, SET, { value, direction });
      expect(effect).toBe(metric - base);
      metrics.push(metric);
    }
    expect(metrics).toBeClose(paths.expected(`ablation.${direction}`).data, TOLERANCES.reference);
  });

  test('a set of one from the other run is activation patching', async () => {
    const { model, pair } = opened;
    for (const kind of ['heads', 'neurons'] as const) {
      for (const [layer, index] of [
        [0, 1],
        [1, 0],
      ] as Component[]) {
        const { effect } = await ablate(model, pair, { [kind]: [[layer, index]] }, { value: 'other' });
        const ap = reference.expected(`ap.noising.${kind}`);
        const scale = Math.max(...ap.data.map(Math.abs));
        expect([effect]).toBeClose([ap.data[layer * ap.shape[1]! + index]!], { atol: 1e-4 * scale });
      }
    }
  });
});

test('by another metric, a set of one from the other run is activation patching too', async () => {
  const { reference, metrics } = readMetrics('llama-gqa');
  await using model = await loadTiny(reference.folder);
  const { answer: _answer, wrong: _wrong, ...prompts } = pairOf(model, reference);
  for (const [word, metric] of metrics) {
    const ap = reference.expected(`${word}.ap.denoising.heads`);
    const set = { heads: [[1, 2]] as Component[] };
    const options = { value: 'other', direction: 'denoising', metric } as const;
    const { effect } = await ablate(model, prompts, set, options);
    const scale = Math.max(...ap.data.map(Math.abs));
    expect([effect], word).toBeClose([ap.data[ap.shape[1]! + 2]!], { atol: 1e-4 * scale });
  }
});

describe('values', () => {
  const reference = readCase('gpt2-plain');
  const opened = openCase(reference);

  test('every component of a set is ablated, and nothing else', async () => {
    const { model, pair } = opened;
    const heads: Component[] = [
      [0, 1],
      [0, 3],
      [1, 2],
    ];
    const neurons: Component[] = [
      [0, 5],
      [0, 60],
      [1, 9],
    ];
    const hooks = await ablationEdits(model, pair.clean.ids, { heads, neurons }, 'zero');
    const names = ['blocks.*.attn.hook_result', 'blocks.*.mlp.hook_post'];
    const { cache } = await model.runWithCache(pair.clean.ids, { hooks, names });
    const silent: string[] = [];
    for (const [name, { shape, data }] of cache) {
      const [, positions, count, width = 1] = shape as [number, number, number, number?];
      for (let index = 0; index < count; index++) {
        const values = Array.from({ length: positions * width }, (_, i) => {
          const position = Math.floor(i / width);
          return data[(position * count + index) * width + (i % width)];
        });
        if (values.every((value) => value === 0)) silent.push(`${name} ${index}`);
      }
    }
    expect(silent.sort()).toEqual(
      [
        ...heads.map(([layer, head]) => `blocks.${layer}.attn.hook_result ${head}`),
        ...neurons.map(([layer, neuron]) => `blocks.${layer}.mlp.hook_post ${neuron}`),
      ].sort(),
    );
  });

  test('recorded values stay, whatever earlier components of the set do', async () => {
    const { model, pair } = opened;
    const value = { recorded: pair.corrupted.ids };
    const hooks = await ablationEdits(model, pair.clean.ids, SET, value);
    const names = ['blocks.1.attn.hook_z'];
    const patched = (await model.runWithCache(pair.clean.ids, { hooks, names })).cache.get(names[0]!)!;
    const other = (await model.runWithCache(pair.corrupted.ids, { names })).cache.get(names[0]!)!;
    const [, , heads, width] = other.shape as [number, number, number, number];
    const own = (data: Float32Array) => data.filter((_, i) => Math.floor(i / width) % heads < 2);
    expect(own(patched.data)).toEqual(own(other.data));
  });

  test('a factor of 1 and a mean over the prompt itself change nothing', async () => {
    const { model, pair } = opened;
    const one = await ablate(model, pair, SET, { value: { scale: 1 } });
    const self = await ablate(model, pair, SET, { value: { mean: [pair.clean.ids] } });
    expect([one.effect, self.effect]).toEqual([0, 0]);
    const none = await ablate(model, pair, SET, { value: { scale: 0 } });
    const zero = await ablate(model, pair, SET, { value: 'zero' });
    expect(none.metric).toBeCloseTo(zero.metric, 6);
  });

  test('a resample takes one other prompt of the list, the same for the same seed', async () => {
    const { model, pair } = opened;
    const others = [3, 9, 20, 41, 60, 71].map((id) => pair.clean.ids.with(3, id));
    const value = (seed: number): AblationValue => ({ resample: [pair.clean.ids, ...others], seed });
    const alone = [];
    for (const prompt of others) {
      const edits = await ablationEdits(model, pair.clean.ids, SET, { recorded: prompt });
      alone.push(await model.lastLogits(pair.clean.ids, edits));
    }
    const drawn = [];
    for (const seed of [0, 1, 2, 3, 4, 5]) {
      const { logits } = await ablate(model, pair, SET, { value: value(seed) });
      expect(logits).toEqual((await ablate(model, pair, SET, { value: value(seed) })).logits);
      drawn.push(alone.findIndex(({ data }) => data.join() === logits.data.join()));
    }
    expect(drawn).not.toContain(-1);
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  test.each<[string, ComponentSet, AblationValue, RegExp]>([
    ['an empty set', {}, 'zero', /expected at least one head or neuron to ablate, got none/],
    ['a neuron that is not there', { neurons: [[0, 64]] }, 'zero', /neurons 0 to 63, got 0\.64/],
    ['an unknown value', SET, 'nought' as 'zero', /for value, got "nought"/],
    ['no prompt for a mean', SET, { mean: [] }, /at least one prompt for a mean, got none/],
    ['a prompt of another length', SET, { resample: [[0, 1]] }, /expected a prompt of 7 tokens .*, got 2/],
    ['no other prompt', SET, { resample: [] }, /expected a prompt to resample from/],
    ['no number for a factor', SET, { scale: Number.NaN }, /expected a finite factor for scale, got NaN/],
  ])('%s is refused', async (_what, set, value, message) => {
    const { model, pair } = opened;
    await expect(ablate(model, pair, set, { value })).rejects.toThrow(message);
  });
});
