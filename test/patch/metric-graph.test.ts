/**
 * Each metric's graph against its definition on plain rows, in float64 and on the engine, and its gradient against
 * finite differences.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gradient } from '../../src/compile/gradient.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Builder } from '../../src/ops/builder.ts';
import { logitsOf, METRIC, metricFeeds, metricKey, withMetric } from '../../src/patch/metric-graph.ts';
import type { Engine } from '../../src/runtime/engine.ts';
import { createNodeEngine } from '../../src/runtime/node.ts';
import {
  evaluateMetric,
  klDivergence,
  logitDifference,
  logProbability,
  type Metric,
  setDifference,
} from '../../src/tasks/metric.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { build, evaluate, type NdArray } from '../support/reference-ops.ts';
import { runner } from '../support/run-graph.ts';

/** F of logits [batch, tokens], whose columns are those that the metric reads; the input is `logits`. */
function graphOf(metric: Metric, vocabulary: number): Graph {
  const b = new Builder();
  const columns = logitsOf(metric).tokens?.length ?? vocabulary;
  return withMetric(b.build({ logits: b.input('logits', ['batch', columns]) }), metric);
}

/** What the graph reads of whole rows [batch, vocabulary]. */
function inputsOf(metric: Metric, rows: NdArray): Record<string, NdArray> {
  const [batch, vocabulary] = rows.shape as [number, number];
  const tokens = logitsOf(metric).tokens;
  const logits = tokens
    ? build([batch, tokens.length], ([row, column]) => rows.data[row! * vocabulary + tokens[column!]!]!)
    : rows;
  const fed = Object.entries(metricFeeds(metric, vocabulary)).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float64Array.from(data) },
  ]);
  return { logits, ...(Object.fromEntries(fed) as Record<string, NdArray>) };
}

const rowOf = ({ shape, data }: NdArray, row: number) =>
  data.subarray(row * shape[1]!, (row + 1) * shape[1]!);

function drawRows(batch: number, vocabulary: number, scale: number, seed: number): NdArray {
  const random = new Random(seed);
  return build([batch, vocabulary], () => Math.fround(scale * random.normal()));
}

/** One metric of each form, with sets drawn from the vocabulary. */
function metricsFor(vocabulary: number, seed: number): Metric[] {
  const random = new Random(seed);
  const tokens = Array.from({ length: vocabulary }, (_, i) => i).sort(() => random.uniform() - 0.5);
  const split = 1 + random.below(vocabulary - 1);
  const end = split + 1 + random.below(vocabulary - split);
  const [positive, negative] = [tokens.slice(0, split), tokens.slice(split, end)];
  return [
    logitDifference(tokens[0]!, tokens[1]!),
    setDifference('logit', positive, negative),
    setDifference('probability', positive, negative),
    logProbability(tokens[0]!),
    klDivergence(rowOf(drawRows(1, vocabulary, 2, seed + 1), 0)),
  ];
}

/** Rows, and a seed for the metrics on them. */
const cases = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  vocabulary: fc.integer({ min: 2, max: 40 }),
  scale: fc.constantFrom(0.1, 3, 30),
  seed: fc.nat({ max: 1e6 }),
});

test('gives what the definition gives, for every metric, vocabulary and set', () => {
  fc.assert(
    fc.property(cases, ({ batch, vocabulary, scale, seed }) => {
      const rows = drawRows(batch, vocabulary, scale, seed);
      for (const metric of metricsFor(vocabulary, seed)) {
        const found = evaluate(graphOf(metric, vocabulary), {
          inputs: inputsOf(metric, rows),
          sizes: { batch },
        })[METRIC]!;
        const expected = Array.from({ length: batch }, (_, row) => evaluateMetric(metric, rowOf(rows, row)));
        // A reference of float32 sums to 1 within its rounding.
        const atol = metric.name === 'kl_divergence' ? 1e-6 * (1 + scale) : 1e-11;
        expect(found.data, metricKey(metric)).toBeClose(expected, { atol });
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('has the gradient that finite differences have', () => {
  fc.assert(
    fc.property(cases, ({ batch, vocabulary, seed }) => {
      const rows = drawRows(batch, vocabulary, 1.5, seed);
      for (const metric of metricsFor(vocabulary, seed)) {
        const graph = graphOf(metric, vocabulary);
        const logits = graph.nodes.findIndex((node) => node.op === 'input' && node.params.name === 'logits');
        const back = gradient(graph, {
          from: new Map([[METRIC, 'cotangent']]),
          to: new Map([['slope', logits]]),
        });
        const inputs = inputsOf(metric, rows);
        const cotangent = build([batch], () => 1);
        const { slope } = evaluate(back, { inputs: { ...inputs, cotangent }, sizes: { batch } });
        const at = (i: number, by: number): number => {
          const moved = {
            ...inputs.logits!,
            data: inputs.logits!.data.with(i, inputs.logits!.data[i]! + by),
          };
          const all = evaluate(graph, { inputs: { ...inputs, logits: moved }, sizes: { batch } })[METRIC]!;
          return all.data.reduce((sum, value) => sum + value, 0);
        };
        const step = 1e-4;
        const expected = inputs.logits!.data.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
        expect(slope!.data, metricKey(metric)).toBeClose(expected, TOLERANCES.exactDifference);
      }
    }),
    { seed: 2, numRuns: 20 },
  );
});

describe('on the engine', () => {
  let engine: Engine;
  beforeAll(() => {
    engine = createNodeEngine({ threads: 2 });
  });
  afterAll(() => engine.dispose());

  // Narrower than one of ONNX Runtime's vectors, and wider than its blocks; no multiple of either.
  const [narrow, vocabulary, seed] = [7, 1237, 6];
  const all = [narrow, vocabulary].flatMap((size) =>
    metricsFor(size, seed).map((metric) => ({ title: `${metricKey(metric)} of ${size}`, size, metric })),
  );

  test.each(all)(
    '$title: close to the definition, rows alone as in a batch, bit for bit',
    async ({ size, metric }) => {
      const run = await runner(engine, graphOf(metric, size));
      const rows = drawRows(35, size, 8, seed);
      const { [METRIC]: found } = await run(inputsOf(metric, rows));
      const expected = Array.from({ length: 35 }, (_, row) => evaluateMetric(metric, rowOf(rows, row)));
      // Rounding is that of the logits, whatever their difference.
      expect(found!.data).toBeClose(expected, { rtol: 2e-6, atol: 2e-5 });
      for (const batch of [1, 2, 3, 5, 7]) {
        for (let start = 0; start + batch <= 35; start += batch) {
          const part = {
            shape: [batch, size],
            data: rows.data.subarray(start * size, (start + batch) * size),
          };
          const { [METRIC]: apart } = await run(inputsOf(metric, part));
          expect(apart!.data).toEqual(found!.data.subarray(start, start + batch));
        }
      }
    },
  );

  test.each([-1e4, 1e4])('stays finite for logits around %d', async (offset) => {
    const rows = drawRows(2, vocabulary, 40, seed);
    rows.data.forEach((value, i) => (rows.data[i] = Math.fround(value + offset)));
    for (const metric of metricsFor(vocabulary, seed)) {
      const { [METRIC]: found } = await (await runner(engine, graphOf(metric, vocabulary)))(
        inputsOf(metric, rows),
      );
      const expected = [0, 1].map((row) => evaluateMetric(metric, rowOf(rows, row)));
      expect(found!.data, metricKey(metric)).toBeClose(expected, { atol: 1e-2 });
    }
  });
});

describe('keys', () => {
  test('leave out what is an input, and tell apart what is not', () => {
    const long = Array.from({ length: 50 }, (_, i) => i);
    const key = (positive: number[], scale: 'logit' | 'probability' = 'logit') =>
      metricKey(setDifference(scale, positive, [99]));
    expect(key([1, 2])).not.toBe(key([1, 3]));
    expect(key([1, 2])).not.toBe(metricKey(setDifference('logit', [1], [2, 99])));
    expect(key(long)).not.toBe(key(long.with(3, 77)));
    expect(key(long)).not.toBe(key([...long].reverse()));
    expect(key(long).length).toBeLessThan(80);
    expect(key([1, 2], 'probability')).toBe(key([1, 3], 'probability'));
    expect(metricKey(logProbability(3))).toBe(metricKey(logProbability(4)));
  });
});
