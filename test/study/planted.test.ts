/**
 * A model whose every label is known by construction (test/support/planted.ts): the study finds exactly that.
 */
import { describe, expect, test } from 'vitest';
import { labelSets } from '../../src/latent/labels.ts';
import { KINDS } from '../../src/terms.ts';
import { loadTiny } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { writePlanted } from '../support/planted.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();

describe.each([0, 1, 2])('planted circuits, permutation %i', (seed) => {
  test('metric, patching, integrated gradients and labels are the table’s', async () => {
    const planted = await writePlanted(out('planted'), seed);
    await using model = await loadTiny(planted.folder);
    const pair = pairFromIds(model.config, planted.pair);
    const results = await runStudy(model, pair, { out: out('study'), steps: 'auto' });
    const { clean, corrupted } = results.study.metric;
    expect([clean, corrupted]).toBeClose(
      [planted.metric.clean, planted.metric.corrupted],
      TOLERANCES.planted,
    );
    for (const kind of KINDS) {
      const truth = planted[kind];
      for (const direction of DIRECTIONS) {
        for (const score of ['ap', 'ig'] as const) {
          const found = scoreOf(results, `${score}.${direction}.${kind}`).data;
          expect(found, `${score}.${direction}.${kind}`).toBeClose(
            truth[score][direction],
            TOLERANCES.planted,
          );
        }
      }
      expect(results.study.labels[kind]).toEqual(labelSets(truth.labels, truth.perLayer, 'removal'));
    }
    // What a method that moves layer-mates together cannot see, by construction: AND and OR in one layer.
    const [layer, head] = planted.where.get('and in one layer, first')!;
    const both = DIRECTIONS.map((direction) =>
      Math.abs(scoreOf(results, `ig.${direction}.heads`).data[layer * 8 + head]!),
    );
    expect(both).toBeClose([0.5, 0.5], TOLERANCES.planted);
  });
});
