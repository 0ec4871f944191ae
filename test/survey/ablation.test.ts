/**
 * Set ablations of a survey of the planted circuits: what every set does is known by construction.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CancelledError } from '../../src/errors.ts';
import { loadModel } from '../../src/load-model.ts';
import type { Model } from '../../src/patch/model.ts';
import type { AblationsJson, SetEffectJson, SetName } from '../../src/results/ablations-json.ts';
import { parseAblationsJson } from '../../src/results/ablations-json.ts';
import { writeSurveyReport } from '../../src/report/survey/report.ts';
import { ablateSurvey } from '../../src/survey/ablation/run.ts';
import type { DataSet } from '../../src/tasks/item.ts';
import type { Direction } from '../../src/terms.ts';
import { TOLERANCES } from '../support/close.ts';
import { type Planted, writePlanted } from '../support/planted.ts';
import { plantedData, surveyPlanted } from '../support/planted-survey.ts';
import { scratch } from '../support/studies.ts';

const CLUSTERS = 9;
/** D of the planted pair. */
const D = 5.5;
const at = scratch();
let [folder, planted, model, data] = ['', {} as Planted, {} as Model, {} as DataSet];
let found: AblationsJson;

beforeAll(async () => {
  planted = await writePlanted(at('model'));
  model = await loadModel(planted.folder);
  data = plantedData(model, planted, CLUSTERS);
  folder = at('survey');
  await surveyPlanted(model, data, folder);
  ({ json: found } = await ablateSurvey(model, data, folder, { random: 3, takeover: 3, figures: false }));
}, 60_000);
afterAll(() => model.dispose());

function effect(direction: Direction, set: SetName, kind: 'heads' | 'neurons' = 'heads'): SetEffectJson {
  return found.effects.find(
    (row) => row.pairs === 'all' && row.kind === kind && row.direction === direction && row.set === set,
  )!;
}

test('AND and OR sets do what their circuits do together, not the sum of their members', () => {
  const rows = (['and', 'or', 'labelled'] as const).map((set) => [
    effect('noising', set).e * D,
    effect('denoising', set).e * D,
  ]);
  // Two AND gates, two OR gates; the primary is labelled OR, and its backup, which is not, stands in for it.
  expect(rows.flat()).toBeClose([2, 2, 2, 3, 4, 5], TOLERANCES.planted);
  expect(effect('noising', 'and').size).toBe(4);
  expect(effect('noising', 'or').size).toBe(5);
});

test('the backup takes over when the labelled heads are ablated, and not before', () => {
  const noising = found.takeover.find(({ direction }) => direction === 'noising')!;
  const [first, second] = noising.components;
  expect(first!.component).toEqual(planted.where.get('backup'));
  expect([first!.before * D, first!.after * D, first!.growth * D]).toBeClose([0, 1, 1], TOLERANCES.planted);
  expect([second!.growth * D]).toBeClose([0], TOLERANCES.planted);
  expect(noising).toMatchObject({ n: 3, size: 9 });
});

test('counts, intervals and tests are over clusters', () => {
  for (const row of found.effects.filter(({ n }) => n > 0)) {
    expect(row).toMatchObject({ pairs: 'all', n: CLUSTERS, clusters: CLUSTERS });
    // All pairs are one pair: every draw of clusters gives the same.
    expect([row.low, row.high]).toBeClose([row.e, row.e], TOLERANCES.planted);
    const { random } = row;
    expect([random.e + random.difference]).toBeClose([row.e], TOLERANCES.planted);
    if (!Number.isNaN(random.p)) expect(random.p_adjusted).toBeGreaterThanOrEqual(random.p);
  }
  // Far from what random sets of the layers do, in the same direction in all clusters.
  expect(effect('denoising', 'labelled').random.p).toBeLessThan(0.05);
});

test('highlights: shared, union and own parts fit together', () => {
  for (const direction of ['noising', 'denoising'] as const) {
    const size = (set: SetName) => effect(direction, set).size || 0;
    expect(size('shared') + size('exact_own') + size('method_own')).toBe(size('union'));
    expect(size('shared') + size('exact_own')).toBeGreaterThan(0);
  }
});

test('the folder holds the same after a stop, and nothing unfinished', async () => {
  const out = at('stopped');
  await surveyPlanted(model, data, out);
  const controller = new AbortController();
  const options = { random: 3, takeover: 3, figures: false };
  const onProgress = ({ phase, done }: { readonly phase: string; readonly done: number }) => {
    if (phase === 'sets' && done === 4) controller.abort();
  };
  await expect(
    ablateSurvey(model, data, out, options, { signal: controller.signal, onProgress }),
  ).rejects.toThrow(CancelledError);
  expect(existsSync(join(out, 'ablations.json'))).toBe(false);
  await expect(ablateSurvey(model, data, out, { ...options, random: 4 })).rejects.toThrow(
    /with random_sets 3, got random_sets 4; give the same or remove that folder/,
  );
  const again = await ablateSurvey(model, data, out, options);
  expect({ ...again.json, phases: [] }).toEqual({ ...found, phases: [] });
  expect(existsSync(join(out, '.ablations'))).toBe(false);
  expect(existsSync(join(out, '.work'))).toBe(false);
  expect((await ablateSurvey(model, data, out, options)).wasComplete).toBe(true);
  expect((await ablateSurvey(model, data, out, { ...options, takeover: 0 })).json.takeover).toEqual([]);
});

test('a pair whose reverse came before is not ablated, but the others are', async () => {
  const out = at('reversed');
  const three = plantedData(model, planted, 3);
  const items = three.items.map((item, i) => (i === 2 ? { ...item, reverseOf: 0 } : item));
  await surveyPlanted(model, { ...three, items }, out);
  const { json } = await ablateSurvey(model, { ...three, items }, out, {
    random: 1,
    takeover: 0,
    figures: false,
  });
  expect(json).toMatchObject({ n: 2, clusters: 2 });
  for (const { n } of json.effects) expect([0, 2]).toContain(n);
  // Two clusters allow no test.
  for (const { random } of json.effects)
    expect([random.p, random.p_adjusted]).toEqual([Number.NaN, Number.NaN]);
});

test('other pairs and another model are refused, and so is no survey', async () => {
  const fewer = { ...data, items: data.items.slice(1) };
  await expect(ablateSurvey(model, fewer, folder)).rejects.toThrow(/with pairs 9, got pairs 8;/);
  const other = await loadModel(await writePlanted(at('other'), 5).then((one) => one.folder));
  await expect(ablateSurvey(other, data, folder)).rejects.toThrow(/with model .*got model /);
  await other.dispose();
  await expect(ablateSurvey(model, data, at('none'))).rejects.toThrow(
    /expected the folder of a finished survey, got .*: no such folder/,
  );
  await expect(ablateSurvey(model, data, folder, { random: 0 })).rejects.toThrow(
    /expected random to be a whole number from 1 to 10000, got 0; leave it out for the default/,
  );
});

test('the page shows them; a file that is none is refused', async () => {
  const { page, figures } = await writeSurveyReport(folder);
  expect(readFileSync(page, 'utf8')).toMatch(/id="table-ablations"[^]*id="table-takeover"/);
  expect(figures.some((path) => path.endsWith('survey-takeover.svg'))).toBe(true);
  const path = join(folder, 'ablations.json');
  const good = readFileSync(path, 'utf8');
  const bad = [
    ['{', /ablations.json is not JSON/],
    ['{"schema":"mediators/survey@1"}', /expected "mediators\/ablations@1"/],
    ['{"schema":"mediators/ablations@2"}', /unknown schema/],
    [good.replace('"size": 4', '"size": "<b>"'), /at effects\.\d+\.size/],
    [good.replace('"and"', '"<script>"'), /at effects\.\d+\.set/],
  ] as const;
  for (const [text, message] of bad) expect(() => parseAblationsJson(text, path)).toThrow(message);
  writeFileSync(path, '{');
  await expect(writeSurveyReport(folder)).rejects.toThrow(/is not JSON/);
  writeFileSync(path, good);
});
