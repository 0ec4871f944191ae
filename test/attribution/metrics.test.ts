/**
 * Methods by other metrics than the logit difference, against the references.
 */
import { describe, expect, test } from 'vitest';
import { attribute } from '../../src/attribution/attribute.ts';
import { attributionPatching } from '../../src/attribution/attribution-patching.ts';
import { layerIg } from '../../src/attribution/integrated-gradients.ts';
import type { Scores } from '../../src/attribution/method.ts';
import { METHODS } from '../../src/attribution/methods.ts';
import { InputError } from '../../src/errors.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import {
  evaluateMetric,
  logitDifference,
  logProbability,
  type Metric,
  setDifference,
} from '../../src/tasks/metric.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Direction, DIRECTIONS, KINDS } from '../../src/terms.ts';
import { CASES, WITH_KINKS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { readMetrics } from '../support/metrics.ts';
import { openCase } from '../support/open-case.ts';

/** Both families, a kink, more layers; a pair that differs at the last position alone. */
const SOME = CASES.filter((name) => ['gpt2-plain', WITH_KINKS, 'gpt2-last', 'llama-gqa'].includes(name));

describe.each(SOME)('%s', (name) => {
  const { reference, metrics } = readMetrics(name);
  const opened = openCase(reference);

  test.each([...metrics])(
    '%s: attribution patching, and integrated gradients with their sums',
    (word, metric) =>
      withPair(
        opened.model,
        opened.pair,
        async ({ chain, runs }) => {
          for (const direction of DIRECTIONS) {
            const input = { chain, ...baseAndOther(runs, direction), kinds: KINDS };
            const sloped = await attributionPatching.run(input);
            const integrated = await layerIg.run({ ...input, steps: 50 });
            for (const kind of KINDS) {
              const way = `${direction}.${kind}`;
              const expected = (array: string) => reference.expected(`${word}.${array}.${way}`);
              expect(integrated[kind]!, way).toBeClose(expected('ig'), TOLERANCES.reference);
              expect(sloped[kind]!, way).toBeClose(expected('attribution_patching'), {
                ...TOLERANCES.reference,
                // At the clean run itself a divergence is flat: what is left is rounding.
                atol: word === 'kl_divergence' ? 1e-6 : 0,
              });
              const sums = sumsOfLayers(integrated[kind]!);
              // Fifty points do not see a kink.
              const rtol = name === WITH_KINKS ? 1e-2 : TOLERANCES.reference.rtol!;
              expect(sums, `${way} completeness`).toBeClose(expected('layer_patched').data, { rtol });
            }
          }
        },
        metric,
      ),
  );
});

function sumsOfLayers({ data, shape }: Tensor): number[] {
  const [layers, size] = shape as [number, number];
  return Array.from({ length: layers }, (_, layer) =>
    data.subarray(layer * size, (layer + 1) * size).reduce((sum, score) => sum + score, 0),
  );
}

describe('on one model', () => {
  const { reference, metrics } = readMetrics('llama-gqa');
  const opened = openCase(reference);

  /** Scores of every method on the opened pair, by name. */
  const scoresBy = (metric: Metric | undefined, direction: Direction) =>
    withPair(
      opened.model,
      opened.pair,
      async ({ chain, runs }) => {
        const input = { chain, ...baseAndOther(runs, direction), kinds: KINDS, steps: 8 };
        const scores = new Map<string, Scores>();
        for (const { name, run } of METHODS) scores.set(name, await run(input));
        return scores;
      },
      metric,
    );

  test.each([...metrics])('every method takes %s', async (_word, metric) => {
    for (const [method, scores] of await scoresBy(metric, 'denoising')) {
      for (const kind of KINDS) {
        const { data } = scores[kind]!;
        expect(data.every(Number.isFinite), method).toBe(true);
        expect(Math.max(...data.map(Math.abs)), method).toBeGreaterThan(1e-3);
      }
    }
  });

  test('every method scores sets of one token each as their logit difference', async () => {
    const { pair } = opened;
    const plain = await scoresBy(undefined, 'noising');
    const sets = await scoresBy(setDifference('logit', [pair.answer.id], [pair.wrong.id]), 'noising');
    for (const [method, scores] of sets) {
      for (const kind of KINDS)
        expect(scores[kind]!, method).toBeClose(plain.get(method)![kind]!, TOLERANCES.rounding);
    }
  });

  test('attribute takes a metric for prompts without answers, and needs one', async () => {
    const { model, pair } = opened;
    const { clean, corrupted, firstDifference } = pair;
    const prompts = { clean, corrupted, firstDifference };
    const options = { method: 'attribution_patching', direction: 'noising' } as const;
    const metric = logitDifference(pair.answer.id, pair.wrong.id);
    expect(await attribute(model, prompts, { ...options, metric })).toEqual(
      await attribute(model, pair, options),
    );
    // As an item of a data set, which has its own; a given one counts more.
    const item = { ...prompts, metric: logProbability(pair.answer.id) };
    expect(await attribute(model, item, options)).toEqual(
      await attribute(model, prompts, { ...options, metric: item.metric }),
    );
    expect(await attribute(model, item, { ...options, metric })).toEqual(
      await attribute(model, pair, options),
    );
    await expect(attribute(model, prompts, options)).rejects.toThrow(/expected a metric for prompts without/);
    const unknown = { ...options, metric: logProbability(1000) };
    await expect(attribute(model, prompts, unknown)).rejects.toThrow(InputError);
  });

  test.each([...metrics])('%s: gradients at hook points hold it too', async (_word, metric: Metric) => {
    const { model, pair } = opened;
    const at = 'blocks.1.mlp.hook_post';
    const { cache } = await model.runWithCache(pair.corrupted.ids, { names: at });
    const { metric: f, gradients } = await model.gradients([pair.clean.ids, pair.corrupted.ids], {
      metric,
      names: at,
    });
    const logits = await model.lastLogits([pair.clean.ids, pair.corrupted.ids]);
    const width = logits.shape[1]!;
    const expected = [0, 1].map((row) =>
      evaluateMetric(metric, logits.data.subarray(row * width, (row + 1) * width)),
    );
    expect(f.data).toBeClose(expected, TOLERANCES.reference);
    // The corrupted run's slope along a step, by two runs.
    const slope = gradients.get(at)!;
    const size = slope.data.length / 2;
    const own = slope.data.subarray(size);
    const step = 4e-3 / Math.hypot(...own);
    const along = async (sign: number) => {
      const value = { ...cache.get(at)!, data: cache.get(at)!.data.map((x, i) => x + sign * step * own[i]!) };
      return evaluateMetric(metric, (await model.lastLogits(pair.corrupted.ids, [{ at, value }])).data);
    };
    const predicted = own.reduce((sum, value) => sum + value * value, 0);
    expect([predicted]).toBeClose([((await along(1)) - (await along(-1))) / (2 * step)], { rtol: 1e-2 });
  });
});
