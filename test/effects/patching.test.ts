/**
 * Patching a batch of sources, one unit at a time: own changes, and that a source alone gives the bits it gives in company.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { patchSources, type Patching, preparePatching } from '../../src/effects/patching.ts';
import { summariesOf } from '../../src/effects/summaries.ts';
import { unitContext } from '../../src/effects/unit.ts';
import type { Model } from '../../src/patch/model.ts';
import { runBoth } from '../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../src/patch/suffix.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';
import { CASES, loadTiny, pairOf, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

describe.each(CASES)('%s', (name) => {
  const reference = readCase(name);
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
  });
  afterAll(() => model.dispose());

  async function prepare(direction: 'noising' | 'denoising'): Promise<Patching> {
    const pair = pairOf(model, reference);
    const prompts = [pair.clean.ids, pair.corrupted.ids];
    const chain = await SuffixChain.create(model.loaded, reference.metric, prompts, pair.firstDifference);
    const [clean, corrupted] = await runBoth(chain);
    const [base, other] = direction === 'noising' ? [clean!, corrupted!] : [corrupted!, clean!];
    const source = { model: model.loaded, metric: reference.metric, base, other };
    return preparePatching(chain, source, ['direct', 'through'], ['through']);
  }

  test.each(DIRECTIONS)('own changes are those of the references (%s)', async (direction) => {
    const patching = await prepare(direction);
    const context = unitContext(patching, KINDS);
    for (const kind of KINDS) {
      const expected = reference.expected(`own.${direction}.${kind}`);
      const [layers, size] = expected.shape as [number, number];
      const found: number[] = [];
      for (let layer = 0; layer < layers; layer++) {
        const indices = Array.from({ length: size }, (_, i) => i);
        const seen = await patchSources(patching, kind, layer, indices);
        found.push(...summariesOf(context, seen, { kind, layer, indices }).get('own')!.data);
      }
      expect(found).toBeClose(expected.data, TOLERANCES.reference);
    }
  });

  test('a source gives the same bits alone as in company', async () => {
    const patching = await prepare('noising');
    for (const kind of KINDS) {
      const size = kind === 'heads' ? model.config.nHeads : model.config.dMlp;
      const indices = Array.from({ length: size }, (_, i) => i);
      const together = await patchSources(patching, kind, 0, indices);
      for (const i of indices.filter((each) => each < 8 || each === size - 1)) {
        const alone = await patchSources(patching, kind, 0, [i]);
        expect(alone.ap).toEqual(together.ap.subarray(i, i + 1));
        for (const target of KINDS) {
          for (const [layer, measures] of together[target]) {
            for (const [measure, { shape, data }] of measures) {
              const width = data.length / shape[0]!;
              const own = alone[target].get(layer)!.get(measure)!;
              expect(own.shape).toEqual([1, ...shape.slice(1)]);
              expect(own.data, `${measure} at ${target} of layer ${layer}`).toEqual(
                data.subarray(i * width, (i + 1) * width),
              );
            }
          }
        }
      }
    }
  });
});
