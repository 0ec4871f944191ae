import { expect, test } from 'vitest';
import { cohenKappa } from '../../src/stats/kappa.ts';

test('kappa of a table worked out by hand', () => {
  const found = cohenKappa([
    [20, 5],
    [10, 15],
  ]);
  expect(found.observed).toBeCloseTo(0.7, 12);
  expect(found.expected).toBeCloseTo(0.5, 12);
  expect(found.kappa).toBeCloseTo(0.4, 12);
  expect(found.n).toBe(50);
});

test('is 1 for the same labels, 0 for independent ones, below 0 for opposite ones', () => {
  expect(
    cohenKappa([
      [3, 0],
      [0, 7],
    ]).kappa,
  ).toBeCloseTo(1, 12);
  expect(
    cohenKappa([
      [6, 4],
      [9, 6],
    ]).kappa,
  ).toBeCloseTo(0, 12);
  expect(
    cohenKappa([
      [0, 5],
      [5, 0],
    ]).kappa,
  ).toBeCloseTo(-1, 12);
});

test('has no value where chance gives all, and for nothing', () => {
  expect(
    cohenKappa([
      [0, 0],
      [0, 9],
    ]).kappa,
  ).toBeNaN();
  expect(cohenKappa([[0]]).kappa).toBeNaN();
});
