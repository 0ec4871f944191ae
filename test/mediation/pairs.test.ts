/**
 * Exact pairs are what whole runs of the model give with two components edited: over generated shapes, both kinds, every
 * order of the two. And what holds by definition.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sources } from '../../src/effects/unit.ts';
import { loadCheckpoint } from '../../src/load-model.ts';
import { firstRuns, PAIR_MEASURES, pairEffects, prepareMediation } from '../../src/mediation/pairs.ts';
import { componentsPerLayer, type ModelConfig } from '../../src/model/config.ts';
import type { Edit } from '../../src/patch/edits.ts';
import type { Model } from '../../src/patch/model.ts';
import { runBoth } from '../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../src/patch/suffix.ts';
import { randomCheckpoint } from '../../src/study/plan/probe-model.ts';
import { evaluateMetric, logitDifference } from '../../src/tasks/metric.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { KINDS, type Kind } from '../../src/terms.ts';
import { extents, smallConfigs } from '../support/configs.ts';

const METRIC = logitDifference(1, 2);
const RUNS = 10;

const siteOf = (kind: Kind, layer: number) =>
  `blocks.${layer}.${kind === 'heads' ? 'attn.hook_z' : 'mlp.hook_post'}`;

async function metricOf(model: Model, tokens: readonly number[], hooks: readonly Edit[]): Promise<number> {
  const { logits } = await model.runWithCache(tokens, { names: [], hooks });
  return evaluateMetric(METRIC, logits!.data.subarray(-model.config.vocabulary));
}

/** Some components of every layer: heads whole, or a few neurons. */
function groupsOf(config: ModelConfig, pick: number): Sources[] {
  return Array.from({ length: config.nLayers }, (_, layer) =>
    KINDS.map((kind): Sources => {
      const count = componentsPerLayer(config, kind);
      const first = pick % count;
      const indices =
        kind === 'heads' ? Array.from({ length: count }, (__, i) => i) : [...new Set([first, count - 1])];
      return { kind, layer, indices: indices.sort((a, b) => a - b) };
    }),
  ).flat();
}

async function prepared(
  config: ModelConfig,
  length: number,
  first: number,
  groups: readonly Sources[],
  batch: number,
) {
  const model = await loadCheckpoint(randomCheckpoint(config), { threads: 1 });
  const clean = Array.from({ length }, (_, i) => 3 + (i % (config.vocabulary - 4)));
  const corrupted = clean.map((id, i) => (i >= first && (i - first) % 2 === 0 ? id + 1 : id));
  const chain = await SuffixChain.create(model.loaded, METRIC, [clean, corrupted], first);
  const [base, other] = await runBoth(chain);
  const source = { model: model.loaded, metric: METRIC, base: base!, other: other! };
  return { model, clean, corrupted, mediating: await prepareMediation(chain, source, groups, batch) };
}

test('via and joint effects are those of whole runs with two edits', async () => {
  await fc.assert(
    fc.asyncProperty(
      smallConfigs,
      extents,
      fc.nat(),
      fc.integer({ min: 1, max: 9 }),
      async (config, { length, first }, pick, batch) => {
        const groups = groupsOf(config, pick);
        const { model, clean, corrupted, mediating } = await prepared(config, length, first, groups, batch);
        try {
          const at = pick % groups.length;
          const [one, two] = [groups[at]!, groups[at + (pick % (groups.length - at))]!];
          const runs = await firstRuns(mediating, one);
          const found = await pairEffects(mediating, one, two, runs, PAIR_MEASURES);
          const { cache } = await model.runWithCache(corrupted, { names: ['*hook_z', '*hook_post'] });
          const { cache: own } = await model.runWithCache(clean, { names: ['*hook_z', '*hook_post'] });
          const edit = (values: typeof cache, { kind, layer }: Sources, index: number): Edit => {
            const site = siteOf(kind, layer);
            return { at: site, index: [index], value: values.get(site)! as Tensor };
          };
          const base = await metricOf(model, clean, []);
          const isSame = one === two;
          const a = pick % one.indices.length;
          const b = isSame ? one.indices.length - 1 : pick % two.indices.length;
          const patched = edit(cache, one, one.indices[a]!);
          const ap = await metricOf(model, clean, [patched]);
          const joint = await metricOf(model, clean, [patched, edit(cache, two, two.indices[b]!)]);
          const held = await metricOf(model, clean, [patched, edit(own, two, two.indices[b]!)]);
          const near = (value: number, wanted: number) => {
            const scale = Math.abs(base) + Math.abs(ap) + Math.abs(joint) + Math.abs(held);
            expect(Math.abs(value - wanted)).toBeLessThanOrEqual(2e-5 * scale + 1e-7);
          };
          const place = a * two.indices.length + b;
          near(found.ap[a]!, ap - base);
          if (isSame && a >= b) return;
          near(found.pairs.get('joint')![place]!, joint - base);
          near(found.pairs.get('via')![place]!, isSame ? 0 : ap - held);
        } finally {
          await model.dispose();
        }
      },
    ),
    { numRuns: RUNS },
  );
}, 120_000);

test('the size of batches changes no bit', async () => {
  const [config] = fc.sample(smallConfigs, { numRuns: 1, seed: 7 });
  const all: Float32Array[] = [];
  for (const batch of [1, 2, 5, 64]) {
    const groups = groupsOf(config!, 3);
    const { model, mediating } = await prepared(config!, 7, 3, groups, batch);
    const runs = await firstRuns(mediating, groups[0]!);
    const found = await Promise.all(
      groups.map((second) => pairEffects(mediating, groups[0]!, second, runs, PAIR_MEASURES)),
    );
    all.push(
      Float32Array.from(
        found.flatMap(({ ap, pairs }) => [...ap, ...[...pairs.values()].flatMap((of) => [...of])]),
      ),
    );
    await model.dispose();
  }
  for (const other of all.slice(1)) expect(other).toEqual(all[0]);
});

test('a measure alone has the bits that it has beside the other, and no other is there', async () => {
  const [config] = fc.sample(smallConfigs, { numRuns: 1, seed: 13 });
  for (const batch of [2, 64]) {
    const groups = groupsOf({ ...config!, nLayers: 2 }, 1);
    const { model, mediating } = await prepared({ ...config!, nLayers: 2 }, 7, 3, groups, batch);
    const runs = await firstRuns(mediating, groups[0]!);
    for (const second of groups) {
      const both = await pairEffects(mediating, groups[0]!, second, runs, PAIR_MEASURES);
      for (const measure of PAIR_MEASURES) {
        const alone = await pairEffects(mediating, groups[0]!, second, runs, [measure]);
        expect(alone).toEqual({ ap: both.ap, pairs: new Map([[measure, both.pairs.get(measure)!]]) });
      }
    }
    await model.dispose();
  }
});

test('a component that another one does not move carries none of its effect, exactly', async () => {
  const [config] = fc.sample(smallConfigs, { numRuns: 1, seed: 11 });
  const groups = groupsOf({ ...config!, nLayers: 3 }, 1);
  const { model, mediating } = await prepared({ ...config!, nLayers: 3 }, 6, 5, groups, 64);
  // Held at the value that it has anyway: the run is the first's own, bit for bit.
  const runs = await firstRuns(mediating, groups[0]!);
  const still = {
    ...mediating,
    base: { ...mediating.base, values: new Map([...runs.values].map(([at, all]) => [at, first(all)])) },
  };
  for (const second of groups.slice(1)) {
    const { pairs } = await pairEffects(still, groups[0]!, second, runs, ['via']);
    expect([...pairs.get('via')!.subarray(0, second.indices.length)]).toEqual(second.indices.map(() => 0));
  }
  await model.dispose();
});

function first({ shape, data }: Tensor): Tensor {
  return { shape: [1, ...shape.slice(1)], data: data.subarray(0, data.length / shape[0]!) };
}
