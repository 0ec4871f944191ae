/**
 * Hooked runs against TransformerLens and transformers: every hook value, logits, gradients at every hook point.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../src/patch/model.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { CASES, centred, DETAILED, loadTiny, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

/** The one prompt of a batch. */
function only({ shape, data }: Tensor): Tensor {
  expect(shape[0]).toBe(1);
  return { shape: shape.slice(1), data };
}

/**
 * TransformerLens runs ln1 three times, for queries, keys and values, and keeps the last: the fixtures hold the gradient
 * of that path alone. Ours is that of the one value that all three read (finite differences in gradients.test.ts).
 */
const THREE_TIMES = /\.ln1\./;

const VARIANTS = CASES.flatMap((name) => [
  { name, weights: 'processed', raw: false },
  { name, weights: 'raw', raw: true },
]);

describe.each(VARIANTS)('$name, $weights weights', ({ name, raw }) => {
  const reference = readCase(name);
  const { clean, corrupted } = reference.pair;
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(reference.folder, { raw });
  });
  afterAll(() => model.dispose());

  test('gives the logits of transformers, both prompts in one batch', async () => {
    const { logits } = await model.runWithCache([clean, corrupted], { names: [] });
    const half = logits!.data.length / 2;
    for (const [at, which] of ['clean', 'corrupted'].entries()) {
      const own = { shape: logits!.shape.slice(1), data: logits!.data.subarray(at * half, (at + 1) * half) };
      const expected = reference.expected(`hf.${which}.logits`);
      expect(centred(own)).toBeClose(centred(expected), TOLERANCES.reference);
    }
  });

  const prefix = raw ? 'raw.' : '';
  const hooks = reference.arrays.filter((array) => array.startsWith(`${prefix}cache.`));
  const gradients = reference.arrays.filter((array) => array.startsWith('grad.'));

  if (hooks.length > 0)
    test('gives every hook value of TransformerLens, in its shape', async () => {
      const { logits, cache } = await model.runWithCache(clean);
      expect([...cache.keys()]).toEqual(model.hookNames());
      expect(hooks.map((array) => array.slice(`${prefix}cache.`.length)).sort()).toEqual(
        [...cache.keys()].sort(),
      );
      for (const array of hooks) {
        const value = only(cache.get(array.slice(`${prefix}cache.`.length))!);
        expect(value, array).toBeClose(reference.expected(array), TOLERANCES.reference);
      }
      expect(only(logits!)).toBeClose(reference.expected(`${prefix}tl.clean.logits`), TOLERANCES.reference);
    });

  if (!raw && gradients.length > 0)
    test('gives the gradients of torch at every hook point', async () => {
      const { metric } = reference;
      const found = await model.gradients(clean, { metric, names: () => true });
      expect(found.metric.data[0]).toBeCloseTo(reference.expected('metric').data[0]!, 4);
      expect(gradients.map((array) => array.slice('grad.'.length)).sort()).toEqual(model.hookNames().sort());
      for (const array of gradients.filter((each) => !THREE_TIMES.test(each))) {
        const value = only(found.gradients.get(array.slice('grad.'.length))!);
        expect(value, array).toBeClose(reference.expected(array), TOLERANCES.reference);
      }
    });
});

test('hook values of raw weights and gradients are checked for both families', () => {
  for (const name of DETAILED) {
    const { arrays } = readCase(name);
    expect(arrays.some((array) => array.startsWith('raw.cache.'))).toBe(true);
    expect(arrays.some((array) => array.startsWith('grad.'))).toBe(true);
  }
  expect(DETAILED.map((name) => name.split('-')[0])).toEqual(['gpt2', 'llama']);
});
