import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradient } from '../../src/compile/gradient.ts';
import type { Dims } from '../../src/graph/graph.ts';
import { broadcast } from '../../src/ops/broadcast.ts';
import { Builder } from '../../src/ops/builder.ts';
import { shapeOf } from '../../src/ops/index.ts';
import { broadcastShape, build, evaluate, sizeOfShape } from '../support/reference-ops.ts';

describe('the builder', () => {
  const ROWS: Dims = ['batch', 'pos', 4];
  const bad: [what: string, apply: (b: Builder) => unknown, message: RegExp][] = [
    [
      'sizes that do not broadcast',
      (b) => b.add(b.input('x', [3]), b.input('y', [4])),
      /dims 3 and 4 do not broadcast/,
    ],
    [
      'names that do not broadcast',
      (b) => b.mul(b.input('x', ['pos']), b.input('y', ['batch'])),
      /pos and batch/,
    ],
    ['a name against a size', (b) => b.sub(b.input('x', ['pos']), b.input('y', [4])), /pos and 4/],
    [
      'a mask that does not broadcast',
      (b) => b.where(b.input('m', [3]), b.input('x', [4]), b.constant(0)),
      /do not broadcast/,
    ],
    [
      'inner sizes of a product',
      (b) => b.matmul(b.input('x', ROWS), b.input('w', [5, 4])),
      /matmul of \[batch, pos, 4\] and \[5, 4\]/,
    ],
    [
      'inner sizes of a transposed product',
      (b) => b.matmul(b.input('x', ROWS), b.input('w', [4, 5]), true),
      /transposed/,
    ],
    ['a product of vectors', (b) => b.matmul(b.input('x', [4]), b.input('w', [4, 5])), /matmul/],
    [
      'leading axes of a product',
      (b) => b.matmul(b.input('x', [2, 3, 4]), b.input('w', [5, 4, 2])),
      /do not broadcast/,
    ],
    ['a reshape to another size', (b) => b.reshape(b.input('x', [2, 6]), [5, 2]), /changes the size/],
    ['a slice of a named axis', (b) => b.slice(b.input('x', ROWS), 1, 0, 1), /known size, got pos/],
    ['a slice past the end', (b) => b.slice(b.input('x', ROWS), 2, 2, 5), /slice 2 to 5 of an axis of 4/],
    ['an empty slice', (b) => b.slice(b.input('x', ROWS), 2, 2, 2), /slice 2 to 2/],
    ['a pad of a named axis', (b) => b.pad(b.input('x', ROWS), 0, 1, 0), /known size, got batch/],
    [
      'a concat along a named axis',
      (b) => b.concat([b.input('x', ROWS), b.input('y', ROWS)], 1),
      /known size, got pos/,
    ],
    [
      'a concat of unequal parts',
      (b) => b.concat([b.input('x', [2, 3]), b.input('y', [2, 4])], 0),
      /concat of dims 3 and 4/,
    ],
    [
      'an expansion that shrinks',
      (b) => b.expandLike(b.input('x', [2, 3]), b.input('y', [3])),
      /does not expand/,
    ],
    ['a value of another builder', (b) => b.unary('exp', 99), /unknown value: %99/],
    ['a leaf without dims', (b) => b.emit('input', [], { name: 'x' }), /input needs its dims/],
  ];
  test.each(bad)('refuses %s', (_what, apply, message) => {
    const attempt = () => apply(new Builder());
    expect(attempt).toThrow(RangeError);
    expect(attempt).toThrow(message);
  });

  test('builds equal nodes once, and those that differ in anything apart', () => {
    const b = new Builder();
    const [x, y] = [b.input('x', ROWS), b.input('y', ROWS)];
    expect(b.add(x, y)).toBe(b.add(x, y));
    expect(b.constant(2)).toBe(b.constant(2));
    expect(b.weight('w', [4, 4])).toBe(b.weight('w', [4, 4]));
    expect(b.input('x', ROWS)).toBe(x);
    expect(b.add(y, x)).not.toBe(b.add(x, y));
    expect(b.constant(3)).not.toBe(b.constant(2));
    expect(b.slice(x, 2, 0, 2)).not.toBe(b.slice(x, 2, 0, 3));
    expect(b.weight('w', [1, 4], [2])).not.toBe(b.weight('w', [4, 4]));
    expect(b.sum(x, [1], true)).not.toBe(b.sum(x, [1]));
  });

  test('never shares an identity: it is there to be distinct', () => {
    const b = new Builder();
    const x = b.input('x', ROWS);
    expect(b.unary('identity', x)).not.toBe(b.unary('identity', x));
  });

  test('gives each hook name a value of its own', () => {
    const b = new Builder();
    const x = b.input('x', ROWS);
    expect(b.hook('first', x)).toBe(x);
    const second = b.hook('second', x);
    expect(second).not.toBe(x);
    expect(b.node(second)).toMatchObject({ op: 'identity', inputs: [x], dims: ROWS });
    const graph = b.build({ out: b.hook('third', second) });
    expect(new Set(graph.sites.values()).size).toBe(3);
  });

  test('goes on from a graph: the same nodes, the same sites', () => {
    const b = new Builder();
    const y = b.hook('y', b.unary('exp', b.input('x', ROWS)));
    const graph = b.build({ y });
    const again = Builder.from(graph);
    expect(again.unary('exp', 0)).toBe(y);
    expect(again.build({ y })).toEqual(graph);
  });
});

/** A shape and another that broadcasts with it: some axes 1, some leading axes gone. */
const broadcastable = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).chain((shape) => {
  const stretched = fc.tuple(fc.nat({ max: shape.length }), ...shape.map(() => fc.boolean()));
  const side = stretched.map(([from, ...ones]) =>
    shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(from),
  );
  return fc.tuple(side, side);
});

describe('broadcasting', () => {
  test('is what numpy does, from either side', () => {
    fc.assert(
      fc.property(broadcastable, ([a, b]) => {
        expect(broadcast(a, b)).toEqual(broadcastShape(a, b));
        expect(broadcast(b, a)).toEqual(broadcastShape(a, b));
      }),
    );
  });

  test('sums gradients back to the dims of each operand', () => {
    fc.assert(
      fc.property(broadcastable, ([left, right]) => {
        const b = new Builder();
        const [x, y] = [b.input('x', left), b.input('y', right)];
        const graph = b.build({ out: b.add(x, y) });
        const to = new Map([
          ['dx', x],
          ['dy', y],
        ]);
        const shape = broadcastShape(left, right);
        const g = build(shape, () => 1);
        const inputs = { x: build(left, () => 0), y: build(right, () => 0), g };
        const { dx, dy } = evaluate(gradient(graph, { from: new Map([['out', 'g']]), to }), { inputs });
        // Each element of an operand was read so many times.
        for (const [found, operand] of [
          [dx!, left],
          [dy!, right],
        ] as const) {
          const times = sizeOfShape(shape) / sizeOfShape(operand);
          // An operand that is not read apart, x + x, gathers both.
          const both = x === y ? 2 : 1;
          expect(found).toEqual(build(operand, () => both * times));
        }
      }),
    );
  });

  test('of a name goes with the same name or 1 alone', () => {
    const dim = fc.constantFrom<string | number>('batch', 'pos', 1, 2, 3);
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        const fits = a === b || a === 1 || b === 1;
        if (fits) expect(broadcast([a], [b])).toEqual([a === 1 ? b : a]);
        else expect(() => broadcast([a], [b])).toThrow(RangeError);
      }),
    );
  });
});

describe('reshape', () => {
  const factored = fc.array(fc.constantFrom(1, 2, 3, 4), { maxLength: 4 });
  const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

  test('takes exactly the shapes of the same size', () => {
    fc.assert(
      fc.property(factored, factored, (from, to) => {
        const reshaped = () => shapeOf('reshape', [from], { dims: to });
        if (size(from) === size(to)) expect(reshaped()).toEqual(to);
        else expect(reshaped).toThrow(/changes the size/);
      }),
    );
  });

  test('keeps the order of elements, forward and back', () => {
    const pairs = fc.tuple(factored, fc.infiniteStream(fc.nat())).map(([to, picks]) => {
      // The same factors in another order, and joined in places.
      const rest = [...to];
      const from: number[] = [];
      while (rest.length > 0) {
        const [factor] = rest.splice(picks.next().value! % rest.length, 1);
        if (from.length > 0 && picks.next().value! % 3 === 0) from[from.length - 1]! *= factor!;
        else from.push(factor!);
      }
      return { from, to };
    });
    fc.assert(
      fc.property(pairs, ({ from, to }) => {
        const b = new Builder();
        const x = b.input('x', from);
        const graph = b.build({ out: b.reshape(x, to) });
        let next = 0;
        const counted = (shape: readonly number[]) => build(shape, () => next++);
        const backward = gradient(graph, { from: new Map([['out', 'g']]), to: new Map([['dx', x]]) });
        const g = counted(to);
        const { dx } = evaluate(backward, { inputs: { g } });
        expect(dx).toEqual({ shape: from, data: g.data });
      }),
    );
  });
});
