/**
 * Selecting and pruning circuits: by hand on the smallest graph, and against plain definitions over shapes.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edgeGraph, edgeName, type EdgeGraph } from '../../src/attribution/edges/edge-graph.ts';
import {
  circuitSize,
  complementOf,
  type EdgeCircuit,
  placesOf,
  pruned,
  weightedTotal,
  wholeGraph,
} from '../../src/faithfulness/circuit.ts';
import { circuitFromNodeScores, circuitFromScores, edgeCircuits } from '../../src/faithfulness/nested.ts';
import { randomCircuits } from '../../src/faithfulness/random.ts';
import { seededRandom } from '../../src/stats/random.ts';

const shapes = fc
  .record({
    nLayers: fc.integer({ min: 1, max: 3 }),
    nKvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ nLayers, nKvHeads, group }) => ({ nLayers, nKvHeads, nHeads: nKvHeads * group }));

/** Scores [nodes, receivers] drawn at random, all different. */
function randomScores(graph: EdgeGraph, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from(
    { length: graph.nodes.length * graph.receivers.length },
    (_, i) => random.below(2 ** 31) - 2 ** 30 + i / 1e6,
  );
}

/** Names of a circuit's edges, sorted. */
function namesOf({ graph, edges }: EdgeCircuit): string[] {
  const width = graph.receivers.length;
  return placesOf(graph)
    .filter((place) => edges[place] === 1)
    .map((place) => edgeName(graph, { node: Math.floor(place / width), receiver: place % width }))
    .toSorted();
}

/** Edges that lie on a path, found by walking every path from `input`. */
function onPaths({ graph, edges }: EdgeCircuit): Set<string> {
  const names = namesOf({ graph, edges, asked: 0 });
  const found = new Set<string>();
  const feeds = (from: string): string[] => names.filter((name) => name.startsWith(`${from}->`));
  const headsOf = (to: string): string[] => {
    const [, layer, shared, head] = /^a(\d+)\.(h|kv)(\d+)</.exec(to) ?? [];
    if (layer === undefined) return [to];
    const group = shared === 'kv' ? graph.shape.nHeads / graph.shape.nKvHeads : 1;
    return Array.from({ length: group }, (_, i) => `a${layer}.h${Number(head) * group + i}`);
  };
  const known = new Map<string, boolean>();
  const walk = (node: string): boolean => {
    const before = known.get(node);
    if (before !== undefined) return before;
    let leads = node === 'logits';
    for (const edge of feeds(node)) {
      const further = headsOf(edge.split('->')[1]!).map(walk).some(Boolean);
      if (further) found.add(edge);
      leads ||= further;
    }
    known.set(node, leads);
    return leads;
  };
  walk('input');
  return found;
}

describe('one layer, one head', () => {
  const graph = edgeGraph({ nLayers: 1, nHeads: 1, nKvHeads: 1 });
  const names = placesOf(graph).map((place) =>
    edgeName(graph, { node: Math.floor(place / 5), receiver: place % 5 }),
  );
  const scoresFrom = (given: Readonly<Record<string, number>>): Float64Array => {
    const scores = new Float64Array(15);
    placesOf(graph).forEach((place, i) => {
      scores[place] = given[names[i]!] ?? 0;
    });
    return scores;
  };
  const SCORES = scoresFrom({
    'input->a0.h0<v>': 9,
    'a0.h0->m0': -8,
    'input->m0': 7,
    'm0->logits': 3,
    'input->logits': 2,
    'a0.h0->logits': 1,
  });

  test('it has eight edges', () => {
    expect(names.toSorted()).toEqual([
      'a0.h0->logits',
      'a0.h0->m0',
      'input->a0.h0<k>',
      'input->a0.h0<q>',
      'input->a0.h0<v>',
      'input->logits',
      'input->m0',
      'm0->logits',
    ]);
  });

  test('top_n: the highest, less what leads nowhere', () => {
    const at = (count: number, select: 'signed' | 'absolute') =>
      namesOf(circuitFromScores(graph, SCORES, { count, select }));
    expect(at(2, 'signed')).toEqual([]);
    expect(at(3, 'signed')).toEqual(['input->m0', 'm0->logits']);
    expect(at(3, 'absolute')).toEqual([]);
    expect(at(4, 'absolute')).toEqual(['a0.h0->m0', 'input->a0.h0<v>', 'input->m0', 'm0->logits']);
    expect(at(8, 'signed')).toEqual(names.toSorted());
  });

  test('greedy: from the logits up', () => {
    const at = (count: number, select: 'signed' | 'absolute') =>
      namesOf(circuitFromScores(graph, SCORES, { count, select, method: 'greedy' }));
    // m0->logits opens the edges into m0, of which input->m0 is the highest.
    expect(at(1, 'signed')).toEqual([]);
    expect(at(2, 'signed')).toEqual(['input->m0', 'm0->logits']);
    expect(at(3, 'signed')).toEqual(['input->logits', 'input->m0', 'm0->logits']);
    // By size a0.h0->m0 comes second, and the edge into its value third.
    expect(at(3, 'absolute')).toEqual(['a0.h0->m0', 'input->a0.h0<v>', 'm0->logits']);
  });

  test('k is a share of the edges, rounded down; what cannot be is refused', () => {
    expect(circuitFromScores(graph, SCORES, { k: 0.49 }).asked).toBe(3);
    for (const size of [{ k: 1.2 }, { k: Number.NaN }, { count: 9 }, { count: 1.5 }, { count: -1 }]) {
      expect(() => circuitFromScores(graph, SCORES, size)).toThrow(
        /^expected k from 0 to 1, or a whole count from 0 to 8, got /,
      );
    }
    expect(() => circuitFromScores(graph, SCORES.subarray(1), { k: 1 })).toThrow('expected 15 scores');
    expect(() =>
      circuitFromScores(
        graph,
        SCORES.map(() => Number.NaN),
        { k: 1 },
      ),
    ).toThrow('got NaN at 0');
    const select = 'best' as 'signed';
    expect(() => circuitFromScores(graph, SCORES, { k: 1, select })).toThrow('signed or absolute for select');
  });

  test('nodes: all edges of those that are in; no score means in', () => {
    const head = circuitFromNodeScores(graph, [Number.NaN, 2, 1], { count: 1 });
    expect(namesOf(head)).toEqual([
      'a0.h0->logits',
      'input->a0.h0<k>',
      'input->a0.h0<q>',
      'input->a0.h0<v>',
      'input->logits',
    ]);
    const mlp = circuitFromNodeScores(graph, [0, 2, Number.NaN], { count: 0 });
    expect(namesOf(mlp)).toEqual(['input->logits', 'input->m0', 'm0->logits']);
    expect(namesOf(circuitFromNodeScores(graph, [0, 2, 1], { k: 1 }))).toHaveLength(8);
  });
});

test('pruning leaves what lies on a path from input to logits', () => {
  fc.assert(
    fc.property(shapes, fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (shape, seed, share) => {
      const graph = edgeGraph(shape);
      const random = seededRandom(seed);
      const edges = wholeGraph(graph).edges.map((real) => (random.below(1000) < share * 1000 ? real : 0));
      const circuit = { graph, edges, asked: 0 };
      const kept = { graph, edges: pruned(graph, edges), asked: 0 };
      expect(namesOf(kept)).toEqual([...onPaths(circuit)].toSorted());
    }),
    { numRuns: 60 },
  );
});

test('circuits hold one another, and the greedy search is that of its definition', () => {
  fc.assert(
    fc.property(shapes, fc.integer(), (shape, seed) => {
      const graph = edgeGraph(shape);
      const scores = randomScores(graph, seed);
      for (const method of ['top_n', 'greedy'] as const) {
        const circuits = edgeCircuits(graph, scores, { method });
        expect(circuits.items).toBe(graph.size);
        expect(circuits.of(graph.size).edges).toEqual(wholeGraph(graph).edges);
        const [less, more] = [
          circuits.of(Math.floor(graph.size / 3)),
          circuits.of(Math.floor(graph.size / 2)),
        ];
        expect(less.edges.every((is, place) => is <= more.edges[place]!)).toBe(true);
      }
      const count = Math.floor(graph.size / 4);
      const found = circuitFromScores(graph, scores, { count, method: 'greedy' });
      expect(found.edges).toEqual(greedily(graph, scores, count));
    }),
    { numRuns: 30 },
  );
});

/** The greedy search, one edge at a time over all edges. */
function greedily(graph: EdgeGraph, scores: Float64Array, count: number): Uint8Array {
  const width = graph.receivers.length;
  const { nHeads, nKvHeads } = graph.shape;
  const edges = new Uint8Array(scores.length);
  const nodes = new Set<string>();
  const isOpen = (place: number): boolean => {
    const receiver = graph.receivers[place % width]!;
    if (receiver.kind === 'logits') return true;
    if (receiver.kind === 'mlp') return nodes.has(`m${receiver.layer}`);
    const group = receiver.kind === 'q' ? 1 : nHeads / nKvHeads;
    return Array.from({ length: group }, (_, i) => receiver.head * group + i).some((head) =>
      nodes.has(`a${receiver.layer}.h${head}`),
    );
  };
  for (let i = 0; i < count; i++) {
    const best = placesOf(graph)
      .filter((place) => edges[place] === 0 && isOpen(place))
      .reduce((a, b) => (scores[b]! > scores[a]! ? b : a));
    edges[best] = 1;
    const node = graph.nodes[Math.floor(best / width)]!;
    nodes.add(
      node.kind === 'head' ? `a${node.layer}.h${node.head}` : `m${'layer' in node ? node.layer : ''}`,
    );
  }
  return pruned(graph, edges);
}

test('sizes: the whole graph has every edge, counted as if no head shared a key or value input', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const graph = edgeGraph(shape);
      const apart = edgeGraph({ ...shape, nKvHeads: shape.nHeads });
      expect(weightedTotal(graph)).toBe(apart.size);
      const nodes = graph.nodes.length;
      expect(circuitSize(wholeGraph(graph))).toEqual({
        nodes,
        edges: graph.size,
        weightedEdges: apart.size,
        share: 1,
      });
      const none = { nodes: 0, edges: 0, weightedEdges: 0, share: 0 };
      expect(circuitSize(complementOf(wholeGraph(graph)))).toEqual(none);
    }),
    { numRuns: 20 },
  );
  expect(weightedTotal(edgeGraph({ nLayers: 12, nHeads: 12, nKvHeads: 12 }))).toBe(32_491);
  // Qwen2.5 0.5B, as the benchmark counts it.
  expect(weightedTotal(edgeGraph({ nLayers: 24, nHeads: 14, nKvHeads: 2 }))).toBe(179_749);
});

test('random circuits are as large after pruning, differ by draw and are the same by seed', () => {
  const graph = edgeGraph({ nLayers: 3, nHeads: 4, nKvHeads: 2 });
  for (const method of ['top_n', 'greedy'] as const) {
    const circuit = circuitFromScores(graph, randomScores(graph, 1), { k: 0.3, method });
    const { weightedEdges } = circuitSize(circuit);
    const drawn = randomCircuits(circuit, { draws: 4, seed: 2, method });
    expect(new Set(drawn.map((each) => namesOf(each).join())).size).toBe(4);
    expect(randomCircuits(circuit, { draws: 4, seed: 2, method })).toEqual(drawn);
    for (const each of drawn) {
      const size = circuitSize(each).weightedEdges;
      expect(size).toBeGreaterThanOrEqual(weightedEdges);
      expect(size).toBeLessThan(1.25 * weightedEdges);
    }
  }
  const empty = complementOf(wholeGraph(graph));
  expect(randomCircuits(empty).map((each) => circuitSize(each).edges)).toEqual([0, 0, 0, 0, 0]);
  expect(() => randomCircuits(empty, { draws: -1 })).toThrow('whole number of random circuits');
});
