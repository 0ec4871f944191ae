/**
 * Surveys of the embedded model: what is stored is what single pairs give, and the same bytes however it came about.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledError, InputError } from '../../src/errors.ts';
import { loadModel } from '../../src/load-model.ts';
import type { Model } from '../../src/patch/model.ts';
import { openSurvey } from '../../src/results/survey-read.ts';
import { SurveyScores } from '../../src/results/survey-scores.ts';
import type { Survey } from '../../src/survey/finish.ts';
import { mergeSurveys } from '../../src/survey/merge.ts';
import type { SurveyOptions } from '../../src/survey/options.ts';
import { survey, type SurveyShard } from '../../src/survey/run.ts';
import { taskData } from '../../src/task-data.ts';
import type { DataSet, Item } from '../../src/tasks/item.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import '../support/close.ts';
import { parquetRows } from '../support/parquet.ts';
import { differingFiles } from '../support/run-cli.ts';
import { runStudy, scoreOf, scratch } from '../support/studies.ts';
import { readTaskSet, TASK_SETS } from '../support/task-sets.ts';

const out = scratch();
const QUICK: Partial<SurveyOptions> = { components: ['heads'], figures: false, steps: 8, draws: 50 };
let model: Model;
let data: DataSet;
let whole: Survey;

beforeAll(async () => {
  model = await loadModel('embedded');
  // Pairs of several lengths.
  data = taskData(model, 'ioi', { n: 5, contrast: 'removal', seed: 3 });
  whole = finished(await survey(model, data, { ...QUICK, out: out('whole') }));
});
afterAll(() => model.dispose());

function finished(result: Survey | SurveyShard): Survey {
  if (!('json' in result)) throw new TypeError('expected a finished survey, got a shard');
  return result;
}

function only(...pairs: readonly number[]): DataSet {
  return some(data, pairs);
}

function some(of: DataSet, pairs: readonly number[]): DataSet {
  return { ...of, items: pairs.map((i) => of.items[i]!) };
}

function scoresOf({ folder }: Survey): SurveyScores {
  return new SurveyScores(join(folder, 'scores.zarr'));
}

/** Files whose bytes differ, but for the one with times in it. */
function differing(a: Survey, b: Survey): string[] {
  return differingFiles(a.folder, b.folder, (path) => path !== 'survey.json');
}

/** The bytes of all chunks of a pair, by array. */
function chunksOf({ folder }: Survey, pair: number): Map<string, string> {
  const scores = join(folder, 'scores.zarr');
  const arrays = readdirSync(scores, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return new Map(
    arrays.map(({ name }) => [
      name,
      readFileSync(join(scores, name, 'c', String(pair), '0', '0')).toString('hex'),
    ]),
  );
}

function withoutTimes({ json: { phases: _, ...rest } }: Survey) {
  return rest;
}

function asPair({ clean, corrupted, positive, negative }: Item) {
  const ids = { clean: clean.ids, corrupted: corrupted.ids };
  return pairFromIds(model.config, { ...ids, answer: positive[0]!.id, wrong: negative[0]!.id });
}

test('pairs of one survey have several lengths', () => {
  expect(new Set(data.items.map(({ clean }) => clean.ids.length)).size).toBeGreaterThan(1);
});

test('the folder holds what the documents say', async () => {
  expect(readdirSync(whole.folder).sort()).toEqual([
    'components.parquet',
    'pairs.parquet',
    'pairs.safetensors',
    'pooled.safetensors',
    'scores.zarr',
    'survey.json',
  ]);
  const rows = await parquetRows(whole.folder, 'pairs.parquet');
  expect(rows.map(({ pair, length }) => [Number(pair), Number(length)])).toEqual(
    data.items.map(({ clean }, i) => [i, clean.ids.length]),
  );
  expect(whole.json).toMatchObject({ n: 5, complete: true, has_twin: false });
});

test('scores and gains of a pair are those of its study', async () => {
  const scores = scoresOf(whole);
  for (const i of [0, 4]) {
    const options = { components: ['heads' as const], steps: 8, mediation: 'none' as const };
    const single = await runStudy(model, asPair(data.items[i]!), { ...options, out: out('single') });
    for (const direction of ['noising', 'denoising'] as const) {
      for (const what of ['ap', 'ig', 'gain']) {
        const name = `${what}.${direction}.heads`;
        expect(await scores.read(name, i)).toBeClose(scoreOf(single, name).data, { rtol: 1e-4, atol: 1e-6 });
      }
    }
  }
});

describe('a pair is the same in every byte alone as beside others', () => {
  test('of a logit difference, with gains', async () => {
    for (const i of data.items.keys()) {
      const alone = finished(await survey(model, only(i), { ...QUICK, out: out('alone') }));
      const chunks = chunksOf(alone, 0);
      expect([...chunks.keys()].sort()).toEqual(
        ['ap', 'gain', 'ig', 'own'].flatMap((what) =>
          ['denoising', 'noising'].map((direction) => `${what}.${direction}.heads`),
        ),
      );
      expect(chunks).toEqual(chunksOf(whole, i));
    }
  });

  test('of probabilities, with a twin, in whatever order', async () => {
    const kinds = readTaskSet(model, TASK_SETS.find(({ task }) => task === 'hypernymy')!);
    const options = { ...QUICK, gains: false };
    const all = finished(await survey(model, some(kinds, [0, 1, 2]), { ...options, out: out('kinds') }));
    expect(new Set([0, 1, 2].map((i) => kinds.items[i]!.clean.ids.length)).size).toBe(3);
    const turned = finished(
      await survey(model, some(kinds, [2, 0, 1]), { ...options, out: out('kinds turned') }),
    );
    for (const i of [0, 1, 2]) {
      const alone = finished(await survey(model, some(kinds, [i]), { ...options, out: out('kind') }));
      const chunks = chunksOf(alone, 0);
      expect([...chunks.keys()].filter((name) => name.startsWith('ap_logit'))).toHaveLength(2);
      expect(chunks).toEqual(chunksOf(all, i));
      expect(chunks).toEqual(chunksOf(turned, (i + 1) % 3));
    }
  });
});

test('a survey of one pair has a page, and neither deviations nor intervals', async () => {
  const options = { ...QUICK, figures: true, gains: false };
  const one = finished(await survey(model, only(2), { ...options, out: out('one') }));
  expect(one.json).toMatchObject({ n: 1, clusters: { count: 1 } });
  const rows = await parquetRows(one.folder, 'components.parquet');
  expect(rows.some(({ mean }) => Number.isFinite(mean))).toBe(true);
  for (const { sd, low, high, n } of rows) {
    expect([sd, low, high].map(Number)).toEqual([NaN, NaN, NaN]);
    expect(Number(n)).toBe(1);
  }
  const page = readFileSync(one.page, 'utf8').replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
  expect(page).not.toMatch(/NaN|undefined|\[object/);
});

test('pooled effects are sums of stored scores over sums of D', async () => {
  const { pooled } = await openSurvey(whole.folder);
  const rows = await parquetRows(whole.folder, 'pairs.parquet');
  const D = rows.reduce((sum, row) => sum + Number(row.metric_clean) - Number(row.metric_corrupted), 0);
  const sums = new Float64Array(model.config.nLayers * model.config.nHeads);
  for (const i of data.items.keys())
    (await scoresOf(whole).read('ap.noising.heads', i)).forEach((score, c) => (sums[c]! -= score));
  expect(pooled.get('all.ap.noising.heads.mean')!.data).toBeClose(
    Float32Array.from(sums, (sum) => sum / D),
    { rtol: 1e-5, atol: 1e-7 },
  );
});

describe('the same bytes', () => {
  test('after a stop and --resume', async () => {
    const folder = out('stopped');
    const stop = new AbortController();
    const onProgress = ({ done }: { readonly done: number }) => {
      if (done >= 2) stop.abort();
    };
    const run = survey(model, data, { ...QUICK, out: folder }, { signal: stop.signal, onProgress });
    await expect(run).rejects.toThrow(CancelledError);
    await expect(survey(model, data, { ...QUICK, out: folder })).rejects.toThrow(InputError);
    const resumed = finished(await survey(model, data, { ...QUICK, out: folder, resume: true }));
    expect(differing(whole, resumed)).toEqual([]);
    expect(withoutTimes(resumed)).toEqual(withoutTimes(whole));
    const again = finished(await survey(model, data, { ...QUICK, out: folder, resume: true }));
    expect(again.wasComplete).toBe(true);
  });

  test('of shards that are merged; without one of them a merge is refused', async () => {
    const parts = [out('part'), out('part')];
    for (const [index, part] of parts.entries()) {
      const shard = { index, count: 2 };
      expect(await survey(model, data, { ...QUICK, out: part, shard })).toMatchObject({
        pairs: 5,
        done: index === 0 ? 3 : 2,
      });
    }
    await expect(mergeSurveys([parts[0]!], out('half'))).rejects.toThrow(
      /expected all 5 pairs in the parts, got 3, without pair 1; run the shards that are missing/,
    );
    const merged = await mergeSurveys(parts, out('merged'), { figures: false });
    expect(differing(whole, merged)).toEqual([]);
    expect(withoutTimes(merged)).toEqual(withoutTimes(whole));
  });
});

test('more shards than pairs: those without pairs are parts too', async () => {
  const parts = [0, 1, 2].map((i) => out(`few ${i}`));
  for (const [index, part] of parts.entries()) {
    const shard = { index, count: 3 };
    expect(await survey(model, only(0, 1), { ...QUICK, out: part, shard })).toMatchObject({
      pairs: 2,
      done: index < 2 ? 1 : 0,
    });
  }
  const merged = await mergeSurveys(parts, out('merged few'), { figures: false });
  const both = finished(await survey(model, only(0, 1), { ...QUICK, out: out('both') }));
  expect(differing(both, merged)).toEqual([]);
});

test('a folder of other pairs or options is refused', async () => {
  const resume = { ...QUICK, out: whole.folder, resume: true };
  await expect(survey(model, only(0, 1), resume)).rejects.toThrow(/with pairs 5, got pairs 2;/);
  await expect(survey(model, data, { ...resume, tau: 0.1 })).rejects.toThrow(/with tau 0\.02, got tau 0\.1/);
});

test('where the metric is one of probabilities, labels come from its logit-level twin', async () => {
  const many = taskData(model, 'greater_than', { n: 2 });
  const options = { ...QUICK, methods: ['ap'], gains: false, out: out('twin') };
  const { folder, json } = finished(await survey(model, many, options));
  expect(json.has_twin).toBe(true);
  expect(json.sets[0]!.strongest.map(({ method }) => method)).toContain('ap_logit');
  const scores = new SurveyScores(join(folder, 'scores.zarr'));
  const [by, twin] = [
    await scores.read('ap.noising.heads', 0),
    await scores.read('ap_logit.noising.heads', 0),
  ];
  // Differences of probability lie between -2 and 2, those of logits do not.
  expect(Math.max(...by.map(Math.abs))).toBeLessThan(2);
  expect(twin).not.toEqual(by);
  const { pooled } = await openSurvey(folder);
  const e = (direction: 'noising' | 'denoising', c: number) =>
    pooled.get(`all.ap_logit.${direction}.heads.mean`)!.data[c]!;
  for (const { component, noising, denoising } of json.sets[0]!.labels[0]!.components) {
    const c = component[0] * model.config.nHeads + component[1];
    expect([e('noising', c), e('denoising', c)]).toEqual([
      expect.closeTo(noising, 5),
      expect.closeTo(denoising, 5),
    ]);
  }
});

test('no pairs, and options out of range', async () => {
  await expect(survey(model, { ...data, items: [] }, QUICK)).rejects.toThrow(
    /one valid pair of ioi at least/,
  );
  await expect(survey(model, data, { methods: ['guess'] })).rejects.toThrow(
    /methods among ap, .*got "guess"/,
  );
  await expect(survey(model, data, { quantile: 1 })).rejects.toThrow(
    /quantile between 0 and 1, got 1; leave it out for the default/,
  );
  await expect(survey(model, data, { draws: 0 })).rejects.toThrow(/draws to be a whole number from 1, got 0/);
});
