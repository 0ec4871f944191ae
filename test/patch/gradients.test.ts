/**
 * Gradients at hook points against finite differences by edits: both go through the whole model.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Edit } from '../../src/patch/edits.ts';
import type { Model } from '../../src/patch/model.ts';
import { evaluateMetric, logitDifference } from '../../src/tasks/metric.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadTiny, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';

describe.each(['gpt2-first-f16', 'llama-gqa'])('%s', (name) => {
  const { folder, pair, metric } = readCase(name);
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(folder);
  });
  afterAll(() => model.dispose());

  async function metricUnder(hooks: Edit[]): Promise<number> {
    return evaluateMetric(metric, (await model.lastLogits(pair.clean, hooks)).data);
  }

  /** F moved along a direction at a hook point, on top of other edits. */
  async function slopeAlong(at: string, direction: Tensor, hooks: Edit[]): Promise<number> {
    const step = 4e-3;
    const moved = (sign: number): Edit => ({
      at,
      how: 'add',
      value: { shape: direction.shape, data: direction.data.map((x) => sign * step * x) },
    });
    return (
      ((await metricUnder([...hooks, moved(1)])) - (await metricUnder([...hooks, moved(-1)]))) / (2 * step)
    );
  }

  async function compare(hooks: Edit[]): Promise<void> {
    // Every kind of hook point once: those of the first block, and those outside the blocks.
    const names = (hook: string) => !/^blocks\.[^0]/.test(hook);
    const { metric: f, gradients } = await model.gradients(pair.clean, { metric, names, hooks });
    expect([f.data[0]!]).toBeClose([await metricUnder(hooks)], TOLERANCES.reference);
    const random = new Random(11);
    for (const [at, gradient] of gradients) {
      // Along the gradient, so that the slope is not small beside what rounds, and at random besides.
      const length = Math.hypot(...gradient.data);
      const direction = {
        shape: gradient.shape,
        data: gradient.data.map(
          (g) => (length > 0 ? g / length : 0) + (0.5 * random.normal()) / Math.sqrt(gradient.data.length),
        ),
      };
      const predicted = gradient.data.reduce((sum, g, i) => sum + g * direction.data[i]!, 0);
      const slope = await slopeAlong(at, direction, hooks);
      expect([predicted], at).toBeClose([slope], { rtol: 1e-2, atol: 1e-3 });
    }
  }

  test('are slopes of F at every hook point', () => compare([]));

  test('are slopes of F under edits too, those of the final norm included', () =>
    compare([
      { at: 'blocks.0.attn.hook_z', value: 0, index: [1] },
      { at: 'blocks.1.mlp.hook_post', value: 0.5, how: 'add', positions: [pair.clean.length - 1] },
      { at: 'ln_final.hook_scale', value: 1.5, how: 'scale' },
    ]));
});

test('a hook point that an edit overwrites has the gradient of the value put there', async () => {
  const { folder, pair, metric } = readCase('gpt2-plain');
  await using model = await loadTiny(folder);
  const at = 'blocks.0.hook_attn_out';
  const { cache } = await model.runWithCache(pair.corrupted, { names: at });
  const hooks: Edit[] = [{ at, value: cache.get(at)! }];
  const { gradients } = await model.gradients(pair.clean, {
    metric,
    names: [at, 'blocks.0.attn.hook_z'],
    hooks,
  });
  expect(Math.hypot(...gradients.get(at)!.data)).toBeGreaterThan(0.1);
  // Nothing of z is left behind it.
  expect(gradients.get('blocks.0.attn.hook_z')!.data.every((value) => value === 0)).toBe(true);
});

test('exchanging answer and wrong answer turns every gradient round, on the same model', async () => {
  const { folder, pair } = readCase('gpt2-plain');
  await using model = await loadTiny(folder);
  const at = 'blocks.0.hook_resid_pre';
  const [one, two] = await Promise.all(
    [
      [pair.answer, pair.wrong],
      [pair.wrong, pair.answer],
    ].map(([answer, wrong]) =>
      model.gradients(pair.clean, { metric: logitDifference(answer!, wrong!), names: at }),
    ),
  );
  expect(two!.metric.data[0]).toBe(-one!.metric.data[0]!);
  const turned = one!.gradients.get(at)!.data.map((value) => -value);
  expect(two!.gradients.get(at)!.data).toBeClose(turned, TOLERANCES.rounding);
});

test('refuses a metric of tokens that the model does not have', async () => {
  const { folder, pair } = readCase('gpt2-plain');
  await using model = await loadTiny(folder);
  const metric = logitDifference(pair.answer, model.config.vocabulary);
  await expect(model.gradients(pair.clean, { metric, names: 'hook_embed' })).rejects.toThrow(
    /expected token ids of the metric from 0 to \d+, got \d+/,
  );
});
