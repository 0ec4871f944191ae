/**
 * Sets patched in batches: a set of one is activation patching; any set is what `ablate` gives; all components of all
 * layers give the other run but for what the embedding still carries; the planted circuits break as they should.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../src/load-model.ts';
import { ablate } from '../../src/mediation/ablation.ts';
import { type FlatSet, metricsOfSets } from '../../src/mediation/set-patching.ts';
import { sourceOf } from '../../src/mediation/source.ts';
import { componentsPerLayer } from '../../src/model/config.ts';
import { withPair } from '../../src/patch/open-pair.ts';
import type { Model } from '../../src/patch/model.ts';
import type { Pair } from '../../src/tasks/pair.ts';
import { type Component, type Direction, DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { readCase, WITH_PATHS } from '../support/cases.ts';
import { openCase } from '../support/open-case.ts';
import { HEADS, type Planted, writePlanted } from '../support/planted.ts';
import { TOLERANCES } from '../support/close.ts';

function metrics(model: Model, pair: Pair, direction: Direction, kind: Kind, sets: readonly FlatSet[]) {
  return withPair(model, pair, (open) => metricsOfSets(open.chain, sourceOf(open, direction), kind, sets));
}

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const opened = openCase(reference);

  test.each(DIRECTIONS)('a set of one is activation patching, %s', async (direction) => {
    const { model, pair } = opened;
    for (const kind of KINDS) {
      const ap = reference.expected(`ap.${direction}.${kind}`);
      const singles = Array.from(ap.data, (_, c) => [c]);
      const [base, ...found] = await metrics(model, pair, direction, kind, [[], ...singles]);
      const scale = Math.max(...ap.data.map(Math.abs));
      expect(found.map((metric) => metric - base!)).toBeClose(ap.data, { atol: 1e-4 * scale });
    }
  });

  test.each(DIRECTIONS)(
    'sets of several layers are what ablate gives, alone or in a batch, %s',
    async (direction) => {
      const { model, pair } = opened;
      for (const kind of KINDS) {
        const perLayer = componentsPerLayer(model.config, kind);
        const sets: FlatSet[] = [
          [0, 1, perLayer],
          [1, perLayer, perLayer + 1],
        ];
        const found = await metrics(model, pair, direction, kind, sets);
        for (const [i, set] of sets.entries()) {
          const members = set.map((c): Component => [Math.floor(c / perLayer), c % perLayer]);
          const { metric } = await ablate(model, pair, { [kind]: members }, { value: 'other', direction });
          expect([found[i]!]).toBeClose([metric], { atol: 1e-4 * Math.abs(metric) + 1e-6 });
          const alone = await metrics(model, pair, direction, kind, [set]);
          expect(alone[0]).toBe(found[i]);
        }
      }
    },
  );
});

describe('planted circuits', () => {
  let [folder, planted, model, pair] = ['', {} as Planted, {} as Model, {} as Pair];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mediators-test-'));
    planted = await writePlanted(folder);
    model = await loadModel(folder);
    pair = model.pair(planted.pair);
  });
  afterAll(async () => {
    await model.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const headsOf = (...roles: string[]): FlatSet =>
    roles.map((role) => planted.where.get(role)!).map(([layer, head]) => layer * HEADS + head);

  test('AND, OR and backup sets do what they are made for', async () => {
    const sets = [
      ['and across, first', 'and across, second'],
      ['or across, first'],
      ['or across, first', 'or across, second'],
      ['primary'],
      ['backup'],
      ['primary', 'backup'],
      ['distractor'],
    ].map((roles) => headsOf(...roles));
    const changes = async (direction: Direction) => {
      const [base, ...found] = await metrics(model, pair, direction, 'heads', [[], ...sets]);
      return found.map((metric) => metric - base!);
    };
    // Either half of an AND breaks it, both no more; an OR breaks when both halves go, as primary and backup do.
    expect(await changes('noising')).toBeClose([-1, 0, -1, 0, 0, -1, 0], TOLERANCES.planted);
    // An AND needs both halves back, an OR one.
    expect(await changes('denoising')).toBeClose([1, 1, 1, 1, 0, 1, 0], TOLERANCES.planted);
  });

  test('all heads at once give the other run, where nothing but heads reads the prompt', async () => {
    const all = Array.from({ length: 3 * HEADS }, (_, head) => head);
    for (const direction of DIRECTIONS) {
      const [metric] = await metrics(model, pair, direction, 'heads', [all]);
      const { clean, corrupted } = planted.metric;
      expect([metric!]).toBeClose([direction === 'noising' ? corrupted : clean], TOLERANCES.planted);
    }
  });
});
