/**
 * Prune, edit, cut and gradient on graphs made at random, evaluated in float64.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutAfter, cutBefore, edit } from '../../src/compile/edit.ts';
import { gradient, splitGradient } from '../../src/compile/gradient.ts';
import { prune } from '../../src/compile/prune.ts';
import { type Graph, inputsOf, siteOf, type Value } from '../../src/graph/graph.ts';
import { printGraph } from '../../src/graph/print.ts';
import { Builder } from '../../src/ops/builder.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';
import { build, evaluate, type NdArray } from '../support/reference-ops.ts';

const ROWS = ['batch', 3] as const;
const SIZES = { batch: 2 };
const WEIGHTS = { w: draw([3, 3], new Random(5)) };

function draw(shape: readonly number[], random: Random): NdArray {
  return build(shape, () => random.normal() / 2);
}

const run = (graph: Graph, inputs: Record<string, NdArray>) =>
  evaluate(graph, { inputs, weights: WEIGHTS, sizes: SIZES });

/** One op more: which, and which of the values so far it reads. */
type Move = readonly [op: number, first: number, second: number];

const MOVES: readonly ((b: Builder, x: Value, y: Value) => Value)[] = [
  (b, x, y) => b.add(x, y),
  (b, x, y) => b.sub(x, y),
  (b, x, y) => b.mul(x, y),
  (b, x) => b.unary('tanh', x),
  (b, x) => b.unary('gelu_tanh', x),
  (b, x) => b.unary('sigmoid', x),
  (b, x) => b.matmul(x, b.weight('w', [3, 3])),
  (b, x) => b.softmax(x),
  (b, x) => b.norm(x, b.normScale(x, 'layer', 0.1), 'layer'),
  (b, x, y) => b.mul(x, b.sum(y, [1], true)),
];

/** A graph from x to `out`, every value on the way under the name `s<number>`. */
function randomGraph(moves: readonly Move[]): Graph {
  const b = new Builder();
  const values = [b.hook('s0', b.input('x', ROWS))];
  for (const [op, first, second] of moves) {
    const pick = (n: number) => values[n % values.length]!;
    const value = MOVES[op % MOVES.length]!(b, pick(first), pick(second));
    values.push(b.hook(`s${values.length}`, value));
  }
  return b.build({ out: values.at(-1)! });
}

const moves = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 });
/** A random graph, one of its sites, and a seed for its inputs. */
const graphs = fc.tuple(moves, fc.nat(), fc.nat({ max: 1e6 })).map(([list, site, seed]) => ({
  graph: randomGraph(list),
  site: `s${site % (list.length + 1)}`,
  random: new Random(seed),
}));

describe('prune', () => {
  test('changes no output and keeps nothing that none needs', () => {
    fc.assert(
      fc.property(graphs, ({ graph, site, random }) => {
        const x = draw([2, 3], random);
        const captured = prune(graph, new Map([...graph.outputs, ['captured', siteOf(graph, site)]]));
        expect(run(captured, { x }).out).toEqual(run(graph, { x }).out);
        expect(run(captured, { x }).captured).toEqual(run(cutBefore(graph, site, 'value'), { x }).value);
        const read = new Set([
          ...captured.outputs.values(),
          ...captured.nodes.flatMap(({ inputs }) => inputs),
        ]);
        expect(read.size).toBe(captured.nodes.length);
      }),
    );
  });

  test('forgets sites that go, and inputs that nobody reads', () => {
    const b = new Builder();
    const kept = b.hook('kept', b.unary('exp', b.input('x', ROWS)));
    b.hook('gone', b.unary('tanh', b.input('y', ROWS)));
    const graph = prune(b.build({ out: kept }));
    expect([...graph.sites.keys()]).toEqual(['kept']);
    expect(inputsOf(graph).map(({ name }) => name)).toEqual(['x']);
  });
});

describe('edit', () => {
  test('with the value itself changes nothing, not even the text of the graph', () => {
    fc.assert(
      fc.property(graphs, ({ graph, site }) => {
        expect(printGraph(edit(graph, site, (_b, value) => value))).toBe(printGraph(graph));
      }),
    );
  });

  test('replaces the value for everything behind it, and nothing before', () => {
    const b = new Builder();
    const x = b.hook('x', b.input('x', ROWS));
    const before = b.hook('before', b.scale(x, 2));
    const site = b.hook('site', b.add(before, x));
    const graph = b.build({ behind: b.mul(site, before), before });
    const edited = edit(graph, 'site', (builder, value) => builder.scale(value, 10));
    const one = build([2, 3], () => 1);
    expect(run(graph, { x: one }).behind!.data[0]).toBe(6);
    expect(run(edited, { x: one }).behind!.data[0]).toBe(60);
    expect(run(edited, { x: one }).before!.data[0]).toBe(2);
  });

  test('takes the name along, so that a second edit builds on the first', () => {
    const b = new Builder();
    const graph = b.build({ out: b.unary('neg', b.hook('site', b.unary('identity', b.input('x', ROWS)))) });
    const plusOne = (g: Graph): Graph => edit(g, 'site', (builder, v) => builder.add(v, builder.constant(1)));
    const doubled = edit(plusOne(graph), 'site', (builder, v) => builder.scale(v, 2));
    const x = build([2, 3], () => 4);
    expect(run(doubled, { x }).out!.data[0]).toBe(-10);
    expect(run(plusOne(doubled), { x }).out!.data[0]).toBe(-11);
    expect(run(cutBefore(doubled, 'site', 'value'), { x }).value!.data[0]).toBe(10);
  });

  test('refuses a site that is not there', () => {
    const graph = randomGraph([[0, 0, 0]]);
    expect(() => edit(graph, 'nowhere', (_b, value) => value)).toThrow(/unknown site: nowhere/);
  });
});

describe('cut', () => {
  test('in two gives parts that compose to the whole', () => {
    fc.assert(
      fc.property(graphs, ({ graph, site, random }) => {
        const x = draw([2, 3], random);
        const { value } = run(cutBefore(graph, site, 'value'), { x });
        expect(run(cutAfter(graph, site, 'cut'), { x, cut: value! }).out).toEqual(run(graph, { x }).out);
      }),
    );
  });

  test('needs nothing that only fed the cut value', () => {
    const b = new Builder();
    const site = b.hook('site', b.unary('exp', b.input('x', ROWS)));
    const behind = cutAfter(b.build({ out: b.mul(site, b.input('y', ROWS)) }), 'site', 'cut');
    expect(
      inputsOf(behind)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['cut', 'y']);
  });
});

/** d <g, out> / d x as a graph of x and g. */
function backward(graph: Graph, output: string, input: string): Graph {
  const x = graph.nodes.findIndex((node) => node.op === 'input' && node.params.name === input);
  return gradient(graph, { from: new Map([[output, 'g']]), to: new Map([['dx', x]]) });
}

describe('gradient', () => {
  test('is the slope of the output, for any composition of ops', () => {
    fc.assert(
      fc.property(graphs, ({ graph, random }) => {
        const [x, g, direction] = [draw([2, 3], random), draw([2, 3], random), draw([2, 3], random)];
        const { dx } = run(backward(graph, 'out', 'x'), { x, g });
        const h = 1e-5;
        const weighted = (step: number): number => {
          const moved = { shape: x.shape, data: x.data.map((value, i) => value + step * direction.data[i]!) };
          return run(graph, { x: moved }).out!.data.reduce((sum, value, i) => sum + value * g.data[i]!, 0);
        };
        const slope = (weighted(h) - weighted(-h)) / (2 * h);
        const along = dx!.data.reduce((sum, value, i) => sum + value * direction.data[i]!, 0);
        expect([along]).toBeClose([slope], TOLERANCES.exactDifference);
      }),
    );
  });

  test('of two parts one after the other is that of the whole', () => {
    fc.assert(
      fc.property(graphs, ({ graph, site, random }) => {
        // A chain: only what goes through the site, so that the parts meet nowhere else.
        const [x, g] = [draw([2, 3], random), draw([2, 3], random)];
        const first = cutBefore(graph, site, 'value');
        const second = edit(
          randomGraph([
            [3, 0, 0],
            [8, 1, 0],
            [0, 2, 1],
          ]),
          's0',
          (_b, v) => v,
        );
        const b = Builder.from(first);
        const link = first.outputs.get('value')!;
        const composed = append(b, second, link);
        const { value } = run(first, { x });
        const { dx: middle } = run(backward(second, 'out', 'x'), { x: value!, g });
        const { dx: parts } = run(backward(first, 'value', 'x'), { x, g: middle! });
        const { dx: whole } = run(backward(composed, 'out', 'x'), { x, g });
        expect(parts!).toBeClose(whole!, TOLERANCES.float64);
      }),
    );
  });

  test('with respect to a value in the middle holds what came before it', () => {
    const b = new Builder();
    const x = b.input('x', ROWS);
    const middle = b.hook('middle', b.scale(x, 3));
    const graph = b.build({ out: b.mul(b.mul(middle, middle), x) });
    const toMiddle = gradient(graph, { from: new Map([['out', 'g']]), to: new Map([['d', middle]]) });
    const two = build([2, 3], () => 2);
    const one = build([2, 3], () => 1);
    // d (m^2 x) / d m = 2 m x = 2 * 6 * 2, x held
    expect(run(toMiddle, { x: two, g: one }).d).toEqual(build([2, 3], () => 24));
  });

  test('is zeros, in the right shape, for a value that the output does not read', () => {
    const b = new Builder();
    const [x, y] = [b.input('x', ROWS), b.input('y', ['batch', 5])];
    const graph = b.build({ out: b.unary('exp', x) });
    const both = gradient(graph, { from: new Map([['out', 'g']]), to: new Map([['dy', y]]) });
    expect(run(both, { y: build([2, 5], () => 1), g: build([2, 3], () => 1) }).dy).toEqual(
      build([2, 5], () => 0),
    );
  });

  test('adds up over outputs and over the ways through the graph', () => {
    const b = new Builder();
    const x = b.input('x', ROWS);
    const graph = b.build({ twice: b.add(x, x), square: b.mul(x, x) });
    const request = {
      from: new Map([
        ['twice', 'g1'],
        ['square', 'g2'],
      ]),
      to: new Map([['dx', x]]),
    };
    const inputs = { x: build([2, 3], () => 5), g1: build([2, 3], () => 1), g2: build([2, 3], () => 10) };
    expect(run(gradient(graph, request), inputs).dx).toEqual(build([2, 3], () => 2 + 100));
  });

  test('refuses an output that the graph does not have', () => {
    const b = new Builder();
    const x = b.input('x', ROWS);
    const graph = b.build({ out: b.unary('exp', x) });
    const request = { from: new Map([['nothing', 'g']]), to: new Map([['dx', x]]) };
    expect(() => gradient(graph, request)).toThrow(/unknown output: nothing/);
  });

  test('split in two halves gives the same, and computes nothing again', () => {
    fc.assert(
      fc.property(graphs, ({ graph, random }) => {
        const request = { from: new Map([['out', 'g']]), to: new Map([['dx', siteOf(graph, 's0')]]) };
        const [x, g] = [draw([2, 3], random), draw([2, 3], random)];
        const { forward, backward: back } = splitGradient(graph, request);
        const { out, ...saved } = run(forward, { x });
        expect(out).toEqual(run(graph, { x }).out);
        const whole = run(gradient(graph, request), { x, g });
        expect(run(back, { x, g, ...saved }).dx!).toBeClose(whole.dx!, TOLERANCES.float64);
        const again = back.nodes.filter(({ op }) => op === 'gelu_tanh' || op === 'softmax' || op === 'norm');
        expect(again).toEqual([]);
      }),
    );
  });
});

/** Puts a graph of one input behind a value of a builder. */
function append(b: Builder, graph: Graph, link: Value): Graph {
  const moved: Value[] = [];
  for (const node of graph.nodes) {
    moved.push(
      node.op === 'input'
        ? link
        : b.emit(
            node.op,
            node.inputs.map((input) => moved[input]!),
            node.params,
            node.dims,
          ),
    );
  }
  return b.build({ out: moved[graph.outputs.get('out')!]! });
}
