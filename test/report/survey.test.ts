/**
 * Figures, page and sentences of a survey on made-up scores.
 */
import { describe, expect, test } from 'vitest';
import { surveyFigures } from '../../src/report/survey/figures.ts';
import { surveyPageHtml } from '../../src/report/survey/page.ts';
import { formatSurveyJson, parseSurveyJson, type SurveyJson } from '../../src/results/survey-json.ts';
import type { SurveyResults } from '../../src/results/survey-read.ts';
import { analyseSet } from '../../src/survey/analysis/analyse.ts';
import { findings } from '../../src/survey/findings.ts';
import { pairArrays, pooledArrays } from '../../src/survey/tables.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { NamedTensor } from '../../src/tensor/safetensors.ts';
import { Random } from '../support/random.ts';
import { factsFrom, type MadePair, reader, recordFrom } from '../survey/synthetic.ts';

const SHAPE = { layers: 2, heads: 10, neurons: 1 };
const OFF = 13;

function made(clusters: number, each: number): MadePair[] {
  return Array.from({ length: clusters * each }, (_, i) => ({
    clean: 2 + (i % 3),
    corrupted: 0.1 * i,
    cluster: i % clusters,
  }));
}

/** Exact scores with noise; IG is off on one head, attribution patching a little on all, AtP* has sizes. */
function scoreOf(name: string, pair: number): number[] {
  const random = new Random(pair + 1);
  const sign = name.includes('noising.') && !name.includes('denoising') ? -1 : 1;
  const exact = Array.from({ length: 20 }, (_, c) => sign * (0.1 * (c % 5) + 0.02 * random.normal()));
  if (name.startsWith('ap.')) return exact;
  if (name.startsWith('atp_star.')) return exact.map(Math.abs);
  if (name.startsWith('ig.')) return exact.map((e, c) => (c === OFF ? e + 1.5 * sign : e * 1.01));
  return exact.map((e) => e + 0.03 * random.normal());
}

async function results(
  pairs: readonly MadePair[],
  score: (name: string, pair: number) => number[] = scoreOf,
): Promise<SurveyResults> {
  const facts = factsFrom(pairs);
  const methods = ['ap', 'attribution_patching', 'atp_star', 'ig'];
  const { pairs: _, ...fields } = recordFrom(facts, { methods, components: ['heads'] }, SHAPE);
  const record = recordFrom(facts, { methods, components: ['heads'] }, SHAPE);
  const { json, rows, correlations } = (await analyseSet(reader(score), facts, record, 'all'))!;
  const described = {
    schema: 'mediators/survey@1',
    complete: true,
    ...fields,
    n: pairs.length,
    clusters: { count: facts.clusters, rule: facts.rule },
    sets: [json],
  };
  const survey: SurveyJson = { ...described, findings: findings(described), phases: [] };
  const mapped = (arrays: readonly NamedTensor[]) =>
    new Map(arrays.map(({ name, tensor }) => [name, tensor as Tensor]));
  return {
    folder: '.',
    survey: parseSurveyJson(formatSurveyJson(survey), 'survey.json'),
    pooled: mapped(pooledArrays(rows)),
    pairs: mapped(pairArrays(facts, correlations)),
  };
}

/** The texts of a page's tables by their ids, without `table-`: rows of cells, the titles first. */
function tablesOf(page: string): Map<string, string[][]> {
  const tables = [...page.matchAll(/<table [^>]*id="table-([^"]+)">([^]*?)<\/table>/g)];
  const cells = (row: string) => [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, text]) => text!);
  return new Map(
    tables.map(([, id, html]) => [
      id!,
      [...html!.matchAll(/<tr[^>]*>([^]*?)<\/tr>/g)].map(([, row]) => cells(row!)),
    ]),
  );
}

describe('a survey of three methods', () => {
  test('has a figure of each, on the page in order, integrated gradients first and open', async () => {
    const found = await results(made(9, 2));
    const figures = surveyFigures(found);
    const names = figures.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['survey-metric', 'survey-d', 'survey-agreement', 'survey-overlap']),
    );
    for (const method of ['ig', 'attribution_patching'])
      for (const name of [`heads-${method}`, `heads-${method}-difference`, `${method}-correlations`])
        expect(names).toContain(`survey-${name}`);
    // Sizes have no difference.
    expect(names).toContain('survey-heads-atp_star');
    expect(names).not.toContain('survey-heads-atp_star-difference');
    const page = surveyPageHtml(found.survey, figures);
    for (const name of names) expect(page.split(`id="figure-${name}"`)).toHaveLength(2);
    const places = ['id="figure-survey-heads-ig"', '<summary>Figures of', 'id="table-disagreements"'].map(
      (part) => page.indexOf(part),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(page).toContain('has no signs');
    expect(page).toContain('atp_star gives sizes alone');
  });

  test('tables tell pairs apart where there is more than one set of them, and only there', async () => {
    const { survey } = await results(made(9, 2));
    const [all] = survey.sets as [SurveyJson['sets'][number]];
    const solved = { ...all, set: 'solved' as const };
    const ids = ['answers', 'labels', 'agreement', 'comparisons', 'disagreements'];
    const tables = (sets: SurveyJson['sets']) => tablesOf(surveyPageHtml({ ...survey, sets }, []));
    const one = tables([all]);
    const both = tables([all, solved]);
    for (const id of ids) {
      const [heads, ...rows] = both.get(id)!;
      expect(heads![0], id).toBe('pairs');
      expect(new Set(rows.map(([pairs]) => pairs)), id).toEqual(
        new Set(['all valid pairs', 'pairs that the model solves']),
      );
      const half = rows.slice(0, rows.length / 2);
      expect(one.get(id), id).toEqual([heads, ...half].map((cells) => cells!.slice(1)));
    }
    // Rows that are all of solved pairs would be read as those of all.
    expect(tables([solved]).get('answers')![0]![0]).toBe('pairs');
  });

  test('bands where points are pairs or clusters, by means; never over components', async () => {
    const svgOf = async (clusters: number, each: number, name: string) =>
      surveyFigures(await results(made(clusters, each))).find((one) => one.name === name)!.svg;
    expect(await svgOf(9, 2, 'survey-heads-ig')).not.toContain('95% band');
    const clustered = await svgOf(9, 2, 'survey-heads-ig-by-d');
    expect(clustered).toContain('n = 9 clusters');
    expect(clustered).toContain('9 clusters of 18 pairs');
    expect(clustered).toContain('95% band');
    expect(await svgOf(9, 1, 'survey-heads-ig-by-d')).toContain('n = 9 pairs');
  });

  test('sentences name the better method and where integrated gradients is off', async () => {
    const { survey } = await results(made(9, 2));
    const text = survey.findings.join('\n');
    expect(text).toMatch(
      /Heads, noising: within a pair the scores of attribution_patching .* k = 9 clusters\)/,
    );
    expect(text).toContain('Heads, noising: of all methods ig is furthest from exact patching, on head 1.3');
    const few = (await results(made(4, 2))).survey.findings.join('\n');
    expect(few).toContain('fewer than 8 clusters allow no test');
  });

  test('a method whose differences are all below tau is off on no component', async () => {
    const close = (name: string, pair: number) =>
      scoreOf(name.startsWith('ig.') ? name.replace('ig.', 'ap.') : name, pair).map((e) =>
        name.startsWith('ig.') ? e * 1.01 : e,
      );
    const text = (await results(made(9, 2), close)).survey.findings.join('\n');
    expect(text).toMatch(
      /Heads, noising and denoising: no difference of pooled effects between any method and exact patching reaches tau = 0\.02 \(largest: head \d\.\d by attribution_patching in /,
    );
    expect(text).not.toContain('is furthest from');
  });

  test('of one pair nothing is said that needs more', async () => {
    const text = (await results(made(1, 1))).survey.findings.join('\n');
    expect(text).toContain('the model solves the one pair; F is 2.00 on the clean prompt');
    expect(text).toContain('There is one cluster: no intervals.');
    expect(text).not.toMatch(/- to -|100%/);
  });

  test('constant scores have no correlation, and the page says why', async () => {
    const flat = (name: string, pair: number) =>
      name.startsWith('ig.') ? new Array<number>(20).fill(0) : scoreOf(name, pair);
    const found = await results(made(9, 2), flat);
    const page = surveyPageHtml(found.survey, surveyFigures(found));
    expect(page).toContain('ig, noising, heads: 18 of 18 pairs have no correlation, as all scores');
    expect(page).toContain('No correlation: all y are equal');
    expect(page.replace(/<script>[\s\S]*<\/script>/, '')).not.toContain('NaN');
  });

  test('an older survey without the new numbers is read, and has a page', async () => {
    const found = await results(made(9, 2));
    const json = JSON.parse(formatSurveyJson(found.survey)) as { sets: Record<string, unknown>[] };
    for (const set of json.sets) {
      delete set.disagreements;
      delete set.comparisons;
      for (const row of set.agreement as Record<string, unknown>[])
        for (const name of ['signed', 'spearman', 'slope']) delete row[name];
    }
    const survey = parseSurveyJson(JSON.stringify(json), 'survey.json');
    const old = { ...found, survey, pairs: new Map<string, Tensor>() };
    const names = surveyFigures(old).map(({ name }) => name);
    expect(names).toContain('survey-overlap');
    expect(names).not.toContain('survey-metric');
    expect(surveyPageHtml(survey, [])).toContain('id="table-agreement"');
  });
});
