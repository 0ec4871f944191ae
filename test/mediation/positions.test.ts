/**
 * Heads by position: against torch with hooks; all positions at once are activation patching.
 */
import { describe, expect, test } from 'vitest';
import { headsByPosition } from '../../src/mediation/positions.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, WITH_PATHS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const paths = readCase(name, 'paths.safetensors');

  test.each(DIRECTIONS)('scores are those of the reference, %s', async (direction) => {
    await using model = await loadTiny(reference.folder);
    const pair = pairOf(model, reference);
    const scores = await headsByPosition(model, pair, { direction });
    expect(scores).toBeClose(paths.expected(`ap.${direction}.heads.positions`), TOLERANCES.reference);
    const [layers, positions, heads] = scores.shape as [number, number, number];
    for (let layer = 0; layer < layers; layer++) {
      const rows = scores.data.subarray(layer * positions * heads, (layer + 1) * positions * heads);
      // Nothing reads the last layer's heads but at the last token.
      const first = layer === layers - 1 ? positions - 1 : pair.firstDifference;
      expect(rows.subarray(0, first * heads).every((value) => value === 0)).toBe(true);
    }
  });
});

test('where one position differs and lies last, a position is all of them', async () => {
  const reference = readCase('gpt2-last');
  await using model = await loadTiny(reference.folder);
  const { shape, data } = await headsByPosition(model, pairOf(model, reference));
  const [layers, positions, heads] = shape as [number, number, number];
  const last = Array.from({ length: layers * heads }, (_, i) => {
    const layer = Math.floor(i / heads);
    return data[(layer * positions + positions - 1) * heads + (i % heads)]!;
  });
  expect(last).toBeClose(reference.expected('ap.noising.heads').data, TOLERANCES.reference);
});
