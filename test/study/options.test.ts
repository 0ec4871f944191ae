/**
 * What options change, and what they leave alone: batches, components, directions, measures, steps.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../src/patch/model.ts';
import type { StudyResults } from '../../src/results/read.ts';
import { DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, WITH_KINKS } from '../support/cases.ts';
import { differingFiles, effectOf, EVERYTHING, runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();
const sum = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value) => total + value, 0);

describe('options', () => {
  // Nothing in its shape is a multiple of a register's width.
  const reference = readCase('gpt2-odd');
  let model: Model;
  let whole: StudyResults;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    whole = await runStudy(model, pairOf(model, reference), { out: out('whole'), ...EVERYTHING });
  });
  afterAll(() => model.dispose());
  const run = (options: object) =>
    runStudy(model, pairOf(model, reference), { out: out('options'), ...EVERYTHING, ...options });

  test.each([1, 2, 7, 31, 64])('batches of %i give the same bytes', async (batch) => {
    const results = await run({ batch });
    expect(differingFiles(results.folder, whole.folder)).toEqual([]);
  });

  test.each([['heads'], ['neurons']] as Kind[][])(
    '--components %s leaves the other kind out, and changes no value',
    async (kind) => {
      const results = await run({ components: [kind] });
      const other = kind === 'heads' ? 'neurons' : 'heads';
      expect([...results.scores.keys()].filter((name) => name.includes(other))).toEqual([]);
      expect(await results.effects.has('noising', `${kind}_to_${other}`)).toBe(false);
      expect(await results.effects.has('noising', `${other}_to_${kind}`)).toBe(false);
      expect(results.study.labels[other!]).toBeUndefined();
      for (const direction of DIRECTIONS) {
        for (const score of ['ap', 'ig', 'ledger']) {
          const name = `${score}.${direction}.${kind}`;
          expect(scoreOf(results, name), name).toEqual(scoreOf(whole, name));
        }
        const matrix = `${kind}_to_${kind}`;
        expect(await effectOf(results, direction, matrix)).toEqual(await effectOf(whole, direction, matrix));
        // Over the kept kind alone, a gain can only be smaller.
        const [kept, both] = [results, whole].map((each) => scoreOf(each, `gain.${direction}.${kind}`).data);
        expect(kept!.every((gain, i) => Number.isNaN(gain) || gain <= both![i]! * (1 + 1e-6))).toBe(true);
      }
    },
  );

  test.each(DIRECTIONS)(
    '--directions %s patches in one, attributes in both, and labels nothing',
    async (direction) => {
      const results = await run({ directions: [direction] });
      const other = direction === 'noising' ? 'denoising' : 'noising';
      expect(scoreOf(results, `ap.${direction}.heads`)).toEqual(scoreOf(whole, `ap.${direction}.heads`));
      expect(
        [...results.scores.keys()].filter((name) =>
          new RegExp(`^(ap|gain|ledger)\\.${other}|asymmetry\\.ap`).test(name),
        ),
      ).toEqual([]);
      for (const each of DIRECTIONS)
        expect(scoreOf(results, `ig.${each}.heads`)).toEqual(scoreOf(whole, `ig.${each}.heads`));
      expect(results.study.labels).toEqual({});
      expect(await results.effects.has(other!, 'heads_to_heads')).toBe(false);
    },
  );

  test('measures that are not asked for are not there, and change no other', async () => {
    const results = await run({ measures: [] });
    expect(await effectOf(results, 'noising', 'heads_to_neurons')).toEqual(
      await effectOf(whole, 'noising', 'heads_to_neurons'),
    );
    expect(await results.effects.has('noising', 'heads_to_neurons_through')).toBe(false);
    expect(scoreOf(results, 'ledger.noising.heads')).toEqual(scoreOf(whole, 'ledger.noising.heads'));
  });

  test('--steps auto doubles points until the gap is small', async () => {
    const kinked = readCase(WITH_KINKS);
    await using relu = await loadTiny(kinked.folder);
    const study = (steps: number | 'auto') =>
      runStudy(relu, pairOf(relu, kinked), { out: out('steps'), measures: [], steps });
    const [fixed, auto] = [await study(4), await study('auto')];
    const { D } = auto.study.metric;
    const worst = { fixed: 0, auto: 0 };
    for (const direction of DIRECTIONS) {
      for (const kind of KINDS) {
        const size = kind === 'heads' ? relu.config.nHeads : relu.config.dMlp;
        for (let layer = 0; layer < relu.config.nLayers; layer++) {
          for (const [which, results] of [
            ['fixed', fixed],
            ['auto', auto],
          ] as const) {
            const own = scoreOf(results, `ig.${direction}.${kind}`).data.subarray(
              layer * size,
              (layer + 1) * size,
            );
            const size1 = Math.max(Math.abs(D), sum(own.map(Math.abs)));
            worst[which] = Math.max(
              worst[which],
              results.study.completeness_gap[direction]![kind]![layer]! / size1,
            );
          }
        }
      }
    }
    expect(worst.fixed).toBeGreaterThan(1e-3);
    expect(worst.auto).toBeLessThan(1e-3);
  });
});
