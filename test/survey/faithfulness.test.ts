/**
 * Circuits over data sets: pairs go to one side or the other, numbers by hand, and runs of the embedded model, whole or in
 * pieces.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeAttributionPatching } from '../../src/attribution/edges/eap.ts';
import { CancelledError, InputError } from '../../src/errors.ts';
import type { Curve, FaithfulnessCurves } from '../../src/faithfulness/curves.ts';
import { faithfulness, mean } from '../../src/faithfulness/faithfulness.ts';
import { fromMibJson, type MibJson } from '../../src/faithfulness/mib-json.ts';
import { pooledScores } from '../../src/faithfulness/pooled.ts';
import { pairSource } from '../../src/faithfulness/run.ts';
import { loadModel } from '../../src/load-model.ts';
import type { Model } from '../../src/patch/model.ts';
import { writeFaithfulnessReport } from '../../src/report/faithfulness/report.ts';
import { formatFaithfulnessJson, parseFaithfulnessJson } from '../../src/results/faithfulness-json.ts';
import { curveJson } from '../../src/survey/faithfulness/curve.ts';
import { faithfulnessFindings } from '../../src/survey/faithfulness/findings.ts';
import {
  type FaithfulnessOptions,
  resolveFaithfulnessOptions,
} from '../../src/survey/faithfulness/options.ts';
import { curvePlans } from '../../src/survey/faithfulness/plan.ts';
import { type FaithfulnessSurvey, faithfulnessSurvey } from '../../src/survey/faithfulness/run.ts';
import { splitPairs } from '../../src/survey/faithfulness/split.ts';
import { taskData } from '../../src/task-data.ts';
import type { DataSet, Item } from '../../src/tasks/item.ts';
import { TOLERANCES } from '../support/close.ts';
import { differingFiles } from '../support/run-cli.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** Items that tell only how they were made, and prompts of their own. */
function made(...templates: readonly string[]): Item[] {
  const prompt = (text: string) => ({ text, ids: [], tokens: [] });
  const own = { fillers: {}, positive: [], negative: [] };
  return templates.map(
    (template, row) =>
      ({
        ...own,
        row,
        template,
        clean: prompt(`clean ${row}`),
        corrupted: prompt(`corrupted ${row}`),
      }) as unknown as Item,
  );
}

/** The same, with one item another one turned round. */
function madeWithReverse(count: number, row: number, reverseOf: number): Item[] {
  const items = made(...Array.from({ length: count }, () => ''));
  const { clean, corrupted } = items[reverseOf]!;
  return items.with(row, { ...items[row]!, clean: corrupted, corrupted: clean, reverseOf });
}

describe('the split', () => {
  const templates = Array.from({ length: 40 }, (_, i) => `t${i % 10}`);

  test('a template is on one side, with its share of the pairs, and the seed decides which', () => {
    const items = made(...templates);
    const { scores, evaluation, clusterOf } = splitPairs(items, 0.5, 0);
    expect([scores.pairs.length, scores.clusters, evaluation.pairs.length]).toEqual([20, 5, 20]);
    expect([...scores.pairs, ...evaluation.pairs].toSorted((a, b) => a - b)).toEqual([...items.keys()]);
    const sides = [scores, evaluation].map(({ pairs }) => new Set(pairs.map((pair) => clusterOf[pair]!)));
    expect([...sides[0]!].filter((cluster) => sides[1]!.has(cluster))).toEqual([]);
    expect(splitPairs(items, 0.5, 0)).toEqual(splitPairs(items, 0.5, 0));
    expect(splitPairs(items, 0.5, 1).scores.pairs).not.toEqual(scores.pairs);
  });

  test('each side has a cluster however small its share', () => {
    const items = made(...templates);
    expect(splitPairs(items, 0.001, 0).scores.clusters).toBe(1);
    expect(splitPairs(items, 0.999, 0).evaluation.clusters).toBe(1);
  });

  test('a pair and its reverse are one cluster', () => {
    const { clusterOf, scores, evaluation } = splitPairs(madeWithReverse(4, 3, 1), 0.5, 0);
    expect(clusterOf[3]).toBe(clusterOf[1]);
    expect(scores.clusters + evaluation.clusters).toBe(3);
  });

  test('pairs of one cluster are refused', () => {
    expect(() => splitPairs(madeWithReverse(2, 1, 0), 0.5, 0)).toThrow(
      /^expected pairs of two clusters or more, .+ got 1 /,
    );
  });
});

describe('options', () => {
  test.each<[Partial<FaithfulnessOptions>, RegExp]>([
    [{ methods: [] }, /expected methods among .*, got none; give one or more/],
    [
      { methods: ['atp_star'] },
      /expected methods among attribution_patching, ap, .*, got "atp_star"; leave it out/,
    ],
    [{ methods: ['eap'], levels: ['nodes'] }, /expected edges among levels for eap, .*got nodes/],
    [{ sizes: [0.1] }, /expected two sizes or more that grow, above 0 and up to 1, got 0.1/],
    [{ sizes: [0.2, 0.1] }, /got 0.2,0.1/],
    [{ sizes: [0.5, 2] }, /got 0.5,2/],
    [{ circuitSizes: [0.3] }, /expected circuit sizes among the sizes .*, got 0.3/],
    [{ split: 1 }, /expected split between 0 and 1, got 1; leave it out for the default/],
    [{ levels: ['nodes'], rules: ['greedy'] }, /expected top_n alone among rules for .*nodes, got greedy; /],
    [{ draws: 0 }, /expected draws to be a whole number from 1 to 1000, got 0; leave it out/],
  ])('%j', (given, message) => {
    expect(() => resolveFaithfulnessOptions(given)).toThrow(InputError);
    expect(() => resolveFaithfulnessOptions(given)).toThrow(message);
  });

  test('methods without a score of the levels stay out where they were not named', () => {
    const { methods } = resolveFaithfulnessOptions({ levels: ['nodes'] });
    expect(methods).toEqual(['attribution_patching', 'eap_ig_inputs']);
  });

  test('the circuit that is written is the one nearest to .05, by ratio', () => {
    expect(resolveFaithfulnessOptions({ sizes: [0.01, 0.1, 1] }).circuitSizes).toEqual([0.1]);
  });

  test('of nodes alone the rule is top_n, and what is resolved may be resolved again', () => {
    const options = resolveFaithfulnessOptions({ levels: ['nodes'] });
    expect(options.rules).toEqual(['top_n']);
    expect(resolveFaithfulnessOptions(options)).toEqual(options);
  });

  test('circuits of nodes are top_n whatever the rules', () => {
    const options = resolveFaithfulnessOptions({ methods: ['ap', 'eap'], select: ['signed'] });
    const names = curvePlans(options).map(({ name }) => name);
    expect(names).toEqual(['eap.edges.signed.greedy', 'ap.nodes.signed.top_n']);
  });
});

test('a curve by hand: ratios, intervals over clusters, the range of random circuits', () => {
  const size = { nodes: 1, edges: 2, weightedEdges: 3, share: 0.5, asked: 4 };
  const curve = (f: number, values: readonly number[]): Curve => ({
    points: [{ k: 1, ...size, f, mean: mean(values), values }],
    cpr: f,
    cmd: 1 - f,
  });
  const curves: FaithfulnessCurves = {
    name: 'eap.edges.signed.top_n',
    level: 'edges',
    select: 'signed',
    method: 'top_n',
    graph: { nodes: 1, edges: 2, weightedEdges: 3 },
    n: 3,
    clean: [2, 4, 1],
    corrupted: [0, 0, 0],
    circuit: curve(6 / 7, [1, 4, 1]),
    complement: curve(0, [0, 0, 0]),
    random: [curve(0.1, [0, 0, 0]), curve(0.4, [0, 0, 0])],
    seed: 0,
  };
  // Clusters of their own: 1 / 2 and 5 / 5. Draws of two clusters: 1/2, 6/7 or 1.
  const found = curveJson(curves, 'eap', [7, 3, 3]);
  expect(found.points[0]).toEqual({
    k: 1,
    asked: 4,
    nodes: 1,
    edges: 2,
    weighted_edges: 3,
    share: 0.5,
    f: 6 / 7,
    low: 0.5,
    high: 1,
    values: [1, 4, 1],
  });
  expect(found.random.points).toEqual([{ k: 1, f: 0.25, least: 0.1, most: 0.4, weighted_edges: 3 }]);
  expect(found.random.cmd).toEqual({ mean: 0.75, least: 0.6, most: 0.9 });
  expect(found.complement).toEqual([{ k: 1, f: 0, weighted_edges: 3 }]);
  expect(curveJson(curves, 'eap', [0, 0, 0]).points[0]!.low).toBeNaN();
});

describe('the embedded model', () => {
  const QUICK: Partial<FaithfulnessOptions> = {
    methods: ['ap', 'eap'],
    select: ['absolute'],
    sizes: [0.01, 0.2, 1],
    circuitSizes: [0.2],
    draws: 2,
    figures: false,
  };
  let model: Model;
  let data: DataSet;
  let whole: FaithfulnessSurvey;

  beforeAll(async () => {
    model = await loadModel('embedded');
    data = taskData(model, 'ioi', { n: 6, contrast: 'removal', seed: 1 });
    whole = await faithfulnessSurvey(model, data, { ...QUICK, out: out('whole') });
  }, 120_000);
  afterAll(() => model.dispose());

  const itemsOf = (rows: readonly number[]) => data.items.filter(({ row }) => rows.includes(row));
  const read = (name: string) => JSON.parse(readFileSync(join(whole.folder, name), 'utf8')) as MibJson;

  test('the whole graph carries all, its complement nothing, and circuits more than random ones', () => {
    const { curves, split, graph } = whole.json;
    expect(curves.map(({ name }) => name)).toEqual(['eap.edges.absolute.greedy', 'ap.nodes.absolute.top_n']);
    expect(split.scores.n + split.evaluation.n).toBe(6);
    for (const { points, complement, random } of curves) {
      expect([points[2]!.f, complement[2]!.f, random.points[2]!.f]).toBeClose([1, 0, 1], { atol: 1e-5 });
      expect(points[2]!.weighted_edges).toBe(graph.weighted_edges);
      expect(points[1]!.f).toBeGreaterThan(random.points[1]!.most);
    }
  });

  test('f is a ratio of means of the values that the file holds', () => {
    const { curves, split } = whole.json;
    const { clean, corrupted } = split.evaluation.values;
    for (const { f, values } of curves[0]!.points)
      expect(f).toBeCloseTo((mean(values) - mean(corrupted)) / (mean(clean) - mean(corrupted)), 12);
    expect(split.evaluation.D).toBeCloseTo(mean(clean) - mean(corrupted), 12);
  });

  test('files of the benchmark hold the scores of the one list, and the circuit that the other ran', async () => {
    const { scores, evaluation } = whole.json.split;
    const source = pairSource(model, itemsOf(scores.rows));
    const expected = await pooledScores(source, edgeAttributionPatching);
    const kept = fromMibJson(model.config, read('scores/eap.edges.json'));
    expect(kept.scores).toBeClose(expected, TOLERANCES.rounding);
    const { circuit } = fromMibJson(model.config, read('circuits/eap.edges.absolute.greedy.0.2.json'));
    const again = await faithfulness(model, itemsOf(evaluation.rows), [circuit]);
    expect([whole.json.curves[0]!.points[1]!.f]).toBeClose(again.f, { atol: 1e-5 });
    expect(readdirSync(join(whole.folder, 'circuits'))).toHaveLength(2);
    expect(existsSync(join(whole.folder, '.work'))).toBe(false);
  });

  test('the file is read as it was written, and found complete', async () => {
    expect(parseFaithfulnessJson(formatFaithfulnessJson(whole.json), 'x')).toEqual(whole.json);
    const again = await faithfulnessSurvey(model, data, { ...QUICK, out: whole.folder, resume: true });
    expect(again).toEqual({ ...whole, wasComplete: true });
    const other = faithfulnessSurvey(model, data, { ...QUICK, draws: 3, out: whole.folder, resume: true });
    await expect(other).rejects.toThrow(/with draws 2, got draws 3/);
  });

  test('one that was stopped twice and resumed is the same', async () => {
    const folder = out('stopped');
    const stoppedIn = (phase: string, after: number) => {
      const controller = new AbortController();
      return faithfulnessSurvey(
        model,
        data,
        { ...QUICK, out: folder, resume: true },
        {
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.phase === phase && progress.done === after) controller.abort();
          },
        },
      );
    };
    const { scores, evaluation } = whole.json.split;
    await expect(stoppedIn('scores', scores.n + 1)).rejects.toThrow(CancelledError);
    await expect(stoppedIn('circuits', evaluation.n + 1)).rejects.toThrow(CancelledError);
    expect(existsSync(join(folder, 'faithfulness.json'))).toBe(false);
    const steps: string[] = [];
    const { json } = await faithfulnessSurvey(
      model,
      data,
      { ...QUICK, out: folder, resume: true },
      { onProgress: ({ phase, done }) => steps.push(`${phase} ${done}`) },
    );
    // Both methods' scores and the first curve were kept whole.
    expect(steps.slice(0, 5)).toEqual([
      'scores 0',
      `scores ${scores.n}`,
      `scores ${2 * scores.n}`,
      'circuits 0',
      `circuits ${evaluation.n}`,
    ]);
    expect({ ...json, phases: [] }).toEqual({ ...whole.json, phases: [] });
    expect(differingFiles(folder, whole.folder, (path) => path !== 'faithfulness.json')).toEqual([]);
  });

  test('the page tells all numbers; without an f it says so and has no figure', async () => {
    const drawn = await writeFaithfulnessReport(whole.folder);
    expect(drawn.figures).toHaveLength(4);
    const page = readFileSync(drawn.page, 'utf8');
    const text = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
    expect(text).not.toMatch(/NaN|undefined|\[object/);
    for (const id of ['findings', 'claims', 'curves', 'areas', 'sizes', 'split', 'reading', 'provenance'])
      expect(page).toContain(`<section id="${id}"`);

    const none = structuredClone(whole.json);
    for (const curve of none.curves) for (const point of curve.points) point.f = Number.NaN;
    none.split.evaluation.small_d = true;
    none.findings = faithfulnessFindings(none);
    none.task.name = '<img src=x>';
    const empty = await writeFaithfulnessReport(out('small'), none);
    expect(empty.figures).toEqual([]);
    const said = readFileSync(empty.page, 'utf8');
    expect(said).toContain('D is too small to divide by on these pairs: there is no f');
    expect(said).not.toContain('<img');
  });
});
