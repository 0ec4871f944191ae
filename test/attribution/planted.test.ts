/**
 * Which roles each method finds, on circuits whose truth is known (test/support/planted.ts): the table of docs/methods.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attribute } from '../../src/attribution/attribute.ts';
import { overPositions } from '../../src/attribution/method.ts';
import { splitIntegratedGradients } from '../../src/attribution/split-ig.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import type { Model } from '../../src/patch/model.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';
import { loadTiny } from '../support/cases.ts';
import '../support/close.ts';
import { type Planted, writePlanted } from '../support/planted.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** Gates: minus the score in noising, the score in denoising; sizes where a method has no sign. */
type Gates = readonly [noising: number, denoising: number];
type Row = readonly [role: string, patching: Gates, atpStar: Gates, layerIg: Gates];

const [ONE, NOTHING, FIRST, SECOND]: readonly Gates[] = [
  [1, 1],
  [0, 0],
  [1, 0],
  [0, 1],
];
const HALVES: Gates = [0.5, 0.5];
const ROLES: readonly Row[] = [
  ...['first', 'second'].flatMap((which): Row[] => [
    [`and across, ${which}`, FIRST!, [0.5, 0], FIRST!],
    [`and in one layer, ${which}`, FIRST!, [0.5, 0], HALVES],
    [`or across, ${which}`, SECOND!, [0, 0.5], SECOND!],
    [`or in one layer, ${which}`, SECOND!, [0, 0.5], HALVES],
  ]),
  ['primary', [1, 0.5], [0.5, 0.25], SECOND!],
  ['backup', NOTHING!, [0.5, 0.25], NOTHING!],
  ['adder', ONE!, ONE!, ONE!],
  ['inhibitor', [-0.5, -0.5], HALVES, [-0.5, -0.5]],
  ['distractor', NOTHING!, NOTHING!, NOTHING!],
  ...['and across', 'and in one layer', 'or across', 'or in one layer', 'primary or backup'].map(
    (gate): Row => [`gate: ${gate}`, ONE!, ONE!, ONE!],
  ),
];
const COLUMNS = ['attribution_patching', 'atp_star', 'layer_ig'] as const;

/** Attention of the planted heads is not quite hard, and a GELU's slope at its kink is steep. */
const TOLERANCE = { atol: 5e-3 };

/** What a table says of all components of a kind, [layers, n] flat, signs as scored. */
function truthOf(planted: Planted, method: (typeof COLUMNS)[number], direction: 'noising' | 'denoising') {
  const column = COLUMNS.indexOf(method) + 1;
  const truth = { heads: new Float64Array(3 * 8), neurons: new Float64Array(3 * 16) };
  for (const row of ROLES) {
    const [layer, index] = planted.where.get(row[0])!;
    const [noising, denoising] = row[column] as Gates;
    const signed = method !== 'atp_star';
    const score = direction === 'denoising' ? denoising : signed ? -noising : noising;
    if (row[0].startsWith('gate')) truth.neurons[layer * 16 + index] = score;
    else truth.heads[layer * 8 + index] = score;
  }
  return truth;
}

describe.each([0, 1, 2])('planted circuits, permutation %i', (seed) => {
  const load = async (): Promise<[Model, Planted]> => {
    const planted = await writePlanted(out('planted'), seed);
    return [await loadTiny(planted.folder), planted];
  };

  test.each(COLUMNS)('%s scores every component as its row says', async (method) => {
    const [loaded, planted] = await load();
    await using model = loaded;
    const pair = pairFromIds(model.config, planted.pair);
    for (const direction of DIRECTIONS) {
      const scores = await attribute(model, pair, { method, direction });
      const truth = truthOf(planted, method, direction);
      for (const kind of KINDS) expect(scores[kind]!.data, direction).toBeClose(truth[kind], TOLERANCE);
    }
  });

  test('Split-IG finds where the gates of one layer saturate', async () => {
    const [loaded, planted] = await load();
    await using model = loaded;
    await withPair(model, pairFromIds(model.config, planted.pair), async ({ chain, runs }) => {
      const at = async (direction: (typeof DIRECTIONS)[number], phi: number) => {
        const { base, other } = baseAndOther(runs, direction);
        const split = await splitIntegratedGradients(chain, 1, 'heads', base, other, { steps: 400, phi });
        const sums = (part: 'unsaturated' | 'saturated', role: string) => {
          const scores = overPositions(split[part].positions);
          return scores[planted.where.get(role)![1]]!;
        };
        const found = (role: string) => [sums('unsaturated', role), sums('saturated', role)];
        return { alpha: split.alpha, found };
      };
      // Noising: F moves by -alpha (AND across) - max(0, 2 alpha - 1) (OR in one layer): 0.7 x 2 at 0.8.
      const noising = await at('noising', 0.7);
      expect([noising.alpha]).toBeClose([0.8], TOLERANCE);
      expect(noising.found('and across, second')).toBeClose([-0.8, -0.2], TOLERANCE);
      expect(noising.found('or in one layer, first')).toBeClose([-0.3, -0.2], TOLERANCE);
      // Denoising: alpha (OR across) + min(2 alpha, 1) (OR in one layer, saturated from a half on): 0.9 x 2 at 0.8.
      const denoising = await at('denoising', 0.9);
      expect([denoising.alpha]).toBeClose([0.8], TOLERANCE);
      expect(denoising.found('or across, second')).toBeClose([0.8, 0.2], TOLERANCE);
      expect(denoising.found('or in one layer, second')).toBeClose([0.5, 0], TOLERANCE);
    });
  });
});

test('the docs print this table', () => {
  const shown = ([noising, denoising]: Gates) => `${noising} / ${denoising}`;
  const rows = ROLES.map(([role, ...gates]) => `| ${[role, ...gates.map(shown)].join(' | ')} |`);
  const head = [`| role | ${COLUMNS.map((name) => `\`${name}\``).join(' | ')} |`, '|---|---|---|---|'];
  const page = readFileSync(join(import.meta.dirname, '../../docs/methods.md'), 'utf8');
  expect(page).toContain([...head, ...rows].join('\n'));
});
