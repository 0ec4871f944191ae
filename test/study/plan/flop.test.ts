/**
 * The formulas of cost against the matrix products of the graphs that the code runs: equal, to the last FLOP.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layerIntegratedGradients, MAX_ROWS } from '../../../src/attribution/integrated-gradients.ts';
import { wayOf } from '../../../src/effects/entrance.ts';
import { patchSources, preparePatching } from '../../../src/effects/patching.ts';
import { firstRuns, PAIR_MEASURES, pairEffects, prepareMediation } from '../../../src/mediation/pairs.ts';
import { finalLogits, runBoth } from '../../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../../src/patch/suffix.ts';
import {
  batchFlop,
  bothRunsFlop,
  entranceFlop,
  firstFlop,
  logitsFlop,
  pairBaseFlop,
  pairFlop,
  patchedRows,
  patchedFlop,
  pathFlop,
} from '../../../src/study/plan/flop.ts';
import { logitDifference } from '../../../src/tasks/metric.ts';
import { KINDS } from '../../../src/terms.ts';
import { extents, GPT2_SMALL, smallConfigs, SMOLLM2 } from '../../support/configs.ts';
import { dryModel } from '../../support/dry-model.ts';

const METRIC = logitDifference(1, 2);

/** Both runs of a pair whose prompts differ from `first` on. */
async function begun(config: typeof GPT2_SMALL, { length, first }: { length: number; first: number }) {
  const dry = await dryModel(config);
  const clean = new Array<number>(length).fill(1);
  const corrupted = clean.map((id, position) => (position === first ? 2 : id));
  const chain = await SuffixChain.create(dry.model, METRIC, [clean, corrupted], first);
  const [base, other] = await runBoth(chain);
  await finalLogits(chain, [base!, other!]);
  return { dry, chain, base: base!, other: other! };
}

describe('formulas equal the products of the real graphs', () => {
  test('of both runs, with what the prompts share', async () => {
    await fc.assert(
      fc.asyncProperty(smallConfigs, extents, async (config, extent) => {
        const { dry } = await begun(config, extent);
        expect(bothRunsFlop(config, extent) + logitsFlop(config)).toBe(dry.flop());
      }),
    );
  });

  test('of integrated gradients at every layer and kind', async () => {
    await fc.assert(
      fc.asyncProperty(
        smallConfigs,
        extents,
        fc.integer({ min: 1, max: 70 }),
        async (config, extent, steps) => {
          const { dry, chain, base, other } = await begun(config, extent);
          dry.flop();
          for (const kind of KINDS) {
            for (let layer = 0; layer < config.nLayers; layer++) {
              await layerIntegratedGradients(chain, layer, kind, base, other, steps);
              const { row, shared } = pathFlop(config, extent, kind, layer);
              const programs = Math.ceil((steps + 2) / MAX_ROWS);
              expect(dry.flop()).toBe((steps + 2) * row + programs * shared);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of patched runs of every layer and kind, and of the base run before them', async () => {
    await fc.assert(
      fc.asyncProperty(
        smallConfigs,
        extents,
        fc.integer({ min: 1, max: 3 }),
        async (config, extent, most) => {
          const { dry, chain, base, other } = await begun(config, extent);
          dry.flop();
          const source = { model: chain.model, metric: METRIC, base, other };
          const patching = await preparePatching(chain, source, ['direct'], ['through']);
          const opened = new Set<string>();
          for (const kind of KINDS) {
            const count = Math.min(most, kind === 'heads' ? config.nHeads : config.dMlp);
            const indices = Array.from({ length: count }, (_, i) => i);
            for (let layer = 0; layer < config.nLayers; layer++) {
              await patchSources(patching, kind, layer, indices);
              const { name } = wayOf(chain, kind, layer);
              const entrance = opened.has(name) ? 0 : entranceFlop(config, extent, kind, layer);
              opened.add(name);
              const rows = patchedRows(count, count);
              expect(dry.flop()).toBe(entrance + batchFlop(patchedFlop(config, extent, kind, layer), rows));
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

test('of all pairs of heads: base run, runs of each first layer, and of each pair', async () => {
  await fc.assert(
    fc.asyncProperty(smallConfigs, extents, async (config, extent) => {
      const { dry, chain, base, other } = await begun(config, extent);
      dry.flop();
      const indices = Array.from({ length: config.nHeads }, (_, i) => i);
      const groups = Array.from({ length: config.nLayers }, (_, layer) => ({
        kind: 'heads' as const,
        layer,
        indices,
      }));
      const source = { model: chain.model, metric: METRIC, base, other };
      const mediating = await prepareMediation(chain, source, groups, 64);
      expect(dry.flop()).toBe(pairBaseFlop(config, extent));
      for (const [at, first] of groups.entries()) {
        const runs = await firstRuns(mediating, first);
        expect(dry.flop()).toBe(Math.max(2, indices.length) * firstFlop(config, extent, 'heads', at));
        for (const second of groups.slice(at + 1)) {
          await pairEffects(mediating, first, second, runs, PAIR_MEASURES);
          const pairs = 2 * indices.length ** 2;
          expect(dry.flop()).toBe(pairs * pairFlop(config, extent, 'heads', second.layer));
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('all neurons of GPT-2 small, one direction, 19 tokens that differ from 10 on: 21.8 TFLOP', () => {
  const extent = { length: 19, first: 10 };
  let total = 0;
  for (let layer = 0; layer < 12; layer++)
    total += 48 * batchFlop(patchedFlop(GPT2_SMALL, extent, 'neurons', layer), 64);
  expect(total / 1e12).toBeCloseTo(21.84, 2);
});

test('a gated MLP costs three products, grouped keys and values less than queries', () => {
  const { dModel: d, dMlp: m } = SMOLLM2;
  const extent = { length: 19, first: 10 };
  const one = patchedFlop(SMOLLM2, extent, 'heads', 28).row - patchedFlop(SMOLLM2, extent, 'heads', 29).row;
  // At s = 9 positions the MLP of layer 28; at one that of layer 29, its queries and output; keys and values of a third.
  const expected = 2 * (9 * 3 * d * m + 2 * d * d + (2 * 9 * d * d) / 3 + 2 * 19 * d) + 2 * d * SMOLLM2.dHead;
  expect(one).toBe(expected);
});
