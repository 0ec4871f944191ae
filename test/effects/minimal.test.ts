/**
 * Minimal work is exact: what runs on the suffix alone, with a shared prefix, behind the edit, on lines and with one
 * position in the last layer, gives what whole runs of the model give, over generated shapes and first differences.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { patchSources, preparePatching } from '../../src/effects/patching.ts';
import { loadCheckpoint } from '../../src/load-model.ts';
import { componentsPerLayer } from '../../src/model/config.ts';
import type { Model } from '../../src/patch/model.ts';
import { runBoth } from '../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../src/patch/suffix.ts';
import { randomCheckpoint } from '../../src/study/plan/probe-model.ts';
import { evaluateMetric, logitDifference } from '../../src/tasks/metric.ts';
import { KINDS, type Kind } from '../../src/terms.ts';
import { type Tensor } from '../../src/tensor/tensor.ts';
import { extents, smallConfigs } from '../support/configs.ts';

const METRIC = logitDifference(1, 2);
const RUNS = 12;

interface Whole {
  readonly f: number;
  /** z and activations of each layer at the last token. */
  readonly last: (kind: Kind, layer: number) => Float32Array;
}

const siteOf = (kind: Kind, layer: number) =>
  `blocks.${layer}.${kind === 'heads' ? 'attn.hook_z' : 'mlp.hook_post'}`;

/** A run of all positions through all layers, one component edited. */
async function wholeRun(
  model: Model,
  tokens: readonly number[],
  edit?: { readonly kind: Kind; readonly layer: number; readonly index: number; readonly value: Tensor },
): Promise<Whole> {
  const hooks = edit ? [{ at: siteOf(edit.kind, edit.layer), value: edit.value, index: [edit.index] }] : [];
  const { cache, logits } = await model.runWithCache(tokens, { names: ['*hook_z', '*hook_post'], hooks });
  const { vocabulary } = model.config;
  return {
    f: evaluateMetric(METRIC, logits!.data.subarray(-vocabulary)),
    last: (kind, layer) => {
      const { data } = cache.get(siteOf(kind, layer))! as Tensor;
      return data.slice(-data.length / tokens.length);
    },
  };
}

test('patched runs are those of the whole model', async () => {
  await fc.assert(
    fc.asyncProperty(smallConfigs, extents, fc.nat(), async (config, { length, first }, pick) => {
      await using model = await loadCheckpoint(randomCheckpoint(config), { threads: 1 });
      const clean = Array.from({ length }, (_, i) => 3 + (i % (config.vocabulary - 4)));
      const corrupted = clean.map((id, i) => (i >= first && (i - first) % 2 === 0 ? id + 1 : id));
      const chain = await SuffixChain.create(model.loaded, METRIC, [clean, corrupted], first);
      const [base, other] = await runBoth(chain);
      const source = { model: model.loaded, metric: METRIC, base: base!, other: other! };
      const patching = await preparePatching(chain, source, ['direct'], ['through']);
      const layer = pick % config.nLayers;
      const unedited = await wholeRun(model, clean);
      const { cache } = await model.runWithCache(corrupted, { names: ['*hook_z', '*hook_post'] });
      for (const kind of KINDS) {
        const index = pick % componentsPerLayer(config, kind);
        const seen = await patchSources(patching, kind, layer, [index]);
        const value = cache.get(siteOf(kind, layer))! as Tensor;
        const whole = await wholeRun(model, clean, { kind, layer, index, value });
        const scale = Math.abs(unedited.f) + Math.abs(whole.f);
        expect(Math.abs(seen.ap[0]! - (whole.f - unedited.f))).toBeLessThanOrEqual(2e-5 * scale + 1e-7);
        for (const [target, measures] of seen.neurons) {
          const before = unedited.last('neurons', target);
          const change = whole.last('neurons', target).map((v, i) => v - before[i]!);
          const largest = Math.max(...before.map(Math.abs));
          measures.get('change')!.data.forEach((found, i) => {
            expect(Math.abs(found - change[i]!)).toBeLessThanOrEqual(2e-5 * largest);
          });
        }
      }
    }),
    { numRuns: RUNS },
  );
}, 120_000);
