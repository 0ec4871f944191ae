/**
 * What must hold whatever the model: identities between a study's own numbers, and with whole runs of the model.
 */
import { join, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Edit } from '../../src/patch/edits.ts';
import type { Model } from '../../src/patch/model.ts';
import type { StudyResults } from '../../src/results/read.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { evaluateMetric } from '../../src/tasks/metric.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { CASES, loadTiny, pairOf, readCase, type ReferenceCase, WITH_KINKS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { effectOf, EVERYTHING, filesOf, runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();
const MATRICES = KINDS.flatMap((source) => KINDS.map((target) => `${source}_to_${target}`));

const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0);
const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

function baseMetric({ study }: StudyResults, direction: Direction): number {
  return direction === 'noising' ? study.metric.clean : study.metric.corrupted;
}

/** The edit that puts one component's value of another run in place, at all positions. */
function patchOf(kind: Kind, layer: number, index: number, other: ReadonlyMap<string, Tensor>): Edit {
  const at = `blocks.${layer}.${kind === 'heads' ? 'attn.hook_z' : 'mlp.hook_post'}`;
  return { at, value: other.get(at)!, index: [index] };
}

describe.each(CASES)('%s', (name) => {
  const reference = readCase(name);
  let model: Model;
  let pair: Pair;
  let results: StudyResults;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    pair = pairOf(model, reference);
    results = await runStudy(model, pair, { out: out(name), full: true, measures: ['direct'], steps: 300 });
  });
  afterAll(() => model.dispose());

  const sides = (direction: Direction) =>
    direction === 'noising'
      ? { base: pair.clean.ids, other: pair.corrupted.ids }
      : { base: pair.corrupted.ids, other: pair.clean.ids };

  test('the parts of every ledger sum to AP', () => {
    for (const direction of DIRECTIONS) {
      for (const kind of KINDS) {
        const ledger = scoreOf(results, `ledger.${direction}.${kind}`).data;
        const ap = scoreOf(results, `ap.${direction}.${kind}`).data;
        const sums = ap.map((_, i) => sum(ledger.subarray(4 * i, 4 * i + 4)));
        expect(sums).toBeClose(ap, { rtol: 2e-6, atol: 2e-6 * largest(ledger) });
      }
    }
  });

  test('direct effects sum to the change of F by the base run’s final norm', async () => {
    const { nLayers, nHeads, dMlp } = model.config;
    const random = new Random(1);
    const { answer, wrong } = reference.pair;
    // F less its constant part is linear in the normalised stream, and that is (the centred stream) / sigma.
    const bias = model.loaded.parameters.get('unembed.b_U')?.data;
    const c = bias ? bias[answer]! - bias[wrong]! : 0;
    for (const direction of DIRECTIONS) {
      const { base, other } = sides(direction);
      const { cache } = await model.runWithCache(other, { names: ['*hook_z', '*hook_post'] });
      const scaleOf = async (hooks: Edit[]): Promise<{ f: number; sigma: number }> => {
        const run = await model.runWithCache(base, { hooks, names: 'ln_final.hook_scale' });
        const f = evaluateMetric(reference.metric, run.logits!.data.subarray(-model.config.vocabulary));
        return { f, sigma: run.cache.get('ln_final.hook_scale')!.data.at(-1)! };
      };
      const before = await scaleOf([]);
      for (const kind of KINDS) {
        const size = kind === 'heads' ? nHeads : dMlp;
        const direct = await Promise.all(
          KINDS.map((target) => effectOf(results, direction, `${kind}_to_${target}_direct`)),
        );
        for (let trial = 0; trial < 3; trial++) {
          const [layer, index] = [random.below(nLayers), random.below(size)];
          const after = await scaleOf([patchOf(kind, layer, index, cache)]);
          const total = direct.reduce((all, { data }) => {
            const width = data.length / (nLayers * size);
            const from = (layer * size + index) * width;
            return all + sum(data.subarray(from, from + width));
          }, 0);
          const expected = ((after.f - c) * after.sigma) / before.sigma - (before.f - c);
          expect([total]).toBeClose([expected], { rtol: 1e-3, atol: 1e-5 * Math.abs(before.f - c) });
        }
      }
    }
  });

  test('scores of a layer sum to F(layer patched) - F(base), up to the gap that study.json states', async () => {
    const { nLayers, nHeads, dMlp } = model.config;
    const { D } = results.study.metric;
    for (const direction of DIRECTIONS) {
      const { base, other } = sides(direction);
      const { cache } = await model.runWithCache(other, { names: ['*hook_z', '*hook_post'] });
      for (const kind of KINDS) {
        const size = kind === 'heads' ? nHeads : dMlp;
        const scores = scoreOf(results, `ig.${direction}.${kind}`).data;
        for (let layer = 0; layer < nLayers; layer++) {
          const own = scores.subarray(layer * size, (layer + 1) * size);
          const { index: _all, ...wholeLayer } = patchOf(kind, layer, 0, cache);
          const patched = await model.lastLogits(base, [wholeLayer]);
          const change = evaluateMetric(reference.metric, patched.data) - baseMetric(results, direction);
          const gap = results.study.completeness_gap[direction]![kind]![layer]!;
          expect([Math.abs(sum(own) - change)]).toBeClose([gap], {
            atol: 1e-5 * largest([D, ...own, change]),
          });
          // At 300 points the integral of a smooth model is exact but for rounding.
          const allowed = 1e-3 * Math.max(Math.abs(D), largest(own));
          if (name !== WITH_KINKS) expect(gap).toBeLessThan(allowed);
        }
        const reference300 = reference.expected(`ig300.${direction}.${kind}`);
        expect(scoreOf(results, `ig.${direction}.${kind}`)).toBeClose(reference300, TOLERANCES.reference);
      }
    }
  });

  test('a patched suffix gives what patching the whole prompt gives', async () => {
    const { nLayers, nHeads, dMlp } = model.config;
    const random = new Random(2);
    for (const direction of DIRECTIONS) {
      const { base, other } = sides(direction);
      const { cache } = await model.runWithCache(other, { names: ['*hook_z', '*hook_post'] });
      const clean = await model.runWithCache(base, { names: ['*hook_result', '*hook_post'] });
      for (const kind of KINDS) {
        const size = kind === 'heads' ? nHeads : dMlp;
        const ap = scoreOf(results, `ap.${direction}.${kind}`).data;
        for (let trial = 0; trial < 4; trial++) {
          const [layer, index] = [random.below(nLayers), random.below(size)];
          const hooks = [patchOf(kind, layer, index, cache)];
          const run = await model.runWithCache(base, { hooks, names: ['*hook_result', '*hook_post'] });
          const f = evaluateMetric(reference.metric, run.logits!.data.subarray(-model.config.vocabulary));
          const change = f - baseMetric(results, direction);
          expect([ap[layer * size + index]!]).toBeClose([change], {
            atol: 1e-5 * largest([baseMetric(results, direction), ...ap]),
          });
          for (const target of KINDS) {
            const found = await results.effects.readSource(direction, `${kind}_to_${target}`, layer, index);
            const expected = lastChanges(run.cache, clean.cache, target, model);
            // The difference of two values around 1 carries their rounding.
            expect(found!.data).toBeClose(expected, { ...TOLERANCES.reference, atol: 1e-6 });
          }
        }
      }
    }
  });

  test('what a source cannot reach is exactly 0, and has no chunk', async () => {
    const { nLayers } = model.config;
    for (const direction of DIRECTIONS) {
      for (const matrix of MATRICES) {
        const [source, target] = matrix.split('_to_') as [Kind, Kind];
        const { data, shape } = await effectOf(results, direction, matrix);
        const [, sources, , targets] = shape as [number, number, number, number];
        // c/<source layer>/<chunk of sources>/<target layer>/<chunk of targets>
        const paths = filesOf(join(results.folder, 'effects.zarr', direction, matrix)).map((path) =>
          path.split(sep),
        );
        const chunks = new Set(paths.filter(([c]) => c === 'c').map(([, from, , to]) => `${from} ${to}`));
        for (let from = 0; from < nLayers; from++) {
          for (let to = 0; to < nLayers; to++) {
            const own = from === to && source === target;
            const reachable = to > from || (to === from && source === 'heads' && target === 'neurons');
            expect(chunks.has(`${from} ${to}`), `${matrix} ${from} ${to}`).toBe(reachable || own);
            if (reachable) continue;
            for (let s = 0; s < sources; s++) {
              const row = data.slice(((from * sources + s) * nLayers + to) * targets).subarray(0, targets);
              if (own) row[s] = 0;
              expect(row.every((value) => value === 0)).toBe(true);
            }
          }
        }
      }
    }
  });
});

/** The last token's changes between two runs, as the measure `change` tells them. */
function lastChanges(
  patched: ReadonlyMap<string, Tensor>,
  base: ReadonlyMap<string, Tensor>,
  target: Kind,
  model: Model,
): number[] {
  const { nLayers, nHeads, dMlp, dModel } = model.config;
  return Array.from({ length: nLayers }, (_, layer) => {
    const hook = `blocks.${layer}.${target === 'heads' ? 'attn.hook_result' : 'mlp.hook_post'}`;
    const size = target === 'heads' ? nHeads * dModel : dMlp;
    const after = patched.get(hook)!.data.slice(-size);
    const before = base.get(hook)!.data.slice(-size);
    const change = Array.from(after, (value, i) => value - before[i]!);
    if (target === 'neurons') return change;
    return Array.from({ length: nHeads }, (_unused, h) =>
      Math.hypot(...change.slice(h * dModel, (h + 1) * dModel)),
    );
  }).flat();
}

describe('a swap pair with prompts and answers exchanged', () => {
  const exchanged = ({ pair }: ReferenceCase) => ({
    clean: pair.corrupted,
    corrupted: pair.clean,
    answer: pair.wrong,
    wrong: pair.answer,
    contrast: 'swap' as const,
  });

  test.each(['gpt2-plain', 'gpt2-first-f16', 'llama-one-layer'])(
    'exchanges the directions of %s',
    async (name) => {
      const reference = readCase(name);
      await using model = await loadTiny(reference.folder);
      const one = await runStudy(model, pairOf(model, reference), { out: out('one'), ...EVERYTHING });
      const two = await runStudy(model, pairFromIds(model.config, exchanged(reference)), {
        out: out('two'),
        ...EVERYTHING,
      });
      const mirrored = { noising: 'denoising', denoising: 'noising' } as const;
      expect(two.study.metric.D).toBeCloseTo(one.study.metric.D, 5);
      for (const direction of DIRECTIONS) {
        for (const kind of KINDS) {
          for (const score of ['ap', 'ig']) {
            // The metric changes its sign with the answers.
            const expected = scoreOf(one, `${score}.${direction}.${kind}`).data.map((value) => -value);
            expect(scoreOf(two, `${score}.${mirrored[direction]}.${kind}`).data).toBeClose(
              expected,
              TOLERANCES.reference,
            );
          }
          const gain = scoreOf(one, `gain.${direction}.${kind}`);
          expect(scoreOf(two, `gain.${mirrored[direction]}.${kind}`)).toBeClose(gain, TOLERANCES.gain);
        }
        for (const matrix of MATRICES) {
          for (const measure of ['', '_l2']) {
            const expected = await effectOf(one, direction, matrix + measure);
            expect(await effectOf(two, mirrored[direction], matrix + measure)).toBeClose(
              expected,
              TOLERANCES.reference,
            );
          }
        }
      }
      for (const kind of KINDS) {
        const { noising_only: n, denoising_only: d, ...rest } = one.study.labels[kind]!;
        expect(two.study.labels[kind]).toEqual({ noising_only: d, denoising_only: n, ...rest });
      }
    },
  );
});

describe('sources without change', () => {
  test('have scores and effects of exactly 0, and no gain', async () => {
    // Relu neurons that are off in both runs, at every position.
    const reference = readCase(WITH_KINKS);
    await using model = await loadTiny(reference.folder);
    const results = await runStudy(model, pairOf(model, reference), { out: out('still'), ...EVERYTHING });
    const { nLayers, dMlp } = model.config;
    const { cache } = await model.runWithCache([reference.pair.clean, reference.pair.corrupted], {
      names: '*hook_post',
    });
    let still = 0;
    for (let layer = 0; layer < nLayers; layer++) {
      const post = cache.get(`blocks.${layer}.mlp.hook_post`)!.data;
      for (let n = 0; n < dMlp; n++) {
        const values = post.filter((_, i) => i % dMlp === n);
        const half = values.length / 2;
        if (values.subarray(0, half).some((value, i) => value !== values[half + i])) continue;
        still++;
        for (const direction of DIRECTIONS) {
          const at = layer * dMlp + n;
          expect(scoreOf(results, `ap.${direction}.neurons`).data[at]).toBe(0);
          expect(scoreOf(results, `ig.${direction}.neurons`).data[at]).toBe(0);
          expect(scoreOf(results, `gain.${direction}.neurons`).data[at]).toBeNaN();
          for (const matrix of ['neurons_to_heads', 'neurons_to_neurons', 'neurons_to_neurons_through']) {
            const row = (await results.effects.readSource(direction, matrix, layer, n))!;
            expect(
              row.data.every((value) => value === 0),
              `${matrix} of ${layer}.${n}`,
            ).toBe(true);
          }
        }
      }
    }
    expect(still).toBeGreaterThan(0);
  });
});
