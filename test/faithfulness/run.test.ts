/**
 * F of circuits against TransformerLens (reference/circuits.py), and what holds whatever the model: everything in is the clean
 * run, nothing in the corrupted one, and pruning changes no run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edgeGraph } from '../../src/attribution/edges/edge-graph.ts';
import { patchEdges } from '../../src/attribution/edges/edge-sets.ts';
import { complementOf, type EdgeCircuit, pruned, wholeGraph } from '../../src/faithfulness/circuit.ts';
import { faithfulness, mean } from '../../src/faithfulness/faithfulness.ts';
import { circuitFromNodeScores, circuitFromScores } from '../../src/faithfulness/nested.ts';
import { circuitMetrics, pairSource } from '../../src/faithfulness/run.ts';
import { ablate } from '../../src/mediation/ablation.ts';
import type { Model } from '../../src/patch/model.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import { seededRandom } from '../../src/stats/random.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { rows } from '../../src/tensor/tensor.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

describe.each(['gpt2-plain', 'gpt2-odd', 'gpt2-last', 'llama-gqa'])('%s', (name) => {
  const reference = readCase(name, 'circuits.safetensors');
  const inside = reference.expected('in');
  const count = inside.shape[0]!;
  let model: Model;

  beforeAll(async () => {
    model = await loadTiny(reference.folder);
  });
  afterAll(() => model.dispose());

  /** The circuits of the reference, as they are. */
  function drawn(): EdgeCircuit[] {
    const graph = edgeGraph(model.config);
    return Array.from({ length: count }, (_, i) => ({
      graph,
      edges: Uint8Array.from(rows(inside, i, i + 1).data),
      asked: 0,
    }));
  }

  test.each(DIRECTIONS)('circuits run as in the reference, %s', async (direction) => {
    const width = edgeGraph(model.config).receivers.length;
    const outside = drawn().map(
      ({ edges }) =>
        (node: number, receiver: number) =>
          edges[node * width + receiver] === 0,
    );
    const found = await withPair(model, pairOf(model, reference), ({ chain, runs }) => {
      const { base, other } = baseAndOther(runs, direction);
      return patchEdges(chain, base, other, outside);
    });
    expect(found).toBeClose(reference.expected(`${direction}.f`), TOLERANCES.reference);
  });

  test('everything in is the clean run, nothing in the corrupted one', async () => {
    const graph = edgeGraph(model.config);
    const whole = wholeGraph(graph);
    const { f, metrics } = await faithfulness(
      model,
      [pairOf(model, reference)],
      [whole, complementOf(whole)],
    );
    expect(metrics.circuits.flat()).toBeClose([...metrics.clean, ...metrics.corrupted], TOLERANCES.reference);
    expect(f).toBeClose([1, 0], TOLERANCES.reference);
  });

  test('pruning changes no run', async () => {
    const circuits = drawn();
    const less = circuits.map((each) => ({ ...each, edges: pruned(each.graph, each.edges) }));
    const sizes = (all: readonly EdgeCircuit[]) => all.map(({ edges }) => edges.reduce((a, b) => a + b, 0));
    expect(sizes(less)).not.toEqual(sizes(circuits));
    const { metrics } = await faithfulness(model, [pairOf(model, reference)], [...circuits, ...less]);
    const values = metrics.circuits.flat();
    expect(values.slice(count)).toBeClose(values.slice(0, count), TOLERANCES.reference);
  });

  test('a circuit of nodes: the others have their values of the corrupted run', async () => {
    const graph = edgeGraph(model.config);
    const random = seededRandom(5);
    const scores = graph.nodes.map(() => random.below(1000));
    const circuit = circuitFromNodeScores(graph, scores, { k: 0.6 });
    const order = graph.nodes.map((_, node) => node).filter((node) => node > 0);
    const out = order.toSorted((a, b) => scores[b]! - scores[a]! || a - b).slice(circuit.asked);
    const heads = out.flatMap((node): [number, number][] => {
      const { kind, ...rest } = graph.nodes[node]!;
      return kind === 'head' && 'head' in rest ? [[rest.layer, rest.head]] : [];
    });
    const neurons = out.flatMap((node): [number, number][] => {
      const found = graph.nodes[node]!;
      if (found.kind !== 'mlp') return [];
      return Array.from({ length: model.config.dMlp }, (_, neuron) => [found.layer, neuron]);
    });
    const pair = pairOf(model, reference);
    const ablated = await ablate(model, pair, { heads, neurons }, { value: 'other' });
    const { metrics } = await faithfulness(model, [pair], [circuit]);
    expect(metrics.circuits[0]).toBeClose([ablated.metric], TOLERANCES.reference);
  });

  test('f of two pairs is a ratio of means; circuits run alike alone and together', async () => {
    const one = pairOf(model, reference);
    const reversed = pairFromIds(model.config, {
      ...reference.pair,
      clean: reference.pair.corrupted,
      corrupted: reference.pair.clean,
    });
    const graph = edgeGraph(model.config);
    const scores = inside.data.subarray(0, graph.nodes.length * graph.receivers.length);
    const circuits = [0.3, 0.7].map((k) => circuitFromScores(graph, scores, { k }));
    const pairs = [one, one, reversed];
    const { f, metrics } = await faithfulness(model, pairs, circuits);
    const d = mean(metrics.clean) - mean(metrics.corrupted);
    circuits.forEach((_, i) => {
      expect(f[i]).toBe((mean(metrics.circuits[i]!) - mean(metrics.corrupted)) / d);
    });
    const alone = await circuitMetrics(pairSource(model, [reversed]), circuits.slice(1));
    expect(alone.circuits[0]![0]).toBe(metrics.circuits[1]![2]);
  });

  test('pairs of several shapes come back in the order of the list, each as alone; any metric serves', async () => {
    const { pair: ids, metric } = reference;
    const long = pairOf(model, reference);
    // One token more, the same in both.
    const longer = pairFromIds(model.config, {
      ...ids,
      clean: [...ids.clean, ids.clean[0]!],
      corrupted: [...ids.corrupted, ids.clean[0]!],
    });
    const sets = {
      name: 'set_difference',
      scale: 'probability',
      positive: [ids.answer],
      negative: [ids.wrong],
    } as const;
    const pairs = [long, longer, { ...long, metric: sets }, { ...longer, metric }];
    const whole = wholeGraph(edgeGraph(model.config));
    const circuits = [whole, ...drawn().slice(0, 3), complementOf(whole), whole];
    const together = await circuitMetrics(pairSource(model, pairs), circuits);
    for (const [i, pair] of pairs.entries()) {
      const alone = await circuitMetrics(pairSource(model, [pair]), circuits);
      const column = together.circuits.map((row) => row[i]!);
      expect(column).toEqual(alone.circuits.map((row) => row[0]!));
      const { 0: clean, 4: corrupted, 5: again } = column;
      const scale = Math.abs(together.clean[i]!) + Math.abs(together.corrupted[i]!);
      expect([clean! / scale, corrupted! / scale]).toBeClose(
        [together.clean[i]! / scale, together.corrupted[i]! / scale],
        TOLERANCES.reference,
      );
      expect(again).toBe(clean);
    }
    expect(together.circuits.map((row) => row[1])).toEqual(together.circuits.map((row) => row[3]));
  });
});
