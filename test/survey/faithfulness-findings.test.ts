/**
 * What is said of curves that are made up.
 */
import { describe, expect, test } from 'vitest';
import type { CurveJson, FaithfulnessJson } from '../../src/results/faithfulness-json.ts';
import { faithfulnessFindings } from '../../src/survey/faithfulness/findings.ts';

interface MadeCurve {
  readonly method: string;
  readonly level?: 'edges' | 'nodes';
  readonly cmd?: number;
  readonly cpr?: number;
  /** f at k = .1, .5 and 1, whose circuits have 10, 50 and 100 edges. */
  readonly f?: readonly number[];
  /** The least CMD of its random curves. */
  readonly randomCmd?: number;
}

function curve({
  method,
  level = 'edges',
  cmd = 0.2,
  cpr = 0.8,
  f = [0.5, 0.9, 1],
  randomCmd = 0.6,
}: MadeCurve): CurveJson {
  const ks = [0.1, 0.5, 1];
  return {
    name: `${method}.${level}`,
    method,
    level,
    cmd,
    cpr,
    points: ks.map((k, i) => ({ k, f: f[i]!, low: Number.NaN, high: Number.NaN, weighted_edges: 100 * k })),
    random: {
      draws: 5,
      cmd: { mean: 0.7, least: randomCmd, most: 0.8 },
      cpr: { mean: 0.3, least: 0.2, most: 0.4 },
      points: ks.map((k) => ({ k, f: 0.1 })),
    },
  } as CurveJson;
}

function said(curves: readonly MadeCurve[], small_d = false): string[] {
  const evaluation = { n: 5, clusters: 1, clean: 2, corrupted: -1, small_d };
  return faithfulnessFindings({
    task: { name: 'ioi', contrast: 'swap' },
    split: { scores: { n: 1, clusters: 1 }, evaluation },
    graph: { weighted_edges: 100 },
    options: { draws: 5 },
    curves: curves.map(curve),
  } as unknown as FaithfulnessJson);
}

test('begins with both lists of pairs', () => {
  expect(said([{ method: 'eap' }])[0]).toBe(
    'ioi, swap: scores come from 1 pair in 1 cluster, circuits run on 5 pairs in 1 cluster, where F is 2.00 on clean prompts and −1.00 on corrupted ones, on average.',
  );
});

test('where D is small there is no f, and no curve is spoken of', () => {
  const all = said([{ method: 'eap', f: [Number.NaN, Number.NaN, Number.NaN] }], true);
  expect(all).toHaveLength(2);
  expect(all[1]).toBe('D is too small to divide by on these pairs: there is no f, and there are no areas.');
});

describe('areas', () => {
  test('of edges and of nodes are not compared with one another', () => {
    const areas = said([
      { method: 'eap', cmd: 0.3, cpr: 0.7 },
      { method: 'exact', cmd: 0.2, cpr: 0.6 },
      { method: 'ap', level: 'nodes', cmd: 0.1, cpr: 0.9 },
    ]).slice(1, 5);
    expect(areas.map((sentence) => /^(.*?);/.exec(sentence)![1])).toEqual([
      'Of circuits of edges, the lowest CMD is that of exact.edges: 0.200',
      'Of circuits of edges, the highest CPR is that of eap.edges: 0.700',
      'Of circuits of nodes, the lowest CMD is that of ap.nodes: 0.100',
      'Of circuits of nodes, the highest CPR is that of ap.nodes: 0.900',
    ]);
  });

  test('of one level give two sentences', () => {
    expect(said([{ method: 'eap' }])).toHaveLength(5);
  });
});

describe('the smallest faithful circuit', () => {
  test('has f near 1', () => {
    expect(said([{ method: 'eap' }])[3]).toBe(
      'The smallest circuit with f within 0.1 of 1 is that of eap.edges at k = 0.5: 50 of 100 edges after pruning, f = 0.90; random circuits at least as large have f = 0.10 on average.',
    );
  });

  test('is not one whose f is far above 1', () => {
    expect(said([{ method: 'eap', f: [1.6, 1.05, 1] }])[3]).toMatch(/at k = 0\.5: .* f = 1\.05;/);
  });

  test('may be none but the whole model', () => {
    expect(said([{ method: 'eap', f: [1.6, 0.2, 1] }])[3]).toBe(
      'No circuit smaller than the whole model has f within 0.1 of 1.',
    );
  });
});

test('curves that random ones match are named', () => {
  const last = (curves: readonly MadeCurve[]) => said(curves).at(-1);
  expect(last([{ method: 'eap' }])).toBe(
    'By CMD every curve is better than each of its random ones (5 draws).',
  );
  expect(last([{ method: 'eap', cmd: 0.6 }, { method: 'exact' }])).toBe(
    'By CMD no better than one or more of their random curves (5 draws): eap.edges.',
  );
});
