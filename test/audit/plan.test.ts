/** The plan of an audit: the plans of its pairs' studies, mediation, and of the methods what can be counted. */
import { describe, expect, test } from 'vitest';
import { methodNamed } from '../../src/attribution/methods.ts';
import { ALL_METHODS, type AuditOptions, exactStudy, resolveAuditOptions } from '../../src/audit/options.ts';
import { runVia, viaUnits } from '../../src/audit/mediation.ts';
import { type AuditPlan, planAudit } from '../../src/audit/plan.ts';
import { openPair } from '../../src/patch/open-pair.ts';
import { StudyFolder } from '../../src/study/folder.ts';
import { resolveOptions } from '../../src/study/options.ts';
import { extentOf } from '../../src/study/plan/flop.ts';
import { batchesFor, defaultBudget, phaseMemory } from '../../src/study/plan/memory.ts';
import { type PhasePlan, planStudy } from '../../src/study/plan/plan.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { GPT2_SMALL } from '../support/configs.ts';
import { dryModel } from '../support/dry-model.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

const MODEL = { id: 'm', config: GPT2_SMALL };
const ids = Array.from({ length: 12 }, (_, i) => i + 1);
const pairAt = (first: number) =>
  pairFromIds(GPT2_SMALL, {
    clean: ids,
    corrupted: ids.map((id, i) => (i === first ? 30 : id)),
    answer: 40,
    wrong: 41,
  });
const options = (given: Partial<AuditOptions> = {}) => resolveAuditOptions(given);
const plan = (given: Partial<AuditOptions> = {}, pairs = [pairAt(5)]): AuditPlan =>
  planAudit(MODEL, pairs, options(given));
const named = ({ phases }: Pick<AuditPlan, 'phases'>, name: string): PhasePlan =>
  phases.find((phase) => phase.name === name)!;

describe('one pair', () => {
  test('has the phases of its study, opens the pair again, and has mediation and the methods', () => {
    const given = options();
    const study = planStudy(MODEL, pairAt(5), exactStudy(GPT2_SMALL, pairAt(5), given, given.out));
    const made = plan({ methods: ALL_METHODS });
    const [both, ...rest] = made.phases
      .filter(({ name }) => !['mediation', 'methods'].includes(name))
      .slice(1);
    const [ownBoth, ...ownRest] = study.phases.slice(1);
    expect(rest).toEqual(ownRest);
    expect(both).toMatchObject({ name: 'both runs', runs: 4, flop: 2 * ownBoth!.flop });
    expect(made.phases.slice(-2).map(({ name }) => name)).toEqual(['mediation', 'methods']);
    expect(made.runs).toBe(study.runs + 2 + named(made, 'mediation').runs + named(made, 'methods').runs);
    expect(made.peak_bytes).toBe(named(made, 'mediation').peak_bytes);
  });

  test('leaves room for mediation: both fit the budget, and the batches are those of a study with it', () => {
    const given = options();
    const exact = exactStudy(GPT2_SMALL, pairAt(5), given, given.out);
    const extent = extentOf(pairAt(5));
    const batches = batchesFor(GPT2_SMALL, extent, exact);
    const whole = { ...exact, mediation: 'heads', memory: defaultBudget() } as const;
    expect(batches).toEqual(batchesFor(GPT2_SMALL, extent, whole));
    const { mediation } = phaseMemory(GPT2_SMALL, extent, whole, batches);
    expect(named(plan(), 'mediation').peak_bytes).toBe(mediation);
    expect(mediation).toBeLessThanOrEqual(defaultBudget());
  });

  test('mediation is half of a study’s but for pairs within a layer, which have no via', () => {
    const study = planStudy(MODEL, pairAt(5), resolveOptions({ components: ['heads'], measures: [] }));
    const of = (phases: readonly PhasePlan[]) => phases.find(({ name }) => name === 'mediation')!;
    const [via, both] = [of(plan().phases), of(study.phases)];
    const first = 12;
    const within = (12 * 11) / 2;
    // The heads of the last layer are nobody's first.
    const firsts = 2 * (11 * first);
    expect(via.runs - firsts).toBe(2 * 66 * 144);
    expect(both.runs - firsts - 2 * first).toBe(2 * (2 * 66 * 144 + 12 * within));
    expect(via.flop / both.flop).toBeGreaterThan(0.46);
    expect(via.flop / both.flop).toBeLessThan(0.5);
    expect(named(plan({ methods: ['layer_ig'] }), 'mediation')).toBeUndefined();
  });

  test('methods without runs of their own open the pair again, and no more', () => {
    const made = plan({ methods: ['attribution_patching', 'eap', 'layer_ig'] });
    expect(named(made, 'methods')).toBeUndefined();
    expect(named(made, 'both runs').runs).toBe(4);
    expect(made.not_counted).toEqual(['tables, figures and page']);
  });

  test('what the study of the pair has run already is no work', () => {
    const made = plan({ methods: ['layer_ig'] });
    expect(named(made, 'methods')).toBeUndefined();
    expect(named(made, 'both runs').runs).toBe(2);
  });

  test.each([
    [{}, 2 * 2 * 12 * 118],
    [{ components: ['heads'] }, 2 * 12 * 118],
    [{ directions: ['noising'] }, 2 * 12 * 118],
  ] as const)('passes along paths, with %j', (given, rows) => {
    const made = plan({ methods: ['split_ig_saturated'], ...given });
    expect(named(made, 'methods').runs).toBe(rows);
  });

  test('a path of as many rows costs what it costs a study', () => {
    const made = plan({ methods: ['split_ig_saturated'] });
    const own = named(made, 'methods').flop;
    const ig = named(made, 'integrated gradients');
    // Both are rows along the same paths; what batches share differs.
    expect(own / ig.flop / (118 / 52)).toBeCloseTo(1, 1);
  });
});

describe('the FLOP of mediation are the products of what runs', () => {
  test.each([
    ['one head in each layer', { nHeads: 1, nKvHeads: 1, dHead: 8, nLayers: 3 }],
    ['several', { nHeads: 3, nKvHeads: 3, dHead: 4, nLayers: 4 }],
    ['one layer', { nHeads: 2, nKvHeads: 2, dHead: 4, nLayers: 1 }],
  ])('%s', async (_, shape) => {
    const config = { ...GPT2_SMALL, ...shape, dModel: 8, dMlp: 12, vocabulary: 50 };
    const dry = await dryModel(config);
    const open = await openPair(dry.model, pairAt(5));
    dry.flop();
    const asked = options();
    const work = {
      folder: new StudyFolder(out('dry')),
      batch: 64,
      signal: undefined,
      directions: DIRECTIONS,
    };
    const units = viaUnits(config, 1, asked);
    let done = 0;
    await runVia(work, open, units, (count) => {
      done += count;
      return Promise.resolve();
    });
    const { phases } = planAudit({ id: 'm', config }, [pairAt(5)], asked);
    expect(dry.flop()).toBe(phases.find(({ name }) => name === 'mediation')?.flop ?? 0);
    expect(done).toBe(units.reduce((sum, { size }) => sum + size, 0));
  });
});

test('the passes of Split-IG are those that its cost tells', () => {
  const { cost, passes } = methodNamed('split_ig_saturated');
  expect(cost).toContain(`${passes!().reduce((sum, rows) => sum + rows, 0)} runs`);
});

test('methods that cannot be counted are named, and add nothing', () => {
  const few = plan({ methods: ['attribution_patching'], figures: false });
  const more = plan({ methods: ['attribution_patching', 'atp_star', 'eap_ig_inputs'], figures: false });
  expect(more).toEqual({ ...few, not_counted: ['atp_star', 'eap_ig_inputs', 'tables'] });
});

test('by default all methods but those that cost most and tell least', () => {
  expect(resolveAuditOptions({}).methods).toEqual([
    'attribution_patching',
    'atp_star',
    'layer_ig',
    'eap_ig_inputs',
    'eap_ig_activations',
    'through',
  ]);
  const [few, all] = [plan(), plan({ methods: ALL_METHODS })];
  expect(all.flop - few.flop).toBe(named(all, 'methods').flop);
  expect(all.flop / few.flop).toBeGreaterThan(1.2);
});

test('several pairs add up, but for the weights and the peak', () => {
  const pairs = [pairAt(5), pairAt(2)];
  const [both, first, second] = [plan({}, pairs), plan({}, [pairs[0]!]), plan({}, [pairs[1]!])];
  expect(both.pairs).toBe(2);
  expect(both.runs).toBe(first.runs + second.runs);
  expect(both.flop / (first.flop + second.flop)).toBeCloseTo(1, 12);
  expect(both.seconds).toBeCloseTo(first.seconds + second.seconds - named(first, 'weights').seconds, 6);
  expect(both.peak_bytes).toBe(Math.max(first.peak_bytes, second.peak_bytes));
  expect(JSON.parse(JSON.stringify(both))).toEqual(both);
});
