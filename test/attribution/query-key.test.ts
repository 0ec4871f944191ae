/**
 * The corrected change of a head's vector against plain softmax, one node patched at a time.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Attended, correctedChange } from '../../src/attribution/query-key.ts';
import { tensor, type Tensor, zeros } from '../../src/tensor/tensor.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';

interface Shape {
  readonly positions: number;
  readonly past: number;
  readonly kvHeads: number;
  readonly group: number;
  readonly width: number;
  readonly seed: number;
  /** Standard deviation of queries and keys: attention is hard where it is large. */
  readonly sharpness: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  positions: fc.integer({ min: 1, max: 5 }),
  past: fc.integer({ min: 0, max: 3 }),
  kvHeads: fc.integer({ min: 1, max: 2 }),
  group: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
  sharpness: fc.constantFrom(0.3, 1, 8, 40),
});

/** Two runs that agree before the suffix. */
function runsOf({ positions, past, kvHeads, group, width, seed, sharpness }: Shape): [Attended, Attended] {
  const random = new Random(seed);
  const normal = (shape: number[], scale: number): Tensor => {
    const t = zeros(shape);
    for (let i = 0; i < t.data.length; i++) t.data[i] = scale * random.normal();
    return t;
  };
  const run = (): Attended => ({
    q: normal([positions, kvHeads * group, width], sharpness),
    k: normal([past + positions, kvHeads, width], sharpness),
    v: normal([past + positions, kvHeads, width], 1),
  });
  const [base, other] = [run(), run()];
  const shared = past * kvHeads * width;
  other.k.data.set(base.k.data.subarray(0, shared));
  other.v.data.set(base.v.data.subarray(0, shared));
  return [base, other];
}

/** z of one run: plain causal attention. */
function attend({ q, k, v }: Attended): Float64Array {
  const [positions, heads, width] = q.shape as [number, number, number];
  const [tokens, kvHeads] = k.shape as [number, number];
  const z = new Float64Array(q.data.length);
  for (let i = 0; i < positions; i++) {
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor((h * kvHeads) / heads);
      const scores = Array.from({ length: tokens - positions + i + 1 }, (_, t) => {
        let sum = 0;
        for (let d = 0; d < width; d++)
          sum += q.data[(i * heads + h) * width + d]! * k.data[(t * kvHeads + kv) * width + d]!;
        return sum / Math.sqrt(width);
      });
      const top = Math.max(...scores);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      scores.forEach((score, t) => {
        for (let d = 0; d < width; d++)
          z[(i * heads + h) * width + d]! +=
            (Math.exp(score - top) / total) * v.data[(t * kvHeads + kv) * width + d]!;
      });
    }
  }
  return z;
}

/** A tensor with one position (all for undefined) of another. */
function replaced(own: Tensor, other: Tensor, position?: number): Tensor {
  if (position === undefined) return other;
  const data = own.data.slice();
  const size = data.length / own.shape[0]!;
  data.set(other.data.subarray(position * size, (position + 1) * size), position * size);
  return tensor(data, own.shape);
}

test('equals the sum of what each query, key and value changes alone, by plain softmax', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const [base, other] = runsOf(shape);
      const before = attend(base);
      const expected = new Float64Array(before.length);
      const add = (patched: Partial<Attended>) =>
        attend({ ...base, ...patched }).forEach((value, i) => {
          expected[i]! += value - before[i]!;
        });
      add({ v: other.v });
      for (let i = 0; i < shape.positions; i++) add({ q: replaced(base.q, other.q, i) });
      for (let t = 0; t < shape.past + shape.positions; t++) add({ k: replaced(base.k, other.k, t) });
      expect(correctedChange(base, other).data).toBeClose(expected, { ...TOLERANCES.rounding, atol: 1e-6 });
    }),
  );
});

test('is the plain change of z where queries and keys are the same in both runs', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const [base, other] = runsOf(shape);
      const given = { ...base, v: other.v };
      const [after, before] = [attend(given), attend(base)];
      const plain = after.map((value, i) => value - before[i]!);
      expect(correctedChange(base, given).data).toBeClose(plain, { ...TOLERANCES.rounding, atol: 1e-6 });
    }),
  );
});

test('keeps what a hard attention would lose: a key that takes over, one that had everything', () => {
  // Width 1: scores are q k. The one query looks at token 0 with all its weight.
  const base: Attended = {
    q: tensor(Float32Array.of(1, 1), [2, 1, 1]),
    k: tensor(Float32Array.of(60, 0), [2, 1, 1]),
    v: tensor(Float32Array.of(1, 5), [2, 1, 1]),
  };
  const takesOver = { ...base, k: tensor(Float32Array.of(60, 120), [2, 1, 1]) };
  expect(correctedChange(base, takesOver).data).toBeClose([0, 4], TOLERANCES.rounding);
  const letsGo = { ...base, k: tensor(Float32Array.of(-60, 0), [2, 1, 1]) };
  expect(correctedChange(base, letsGo).data).toBeClose([0, 4], TOLERANCES.rounding);
});
