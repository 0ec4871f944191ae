/**
 * Areas by hand, ratios of means, what is too small to divide by, pooled scores, and the benchmark's JSON.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeAttributionPatching } from '../../src/attribution/edges/eap.ts';
import { edgeGraph } from '../../src/attribution/edges/edge-graph.ts';
import { circuitSize } from '../../src/faithfulness/circuit.ts';
import { faithfulnessCurves } from '../../src/faithfulness/curves.ts';
import { areasOf, CURVE_SIZES, faithfulness, shareOf } from '../../src/faithfulness/faithfulness.ts';
import { fromMibJson, type MibJson, toMibJson } from '../../src/faithfulness/mib-json.ts';
import { circuitFromScores } from '../../src/faithfulness/nested.ts';
import { nodeScoresOf, type PairScorer, pooledScores } from '../../src/faithfulness/pooled.ts';
import { pairSource } from '../../src/faithfulness/run.ts';
import type { Model } from '../../src/patch/model.ts';
import { seededRandom } from '../../src/stats/random.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { loadTiny, pairOf, readCase, SMALL_D } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

describe('areas', () => {
  test('by hand', () => {
    const points = [
      { k: 0.2, f: 0 },
      { k: 0.5, f: 1.5 },
      { k: 1, f: 1 },
    ];
    const { cpr, cmd } = areasOf(points);
    expect([cpr, cmd]).toBeClose([0.3 * 0.75 + 0.5 * 1.25, 0.3 * 0.75 + 0.5 * 0.25], TOLERANCES.float64);
  });

  test('f = 1 everywhere: the width of the sizes, and 0', () => {
    const { cpr, cmd } = areasOf(CURVE_SIZES.map((k) => ({ k, f: 1 })));
    expect([cpr, cmd]).toBeClose([0.999, 0], TOLERANCES.float64);
  });
});

test('f is a ratio of means, no mean of ratios; NaN where the mean D is small', () => {
  const runs = { clean: [2, 10], corrupted: [1, 0] };
  expect(shareOf([1, 10], runs)).toBeCloseTo(10 / 11, 12);
  expect(shareOf([1, 10], { clean: [2, 10], corrupted: [2.1, 9.9] })).toBeNaN();
});

describe('a model', () => {
  const reference = readCase('llama-gqa');
  let model: Model;
  let pairs: Pair[];

  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    const { clean, corrupted } = reference.pair;
    const reversed = pairFromIds(model.config, { ...reference.pair, clean: corrupted, corrupted: clean });
    pairs = [pairOf(model, reference), pairOf(model, reference), reversed];
  });
  afterAll(() => model.dispose());

  test('pooled scores are ratios of sums, and higher is better', async () => {
    const found: { scores: Float32Array; d: number }[] = [];
    const keeping: PairScorer = async (chain, base, other) => {
      const scores = await edgeAttributionPatching(chain, base, other);
      found.push({ scores: scores.edges.data, d: base.metric - other.metric });
      return scores;
    };
    const pooled = await pooledScores(pairSource(model, pairs), keeping);
    const d = found.reduce((sum, each) => sum + each.d, 0);
    const expected = [...pooled.keys()].map(
      (i) => -found.reduce((sum, { scores }) => sum + scores[i]!, 0) / d,
    );
    expect(pooled).toBeClose(expected, TOLERANCES.float64);
    await expect(pooledScores(pairSource(model, []), edgeAttributionPatching)).rejects.toThrow(
      'expected at least one pair',
    );
  });

  test('scores on some pairs, curves on others: ten sizes, areas, progress, a stop', async () => {
    const scores = await pooledScores(pairSource(model, pairs.slice(0, 1)), edgeAttributionPatching);
    const graph = edgeGraph(model.config);
    const steps: string[] = [];
    const source = pairSource(model, pairs.slice(2));
    const found = await faithfulnessCurves(source, graph, scores, 'eap', {
      select: 'absolute',
      method: 'greedy',
      draws: 1,
      onProgress: (done, all) => steps.push(`${done} of ${all}`),
    });
    expect(found.name).toBe('eap.edges.absolute.greedy');
    expect(steps).toEqual(['1 of 1']);
    const { points, cpr, cmd } = found.circuit;
    expect(points.map(({ k, asked }) => [k, asked])).toEqual(
      CURVE_SIZES.map((k) => [k, Math.floor(k * graph.size)]),
    );
    expect({ cpr, cmd }).toEqual(areasOf(points.map(({ k, f }) => ({ k, f: f! }))));
    expect([points.at(-1)!.f!]).toBeClose([1], TOLERANCES.reference);

    const middle = circuitFromScores(graph, scores, { k: 0.2, select: 'absolute', method: 'greedy' });
    const alone = await faithfulness(model, pairs.slice(2), [middle]);
    expect(points[7]).toMatchObject({
      f: alone.f[0],
      values: alone.metrics.circuits[0],
      ...circuitSize(middle),
    });
    const stopped = faithfulnessCurves(source, graph, scores, 'eap', { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(/cancelled/);
  });

  test('what cannot be is refused in one line', async () => {
    const graph = edgeGraph(model.config);
    const scores = graph.nodes.map(() => 0);
    const curves = (options: object, source = pairSource(model, pairs)) =>
      faithfulnessCurves(source, graph, scores, 'none', options);
    await expect(curves({}, pairSource(model, []))).rejects.toThrow('expected at least one pair');
    await expect(faithfulness(model, [], [])).rejects.toThrow('expected at least one pair');
    await expect(curves({ level: 'heads' })).rejects.toThrow(
      'expected edges or nodes for level, got "heads"',
    );
    await expect(curves({ level: 'nodes', method: 'greedy' })).rejects.toThrow(
      'expected top_n for circuits of nodes',
    );
    await expect(curves({})).rejects.toThrow(/^expected \d+ scores for this graph, got \d+; .+$/);
  });

  test('nodes from components: heads as they are, neurons summed, the input without a score', () => {
    const { nLayers, nHeads, dMlp } = model.config;
    const heads = tensor(
      Float32Array.from({ length: nLayers * nHeads }, (_, i) => i + 1),
      [nLayers, nHeads],
    );
    const neurons = tensor(new Float32Array(nLayers * dMlp).fill(0.5), [nLayers, dMlp]);
    const found = nodeScoresOf(model.config, { heads, neurons });
    expect(Array.from(found.slice(0, nHeads + 3))).toEqual([
      Number.NaN,
      ...heads.data.subarray(0, nHeads),
      dMlp / 2,
      nHeads + 1,
    ]);
    expect(nodeScoresOf(model.config, { heads })[nHeads + 1]).toBeNaN();
  });
});

test('a D that is too small gives no f and no areas', async () => {
  const reference = readCase(SMALL_D);
  const model = await loadTiny(reference.folder);
  const graph = edgeGraph(model.config);
  const scores = new Float64Array(graph.nodes.length * graph.receivers.length);
  const pairs = pairSource(model, [pairOf(model, reference)]);
  const found = await faithfulnessCurves(pairs, graph, scores, 'none', { draws: 0, sizes: [0.5, 1] });
  expect(found.circuit).toMatchObject({ cpr: null, cmd: null });
  expect(found.circuit.points.map(({ f }) => f)).toEqual([null, null]);
  expect(found.random).toEqual([]);
  await model.dispose();
});

describe('the benchmark’s JSON', () => {
  const random = seededRandom(4);
  const SHAPES = {
    plain: { nLayers: 2, nHeads: 2, nKvHeads: 2, dModel: 8 },
    shared: { nLayers: 2, nHeads: 4, nKvHeads: 2, dModel: 8 },
  };
  const contentOf = (shape: (typeof SHAPES)['plain']) => {
    const graph = edgeGraph(shape);
    const scores = Float64Array.from(
      { length: graph.nodes.length * graph.receivers.length },
      () => random.below(1000) + 1,
    );
    const circuit = circuitFromScores(graph, scores, { k: 0.4 });
    return {
      graph,
      scores,
      circuit,
      nodeScores: graph.nodes.map((_, node) => (node === 0 ? Number.NaN : node / 4)),
    };
  };

  test('fields and names are those of the benchmark', () => {
    const { graph, scores, circuit, nodeScores } = contentOf(SHAPES.plain);
    const json = toMibJson(SHAPES.plain, { circuit, scores, nodeScores });
    expect(Object.keys(json)).toEqual(['cfg', 'nodes', 'edges']);
    expect(json.cfg).toEqual({ n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 8 });
    expect(Object.keys(json.nodes)).toEqual([
      'input',
      'a0.h0',
      'a0.h1',
      'm0',
      'a1.h0',
      'a1.h1',
      'm1',
      'logits',
    ]);
    expect(json.nodes['input']).not.toHaveProperty('score');
    expect(json.nodes['m0']).toMatchObject({ score: 0.75 });
    expect(json.nodes['logits']).toEqual({ in_graph: true });
    expect(Object.keys(json.edges)).toHaveLength(graph.size);
    for (const name of ['input->a0.h0<q>', 'a0.h1->m0', 'm0->a1.h1<v>', 'm1->logits']) {
      expect(Object.keys(json.edges[name]!)).toEqual(['score', 'in_graph']);
    }
    expect(Object.values(json.edges).filter((edge) => edge.in_graph)).toHaveLength(
      circuitSize(circuit).edges,
    );
  });

  test.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])('what is written is read back: %s', (name) => {
    const shape = SHAPES[name];
    const { graph, scores, circuit, nodeScores } = contentOf(shape);
    const json = JSON.parse(JSON.stringify(toMibJson(shape, { circuit, scores, nodeScores }))) as MibJson;
    const read = fromMibJson(shape, json);
    expect(read.circuit.edges).toEqual(circuit.edges);
    expect(read.nodeScores).toEqual(Float64Array.from(nodeScores));
    const real = circuitOfAll(graph.sources, graph.receivers.length, graph.nodes.length);
    expect(read.scores).toBeClose(
      scores.map((score, i) => (real[i] ? score : 0)),
      TOLERANCES.float64,
    );
    // A shared input stands there once for each head that is in: the weighted count.
    const count = Object.values(json.edges).filter((edge) => edge.in_graph).length;
    expect(count).toBe(circuitSize(circuit).weightedEdges);
  });

  test('scores alone: nothing is in the graph', () => {
    const { scores } = contentOf(SHAPES.plain);
    const json = toMibJson(SHAPES.plain, { scores });
    expect(Object.values(json.edges).some((edge) => edge.in_graph)).toBe(false);
    expect(fromMibJson(SHAPES.plain, json).circuit.asked).toBe(0);
  });

  test('another model’s file, missing and unknown edges are refused', () => {
    const json = toMibJson(SHAPES.plain, {});
    expect(() => fromMibJson(SHAPES.shared, json)).toThrow(
      'expected a circuit of 2 layers and 4 heads, got 2 and 2',
    );
    const { 'm1->logits': _, ...less } = json.edges;
    expect(() => fromMibJson(SHAPES.plain, { ...json, edges: less })).toThrow('expected an edge m1->logits');
    const more = { ...json.edges, 'm9->logits': { score: 0, in_graph: true } };
    expect(() => fromMibJson(SHAPES.plain, { ...json, edges: more })).toThrow('got m9->logits');
  });
});

/** Which places of [nodes, receivers] are edges. */
function circuitOfAll(sources: readonly number[], width: number, nodes: number): boolean[] {
  return Array.from(
    { length: nodes * width },
    (_, place) => Math.floor(place / width) < sources[place % width]!,
  );
}
