import { expect, test } from 'vitest';
import { capital, counted, percent, ranged, real } from '../src/words.ts';

test('numbers have a real minus sign, none before 0, and a dash where there is none', () => {
  expect([real(-1.234), real(-0.001), real(0.5), real(-0.0004, 3), real(Number.NaN)]).toEqual([
    '−1.23',
    '0.00',
    '0.50',
    '0.000',
    '-',
  ]);
});

test('an interval stands beside a value that has one', () => {
  expect(ranged({ value: 0.5, low: -0.25, high: 1 })).toBe('0.50 (−0.25 to 1.00)');
  expect(ranged({ value: 0.5, low: Number.NaN, high: Number.NaN })).toBe('0.50');
});

test('shares and counts', () => {
  expect([percent(0.254), percent(Number.NaN)]).toEqual(['25%', '-']);
  expect([counted(1, 'pair'), counted(0, 'pair'), counted(2, 'cluster')]).toEqual([
    '1 pair',
    '0 pairs',
    '2 clusters',
  ]);
  expect(capital('heads')).toBe('Heads');
});
