/**
 * Views of rows, and joining along the first axis.
 */
import { describe, expect, test } from 'vitest';
import { batched, joinRows, lastRows, stack, tensor } from '../../src/tensor/tensor.ts';

const pairs = tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);

test('the last rows, and a batch of one, are views', () => {
  const last = lastRows(pairs, 2);
  expect(last).toEqual(tensor(Float32Array.of(3, 4, 5, 6), [2, 2]));
  expect(batched(last)).toEqual(tensor(Float32Array.of(3, 4, 5, 6), [1, 2, 2]));
  expect(batched(last).data.buffer).toBe(pairs.data.buffer);
});

describe('joining', () => {
  test('rows of unequal number, of either type', () => {
    const more = tensor(Float32Array.of(7, 8), [1, 2]);
    expect(joinRows([pairs, more])).toEqual(tensor(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [4, 2]));
    const whole = (...values: number[]) => tensor(Int32Array.from(values), [values.length]);
    expect(joinRows([whole(1), whole(2, 3)])).toEqual(whole(1, 2, 3));
  });

  test('equal shapes along a new axis', () => {
    const row = tensor(Float32Array.of(1, 2), [2]);
    expect(stack([row, row])).toEqual(tensor(Float32Array.of(1, 2, 1, 2), [2, 2]));
  });

  test('refuses nothing, and rows of unequal width', () => {
    expect(() => joinRows([])).toThrow(RangeError);
    expect(() => joinRows([pairs, tensor(Float32Array.of(1), [1, 1])])).toThrow(RangeError);
  });
});
