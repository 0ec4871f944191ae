/**
 * The plan of a survey: against the plan of a study, against the matrix products of the graphs that really run, and
 * against what a survey writes.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { loadModel } from '../../src/load-model.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { resolveOptions } from '../../src/study/options.ts';
import { type PhasePlan, planStudy } from '../../src/study/plan/plan.ts';
import { ASSUMED, type Rates } from '../../src/study/plan/rates.ts';
import { runBlock } from '../../src/survey/block.ts';
import { hasTwin } from '../../src/survey/data.ts';
import { resolveSurveyOptions, type SurveyOptions } from '../../src/survey/options.ts';
import { passesOf } from '../../src/survey/passes.ts';
import { planSurvey, type SurveyPlan } from '../../src/survey/plan.ts';
import { survey } from '../../src/survey/run.ts';
import { taskData } from '../../src/task-data.ts';
import type { DataSet, Item } from '../../src/tasks/item.ts';
import { logitDifference, setDifference } from '../../src/tasks/metric.ts';
import { type IdPair, pairFromIds } from '../../src/tasks/pair.ts';
import { extents, GPT2_SMALL, smallConfigs } from '../support/configs.ts';
import { dryModel } from '../support/dry-model.ts';
import { filesOf, scratch } from '../support/studies.ts';

const out = scratch();

const METRICS = {
  logit_difference: logitDifference(1, 2),
  probability: setDifference('probability', [1, 2, 3], [4, 5]),
  logit: setDifference('logit', [1, 2, 3], [4, 5]),
};

interface Shape {
  readonly length: number;
  readonly first: number;
}

function idsOf({ length, first }: Shape): IdPair {
  const clean = new Array<number>(length).fill(6);
  const corrupted = clean.map((id, position) => (position === first ? 7 : id));
  return { clean, corrupted, answer: 1, wrong: 2 };
}

function dataOf(
  config: ModelConfig,
  shapes: readonly Shape[],
  metric: keyof typeof METRICS = 'logit_difference',
): DataSet {
  const items = shapes.map((shape, row): Item => {
    const { answer, wrong, ...prompts } = pairFromIds(config, idsOf(shape));
    const answers = { positive: [answer], negative: [wrong], metric: METRICS[metric] };
    return { ...prompts, ...answers, row, template: '', fillers: {}, contrast: 'removal' };
  });
  return { task: 'own', metric: 'logit_difference', contrast: 'removal', items, skipped: [], notes: [] };
}

const [SHORT, LONG, LATE]: Shape[] = [
  { length: 12, first: 5 },
  { length: 19, first: 10 },
  { length: 12, first: 10 },
] as const;
const MODEL = { id: 'm', config: GPT2_SMALL };
const MEMORY = 64e9;

function plan(
  shapes: readonly (Shape | undefined)[],
  given: Partial<SurveyOptions> = {},
  { rates = ASSUMED, metric }: { readonly rates?: Rates; readonly metric?: keyof typeof METRICS } = {},
): SurveyPlan {
  const data = dataOf(GPT2_SMALL, shapes as Shape[], metric);
  return planSurvey(MODEL, data, given, rates);
}

function named({ phases }: { readonly phases: readonly PhasePlan[] }, name: string): PhasePlan {
  return phases.find((phase) => phase.name === name)!;
}

describe('one pair costs what its study costs', () => {
  const study = (kind: 'heads' | 'neurons', shape: Shape) =>
    planStudy(
      MODEL,
      pairFromIds(GPT2_SMALL, idsOf(shape)),
      resolveOptions({ components: [kind], measures: [], mediation: 'none', memory: MEMORY }),
    );

  test.each([
    ['heads', SHORT],
    ['neurons', LONG],
    ['neurons', LATE],
  ] as const)('%s, %j', (kind, shape) => {
    const [one, exact] = [plan([shape!], { components: [kind] }), study(kind, shape!)];
    for (const [own, phase] of [
      ['both runs', 'both runs'],
      ['ap', 'patching'],
      ['ig', 'integrated gradients'],
    ] as const) {
      const { runs, flop } = named(exact, phase);
      expect(named(one, own), own).toMatchObject({ runs, flop });
    }
  });

  test('kinds add up: each opens base runs of its own', () => {
    const both = named(plan([LONG]), 'ap');
    const each = (['heads', 'neurons'] as const).map((kind) => named(study(kind, LONG!), 'patching'));
    expect(both.runs).toBe(each[0]!.runs + each[1]!.runs);
    expect(both.flop).toBe(each[0]!.flop + each[1]!.flop);
  });
});

describe('FLOP are the products of what runs', () => {
  const options: Partial<SurveyOptions>[] = [
    {},
    { gains: false },
    { gains: false, directions: ['noising'], methods: ['ap', 'attribution_patching'] },
  ];
  test.each(options)('%j', async (given) => {
    await fc.assert(
      fc.asyncProperty(
        smallConfigs,
        extents,
        fc.constantFrom(...(Object.keys(METRICS) as (keyof typeof METRICS)[])),
        async (config, extent, metric) => {
          const data = dataOf(config, [extent, extent], metric);
          const asked = resolveSurveyOptions({ steps: 3, ...given });
          const dry = await dryModel(config);
          const passes = passesOf(asked, hasTwin(data));
          const kept = { keep: () => Promise.resolve(), finish: () => Promise.resolve() };
          const items = data.items.map((item) => ({ item, passes, ...kept }));
          await runBlock({ model: dry.model, options: asked, signal: undefined }, items);
          expect(dry.flop()).toBe(planSurvey({ id: 'm', config }, data, asked).flop);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('many pairs', () => {
  const shapes = [SHORT, LONG, SHORT, LATE, LONG];

  test.each([[{}], [{ gains: false, methods: ['ap', 'split_ig_saturated'] }]])(
    'are sums of one: %j',
    (given) => {
      const all = plan(shapes, { figures: false, ...given });
      const each = shapes.map((shape) => plan([shape], { figures: false, ...given }));
      for (const what of ['runs', 'flop', 'disk_bytes'] as const)
        expect(all[what], what).toBe(each.reduce((sum, one) => sum + one[what], 0));
      expect(all).toMatchObject({ pairs: 5, blocks: 3 });
    },
  );

  test('shards are sums of their own pairs, and have no page', () => {
    const [whole, ...parts] = [
      plan(shapes),
      ...[0, 1].map((index) => plan(shapes, { shard: { index, count: 2 } })),
    ];
    expect(parts.map(({ pairs }) => pairs)).toEqual([3, 2]);
    expect(parts[0]!.flop + parts[1]!.flop).toBe(whole!.flop);
    expect(parts.map((part) => named(part, 'figures and page'))).toEqual([undefined, undefined]);
  });

  test('a shard without pairs reads the weights, and that is all', () => {
    const none = plan([SHORT], { shard: { index: 1, count: 2 } });
    expect(none).toMatchObject({ pairs: 0, blocks: 0, runs: 0, flop: 0, disk_bytes: 0 });
    const weights = named(plan([SHORT]), 'weights');
    expect(named(none, 'weights')).toEqual(weights);
    expect(none).toMatchObject({ peak_bytes: weights.peak_bytes, seconds: weights.seconds });
  });

  test('of a survey that goes on are those that are missing', () => {
    const left = (done: number[], given: Partial<SurveyOptions> = {}) =>
      planSurvey(MODEL, dataOf(GPT2_SMALL, shapes as Shape[]), given, ASSUMED, new Set(done));
    expect(left([])).toEqual(plan(shapes));
    expect(left([0, 1, 4])).toEqual(plan([SHORT, LATE]));
    expect(left([0, 1], { shard: { index: 1, count: 2 } })).toEqual(
      plan([SHORT, LATE], { shard: { index: 1, count: 2 } }),
    );
    expect(left([0, 1, 2, 3, 4])).toMatchObject({ pairs: 0, runs: 0, blocks: 0 });
  });

  test('sessions are made once for each block, kind and method, and by both metrics', () => {
    const none = { last: 0, second: 0, block: 0 };
    const kinds = { heads: none, neurons: none };
    const idle = { source: 'assumed', patching: kinds, attribution: kinds, direction: 0 } as const;
    const off: Rates = { ...idle, bothRuns: 0, patchingSessions: 0, attributionSessions: 0 };
    const on: Rates = { ...idle, bothRuns: 1, patchingSessions: 1, attributionSessions: 1 };
    // So many times all blocks' matrices: a block of 17 pairs is two.
    const times = (pairs: number, phase: string, metric: keyof typeof METRICS) => {
      const [made, not] = [on, off].map((rates) => {
        const all = new Array<typeof SHORT>(pairs).fill(SHORT);
        return named(plan(all, {}, { rates, metric }), phase).seconds;
      });
      return (made! - not!) / (4 * 12 * 12 * 768 * 768);
    };
    for (const [pairs, blocks] of [
      [1, 1],
      [16, 1],
      [17, 2],
    ] as const) {
      expect(times(pairs, 'both runs', 'logit_difference')).toBeCloseTo(blocks, 6);
      expect(times(pairs, 'ap', 'logit_difference')).toBeCloseTo(2 * blocks, 6);
      expect(times(pairs, 'ig', 'logit_difference')).toBeCloseTo(2 * blocks, 6);
      expect(times(pairs, 'both runs', 'probability')).toBeCloseTo(2 * blocks, 6);
      expect(times(pairs, 'ap_logit', 'probability')).toBeCloseTo(2 * blocks, 6);
    }
  });

  test('those of a block are held in memory together, by both metrics where there are two', () => {
    const peak = (pairs: number, metric: keyof typeof METRICS) =>
      named(plan(new Array(pairs).fill(LONG), {}, { metric }), 'ap').peak_bytes;
    // Two runs of 9 positions: states, what was written; heads' vectors and activations with gradients. Keys, values of 10.
    const opened = 4 * 12 * (2 * 9 * (4 * 768 + 2 * 768 + 2 * 3072) + 2 * 10 * 768);
    expect(peak(16, 'logit_difference') - peak(1, 'logit_difference')).toBe(15 * opened);
    expect(peak(64, 'logit_difference')).toBe(peak(16, 'logit_difference'));
    expect(peak(16, 'probability') - peak(1, 'probability')).toBe(30 * opened);
  });
});

test('a block takes the memory of its widest metric, wherever that stands', () => {
  const wide = dataOf(GPT2_SMALL, [SHORT!], 'probability').items[0]!;
  const narrow = dataOf(GPT2_SMALL, [SHORT!]).items[0]!;
  const peaks = (...items: Item[]) => {
    const mixed = { ...dataOf(GPT2_SMALL, []), items };
    return planSurvey(MODEL, mixed).phases.map(({ peak_bytes }) => peak_bytes);
  };
  expect(peaks(narrow, wide)).toEqual(peaks(wide, narrow));
  expect(peaks(narrow, wide)).toEqual(peaks(wide, wide));
});

test('methods that cannot be counted are named, and have arrays on disk alone', () => {
  const few = plan([SHORT], { methods: ['ap', 'eap'] });
  const more = plan([SHORT], { methods: ['ap', 'eap', 'atp_star'] });
  expect(few.not_counted).toEqual(['statistics']);
  expect(more.not_counted).toEqual(['atp_star', 'statistics']);
  expect(more).toMatchObject({ runs: few.runs, flop: few.flop });
  expect(more.disk_bytes - few.disk_bytes).toBe(4 * 2 * 12 * (12 + 3072));
});

test('memory is that of methods that run and are counted', () => {
  const config = { ...GPT2_SMALL, nLayers: 2, dModel: 64, nHeads: 4, nKvHeads: 4, dHead: 16, dMlp: 256 };
  const peaks = (...methods: string[]) => {
    const data = dataOf(config, [SHORT!]);
    const small = planSurvey({ id: 'm', config }, data, { methods, figures: false });
    return ['both runs', ...methods].map((name) => named(small, name).peak_bytes);
  };
  const [runs, uncounted] = peaks('atp_star');
  expect(uncounted).toBe(runs);
  const [, ap] = peaks('ap');
  const [, ig] = peaks('ig');
  const [, afterGradients] = peaks('ap', 'ig');
  for (const alone of [ap!, ig!]) {
    expect(alone).toBeGreaterThan(runs!);
    expect(alone).toBeLessThan(afterGradients!);
  }
});

test('--steps are points of every method that has a path', () => {
  const rows = (method: string, steps?: number) =>
    named(plan([SHORT], { methods: [method], steps, components: ['heads'] }), method).runs / (2 * 12);
  expect([rows('ig'), rows('ig', 8)]).toEqual([52, 10]);
  expect([rows('split_ig_saturated'), rows('split_ig_saturated', 8)]).toEqual([118, 76]);
});

test('a plan is JSON: it reads as itself', () => {
  const made = plan([SHORT, LONG]);
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
});

test('no pairs, and pairs of another model', () => {
  expect(() => plan([])).toThrow(/one valid pair of own at least/);
  const config = { ...GPT2_SMALL, context: 8 };
  const data = dataOf(GPT2_SMALL, [SHORT!]);
  expect(() => planSurvey({ id: 'm', config }, data)).toThrow(InputError);
});

test.each<[string, Partial<SurveyOptions>]>([
  ['ioi', { components: ['heads', 'neurons'], methods: ['ig', 'attribution_patching'], steps: 1 }],
  ['greater_than', { components: ['heads'], methods: ['ap', 'atp_star'] }],
])('writes the bytes that are planned: %s', async (task, given) => {
  await using model = await loadModel('embedded');
  const data = taskData(model, task as 'ioi', { n: 2 });
  const options = resolveSurveyOptions({ figures: false, draws: 10, out: out('disk'), ...given });
  const { folder } = await survey(model, data, options);
  const scores = join(folder, 'scores.zarr');
  const chunks = filesOf(scores).filter((path) => !path.endsWith('zarr.json'));
  const bytes = chunks.reduce((sum, path) => sum + statSync(join(scores, path)).size, 0);
  expect(bytes).toBe(planSurvey({ id: 'm', config: model.config }, data, options).disk_bytes);
});
