/**
 * Direct effects: against torch with hooks, and what must hold whatever the numbers are.
 */
import { describe, expect, test } from 'vitest';
import { ownChanges } from '../../src/effects/changes.ts';
import {
  DEFINITIONS,
  type DirectDefinition,
  directEffects,
  directScores,
  totalEffects,
} from '../../src/mediation/direct.ts';
import { sourceOf } from '../../src/mediation/source.ts';
import { withPair } from '../../src/patch/open-pair.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Direction, DIRECTIONS, KINDS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, WITH_PATHS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { openCase } from '../support/open-case.ts';
import { writePlanted } from '../support/planted.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** The diagonal of an effect matrix: what a source's own entry says. */
function ownEntries({ shape, data }: Tensor): Tensor {
  const [layers, count] = shape as [number, number];
  const size = layers * count;
  return { shape: [layers, count], data: Float32Array.from({ length: size }, (_, i) => data[i * size + i]!) };
}

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const paths = readCase(name, 'paths.safetensors');
  const opened = openCase(reference);

  test.each(DIRECTIONS)('the definitions are those of the references, %s', async (direction) => {
    await withPair(opened.model, opened.pair, async (open) => {
      const source = sourceOf(open, direction);
      for (const kind of KINDS) {
        const end = `${direction}.${kind}`;
        const scores = (definition: DirectDefinition) => directScores(open.chain, source, kind, definition);
        const frozenAll = paths.expected(`direct.frozen_all.${end}`);
        const ap = reference.expected(`ap.${end}`);
        const matrix = reference.expected(`${direction}.${kind}_to_${kind}_direct`);
        const expected = {
          direct: ownEntries(matrix),
          'frozen-all': frozenAll,
          'frozen-heads': paths.expected(`direct.frozen_heads.${end}`),
          mediated: { shape: ap.shape, data: ap.data.map((value, i) => value - frozenAll.data[i]!) },
        };
        for (const definition of DEFINITIONS) {
          const found = await scores(definition);
          expect(found, `${definition} ${kind}`).toBeClose(expected[definition], TOLERANCES.reference);
        }
        expect(await totalEffects(open.chain, source, kind)).toBeClose(ap, TOLERANCES.reference);
      }
    });
  });

  test('sources without change score exactly 0; the last layer’s neurons act directly only', async () => {
    await withPair(opened.model, opened.pair, async (open) => {
      const source = sourceOf(open, 'noising');
      const all = await directScores(open.chain, source, 'neurons', 'frozen-all');
      const heads = await directScores(open.chain, source, 'neurons', 'frozen-heads');
      const rest = await directScores(open.chain, source, 'neurons', 'mediated');
      const count = opened.model.config.dMlp;
      const last = ({ data }: Tensor) => data.slice(-count);
      const scale = { atol: 1e-5 * Math.max(Math.abs(open.runs.clean.metric), 1) };
      expect(last(heads)).toBeClose(last(all), scale);
      expect(last(rest)).toBeClose(new Float32Array(count), scale);
      let unchanged = 0;
      for (let i = 0; i < all.data.length; i++) {
        const layer = Math.floor(i / count);
        const { data } = ownChanges(source, 'neurons', layer);
        if (data.some((value, at) => at % count === i % count && value !== 0)) continue;
        unchanged++;
        expect([all.data[i], heads.data[i], rest.data[i]]).toEqual([0, 0, 0]);
      }
      // Rectified neurons may be off in both runs.
      expect(unchanged > 0).toBe(name === 'gpt2-odd');
    });
  });
});

test('where every later component is linear, direct effects are what the planted circuit says', async () => {
  const planted = await writePlanted(out('planted'));
  await using model = await loadTiny(planted.folder);
  const pair = pairFromIds(model.config, planted.pair);
  const at = ({ shape, data }: Tensor, role: string) => {
    const [layer, index] = planted.where.get(role)!;
    return data[layer * shape[1]! + index]!;
  };
  const get = async (definition: DirectDefinition, direction: Direction) =>
    (await directEffects(model, pair, { definition, direction, kinds: ['heads'] })).heads!;
  for (const direction of DIRECTIONS) {
    const sign = direction === 'noising' ? -1 : 1;
    const all = await get('frozen-all', direction);
    const heads = await get('frozen-heads', direction);
    const rest = await get('mediated', direction);
    const measured = (role: string) => [at(all, role), at(heads, role), at(rest, role)];
    // Straight into the unembedding; its norm is linear, so `direct` is the same.
    expect(measured('adder')).toBeClose([sign, sign, 0], TOLERANCES.planted);
    expect(measured('inhibitor')).toBeClose([-sign / 2, -sign / 2, 0], TOLERANCES.planted);
    expect(await get('direct', direction)).toBeClose(all, TOLERANCES.planted);
    // Through a gate: an MLP. The primary's gate is reached straight; its backup, a head, only when heads move.
    expect(measured('and across, first')).toBeClose(
      direction === 'noising' ? [0, -1, -1] : [0, 0, 0],
      TOLERANCES.planted,
    );
    expect(measured('primary')).toBeClose(
      direction === 'noising' ? [0, -1, 0] : [0, 1, 1],
      TOLERANCES.planted,
    );
  }
});

test('unknown words, and a model that is in use, are refused', async () => {
  const reference = readCase('gpt2-last');
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  await expect(directEffects(model, pair, { definition: 'all' as 'direct' })).rejects.toThrow(
    /expected direct or frozen-all .* for definition, got "all"/,
  );
  const first = directEffects(model, pair, { definition: 'direct' });
  await expect(directEffects(model, pair, { definition: 'direct' })).rejects.toThrow(/at a time on a model/);
  expect((await first).heads!.shape).toEqual([3, 2]);
});
