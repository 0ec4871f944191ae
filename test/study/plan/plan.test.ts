/**
 * The plan as a whole: phases under the names of study.json, sums, what options spare, and rates.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../../src/patch/model.ts';
import { DEFAULTS, type StudyOptions } from '../../../src/study/options.ts';
import { extentOf } from '../../../src/study/plan/flop.ts';
import { measureRates } from '../../../src/study/plan/measure.ts';
import { isWorthMeasuring, planStudy } from '../../../src/study/plan/plan.ts';
import { ASSUMED, programSeconds } from '../../../src/study/plan/rates.ts';
import type { Pair } from '../../../src/tasks/pair.ts';
import { loadTiny, pairOf, readCase } from '../../support/cases.ts';
import { GPT2_SMALL, SMOLLM2 } from '../../support/configs.ts';
import { runStudy, scratch } from '../../support/studies.ts';

const ids = Array.from({ length: 19 }, (_, i) => i);
const token = (id: number) => ({ id, text: null });
const PAIR = {
  clean: { ids, text: null, tokens: [] },
  corrupted: { ids: ids.map((id) => (id === 10 ? 30 : id)), text: null, tokens: [] },
  answer: token(1),
  wrong: token(2),
  firstDifference: 10,
} as unknown as Pair;
const MEMORY = 64e9;

const plan = (options: Partial<StudyOptions> = {}, config = GPT2_SMALL) =>
  planStudy({ id: 'm', config }, PAIR, { ...DEFAULTS, memory: MEMORY, ...options });

describe('GPT-2 small', () => {
  test('runs and FLOP of both directions', () => {
    const { phases, runs, flop } = plan();
    const of = (name: string) => phases.find((phase) => phase.name === name)!;
    expect(of('both runs').runs).toBe(2);
    expect(of('integrated gradients').runs).toBe(2 * 2 * 12 * 52);
    expect(of('patching').runs).toBe(2 * 12 * (12 + 3072));
    expect(of('patching').flop / 1e12).toBeCloseTo(43.9, 0);
    expect(runs).toBe(phases.reduce((sum, phase) => sum + phase.runs, 0));
    expect(flop).toBe(phases.reduce((sum, phase) => sum + phase.flop, 0));
  });

  test('says what options spare, never more than all', () => {
    const whole = plan({ full: true });
    const options = whole.spare.map(({ option }) => option);
    expect(options).toEqual(
      expect.arrayContaining(['--components heads', '--directions noising', 'without --full']),
    );
    for (const { seconds, bytes } of whole.spare) {
      expect(seconds).toBeLessThan(whole.seconds);
      expect(bytes).toBeLessThan(whole.disk_bytes);
    }
    const full = whole.spare.find(({ option }) => option === 'without --full')!;
    expect(full.bytes).toBe(whole.disk_bytes - plan().disk_bytes);
  });

  test('one direction has half of the patching and all of the attribution', () => {
    const [both, one] = [plan(), plan({ directions: ['noising'] })];
    expect(one.phases[3]!.flop).toBe(both.phases[3]!.flop / 2);
    expect(one.phases[2]).toMatchObject({ runs: both.phases[2]!.runs, flop: both.phases[2]!.flop });
  });

  test('--steps auto counts the points that it begins with, and says that there may be more', () => {
    expect(plan({ steps: 'auto' })).toMatchObject({ flop: plan().flop, at_least: true });
    expect(plan().at_least).toBe(false);
  });

  test('without figures there is no page', () => {
    expect(plan({ figures: false }).phases.map(({ name }) => name)).toEqual([
      'weights',
      'both runs',
      'integrated gradients',
      'patching',
      'mediation',
    ]);
  });
});

test('a plan is JSON: it reads as itself', () => {
  const made = plan({}, SMOLLM2);
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  expect(isWorthMeasuring(made)).toBe(true);
});

test('time grows with rows and with the layers behind', () => {
  const rates = ASSUMED.patching.neurons;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 64 }), (layer, rows) => {
      const seconds = (at: number, count: number) =>
        programSeconds(rates, { nLayers: 12 }, at, count, (l) => count * 1e9 * (12 - l));
      expect(seconds(layer, rows)).toBeGreaterThan(seconds(layer + 1, rows));
      expect(seconds(layer, 2 * rows)).toBeCloseTo(2 * seconds(layer, rows));
    }),
  );
});

describe('beside a real study', () => {
  const out = scratch();
  const reference = readCase('llama-gqa');
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
  });
  afterAll(() => model.dispose());

  test('phases have the names of study.json, and the study records its batches', async () => {
    const pair = pairOf(model, reference);
    const options = { ...DEFAULTS, memory: MEMORY, steps: 2, figures: false };
    const { study } = await runStudy(model, pair, { ...options, out: out('names') });
    const planned = planStudy({ id: 'm', config: model.config }, pair, options);
    // Weights are loaded before a study begins.
    expect(planned.phases.map(({ name }) => name).slice(1)).toEqual(study.phases.map(({ name }) => name));
    expect(study.options).toMatchObject({ batch: planned.batch, rows: planned.rows });
  });

  test('rates can be measured for any shape, of one kind too; all are positive', async () => {
    const extent = extentOf(pairOf(model, reference));
    for (const components of [['heads'], ['heads', 'neurons']] as const) {
      const options = { components, steps: 2 };
      const rates = await measureRates(model.config, extent, options, { rows: 4, batch: 2 }, { threads: 1 });
      expect(rates.source).toBe('measured');
      const programs = [rates.patching, rates.attribution].flatMap(({ heads, neurons }) => [heads, neurons]);
      const numbers = [rates.bothRuns, rates.direction, rates.patchingSessions, rates.attributionSessions];
      for (const value of [...numbers, ...programs.flatMap((rate) => Object.values(rate))]) {
        expect(value).toBeGreaterThan(0);
      }
    }
  });
});
