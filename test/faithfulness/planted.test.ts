/**
 * Circuits of the planted model, whose F follows from which gates they leave open.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  edgeGraph,
  edgesOf,
  nodeIndex,
  type Receiver,
  receiverIndex,
} from '../../src/attribution/edges/edge-graph.ts';
import { exactEdges } from '../../src/attribution/edges/exact-edges.ts';
import type { EdgeCircuit } from '../../src/faithfulness/circuit.ts';
import { faithfulnessCurves } from '../../src/faithfulness/curves.ts';
import { faithfulness } from '../../src/faithfulness/faithfulness.ts';
import { circuitFromScores } from '../../src/faithfulness/nested.ts';
import { pooledScores } from '../../src/faithfulness/pooled.ts';
import { type PairSource, pairSource } from '../../src/faithfulness/run.ts';
import type { Model } from '../../src/patch/model.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { loadTiny } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { type Planted, writePlanted } from '../support/planted.ts';

/** D in gates. */
const GATES = 5.5;
const ANDS = ['across, first', 'across, second', 'in one layer, first', 'in one layer, second'].map(
  (each) => `and ${each}`,
);
const ORS = ANDS.map((each) => each.replace('and', 'or'));
const ONE_OF_EACH = ORS.filter((each) => each.endsWith('first'));

let folder: string;
let planted: Planted;
let model: Model;
let pair: Pair;
let pairs: PairSource;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mediators-planted-circuits-'));
  planted = await writePlanted(folder, 11);
  model = await loadTiny(folder);
  pair = pairFromIds(model.config, planted.pair);
  pairs = pairSource(model, [pair]);
});
afterAll(async () => {
  await model.dispose();
  await rm(folder, { recursive: true });
});

/** The edges through some heads' values to where they are read, and from the gates to the logits. */
function through(roles: readonly string[], backedUp = false): EdgeCircuit {
  const graph = edgeGraph(model.config);
  const width = graph.receivers.length;
  const edges = new Uint8Array(graph.nodes.length * width);
  const put = (node: number, receiver: Receiver) => {
    edges[node * width + receiverIndex(graph, receiver)] = 1;
  };
  const gates = { kind: 'mlp', layer: 2 } as const;
  put(nodeIndex(graph, gates), { kind: 'logits' });
  for (const role of roles) {
    const [layer, head] = planted.where.get(role)!;
    put(0, { kind: 'v', layer, head });
    const node = nodeIndex(graph, { kind: 'head', layer, head });
    put(node, role === 'adder' || role === 'inhibitor' ? { kind: 'logits' } : gates);
    const [backupLayer, backup] = planted.where.get('backup')!;
    if (backedUp && role === 'primary') put(node, { kind: 'q', layer: backupLayer, head: backup });
  }
  return { graph, edges, asked: 0 };
}

test('f follows from the gates that a circuit leaves open', async () => {
  const all = [...ANDS, ...ORS, 'primary', 'adder'];
  const cases: [name: string, circuit: EdgeCircuit, gates: number][] = [
    ['all of them', through([...all, 'inhibitor']), 5.5],
    ['without what works against it', through(all), 6],
    ['one input of each OR', through([...ANDS, ...ONE_OF_EACH, 'primary', 'adder']), 6],
    ['one input of an AND', through([...ANDS.slice(1), ...ORS, 'primary', 'adder']), 5],
    ['one input of each AND alone', through(ANDS.filter((each) => each.endsWith('second'))), 0],
    ['the adder alone', through(['adder']), 1],
    ['the inhibitor alone', through(['inhibitor']), -0.5],
    // The primary's edge into its query is outside: it sees a primary that is silent.
    ['the backup in place of the primary', through(['backup']), 1],
    ['both, and the backup does not see the primary', through(['primary', 'backup']), 2],
    ['both, and it does', through(['primary', 'backup'], true), 1],
  ];
  const { f } = await faithfulness(
    model,
    [pair],
    cases.map(([, circuit]) => circuit),
  );
  cases.forEach(([name, , gates], i) => expect([f[i]! * GATES], name).toBeClose([gates], TOLERANCES.planted));
});

test('exact scores: what noising misses, an OR, denoising finds, and the other way round', async () => {
  const graph = edgeGraph(model.config);
  const noising = await pooledScores(pairs, exactEdges);
  const denoising = await pooledScores(pairs, exactEdges, { direction: 'denoising' });
  const score = (scores: Float64Array, role: string) => {
    const [layer, head] = planted.where.get(role)!;
    const node = nodeIndex(graph, { kind: 'head', layer, head });
    const to = role === 'adder' ? ({ kind: 'logits' } as const) : ({ kind: 'mlp', layer: 2 } as const);
    return scores[node * graph.receivers.length + receiverIndex(graph, to)]! * GATES;
  };
  const roles = [ANDS[0]!, ORS[0]!, 'adder'];
  expect(roles.map((role) => score(noising, role))).toBeClose([1, 0, 1], TOLERANCES.planted);
  expect(roles.map((role) => score(denoising, role))).toBeClose([0, 1, 1], TOLERANCES.planted);

  // The circuit of noising holds every AND and no OR; that of denoising every OR and no AND.
  const both = [noising, denoising].map((scores) => {
    const real = [...edgesOf(graph)].map(
      ({ node, receiver }) => scores[node * graph.receivers.length + receiver]!,
    );
    const count = real.filter((each) => each > 0.5 / GATES).length;
    return circuitFromScores(graph, scores, { count });
  });
  const { f } = await faithfulness(model, [pair], both);
  // Noising: both ANDs and the adder; breaking the input of a primary breaks nothing, as its backup wakes.
  // Denoising: both ORs, the primary and the adder.
  expect(f.map((each) => each * GATES)).toBeClose([3, 4], TOLERANCES.planted);
});

test('curves: the whole graph is faithful, nothing of it is not; JSON keeps all of it', async () => {
  const graph = edgeGraph(model.config);
  const scores = await pooledScores(pairs, exactEdges);
  for (const [level, values] of [
    ['edges', scores],
    [
      'nodes',
      graph.nodes.map((_, node) =>
        scores
          .subarray(node * graph.receivers.length, (node + 1) * graph.receivers.length)
          .reduce((a, b) => a + b),
      ),
    ],
  ] as const) {
    const found = await faithfulnessCurves(pairs, graph, values, 'exact', {
      level,
      draws: 2,
      sizes: [0.01, 0.2, 1],
    });
    expect(found.name).toBe(`exact.${level}.signed.top_n`);
    expect(found.random).toHaveLength(2);
    for (const { points } of [found.circuit, ...found.random]) {
      expect(points.map(({ k }) => k)).toEqual([0.01, 0.2, 1]);
      expect([points[2]!.f!, points[2]!.share]).toBeClose([1, 1], TOLERANCES.planted);
    }
    found.random.forEach(({ points }) =>
      points.forEach(({ weightedEdges }, i) =>
        expect(weightedEdges).toBeGreaterThanOrEqual(found.circuit.points[i]!.weightedEdges),
      ),
    );
    expect(found.complement.points[2]).toMatchObject({ edges: 0, nodes: 0, share: 0 });
    expect([found.complement.points[2]!.f! + 1]).toBeClose([1], TOLERANCES.planted);
    expect(found.complement.points[0]!.asked).toBe(graph.size - found.circuit.points[0]!.edges);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  }
});
