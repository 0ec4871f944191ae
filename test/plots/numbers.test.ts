/**
 * What figures say in numbers: of points without a line, of many points, of counts and bars.
 */
import { describe, expect, it } from 'vitest';
import { histograms } from '../../src/plots/histograms.ts';
import { intervalDots } from '../../src/plots/interval-dots.ts';
import { meanDifferencePlot } from '../../src/plots/mean-difference.ts';
import { methodScatter } from '../../src/plots/method-scatter.ts';
import { figureWords as words, noisyPoints } from '../support/sample-points.ts';

describe('what scatters say of points that have no line, no correlation or no difference', () => {
  const scatter = (points: readonly { x: number; y: number }[], unit: 'components' | 'pairs' = 'pairs') =>
    methodScatter({
      ...words('s'),
      axes: { x: '', y: '' },
      unit,
      panels: [{ title: '', points: points.map((point, i) => ({ name: String(i), ...point })) }],
    }).svg;
  const line = [
    { x: 1, y: 1 },
    { x: 2, y: 3 },
    { x: 4, y: 4 },
  ];

  it.each([
    ['no points', [], 'n = 0 pairs', 'No line: fewer than two points'],
    ['one x', line.map(({ y }) => ({ x: 3, y })), 'slope –', 'all x are equal'],
    ['one y', line.map(({ x }) => ({ x, y: 3 })), 'Pearson –, Spearman –', 'all y are equal'],
    ['values that are none', [...line, { x: Number.NaN, y: 2 }], 'n = 3 pairs', '1 without both values'],
  ])('%s', (_, points, numbers, note) => {
    const svg = scatter(points);
    expect(svg).toContain(numbers);
    expect(svg).toContain(note);
    expect(svg).not.toContain('NaN');
  });

  it('bands only points that are independent', () => {
    expect(scatter(line)).toContain('95% band');
    expect(scatter(line, 'components')).not.toContain('95% band');
    expect(scatter(line, 'components').match(/aria-label="area"/g)).toBeNull();
    expect(scatter(line).match(/aria-label="area"/g)).toHaveLength(1);
  });

  it('draws some of many points, and counts all', () => {
    const svg = scatter(noisyPoints(3000, 5));
    expect(svg).toContain('n = 3,000 pairs');
    expect(svg).toContain('draws the 700 of 3,000 points');
    expect(svg.match(/<title>/g)!.length).toBeLessThan(720);
  });

  it('equal differences are told', () => {
    const points = line.map(({ x }) => ({ name: String(x), first: x + 1, second: x }));
    const { svg } = meanDifferencePlot({
      ...words('d'),
      first: 'a',
      second: 'b',
      unit: 'e',
      panels: [{ title: '', points }],
    });
    expect(svg).toContain('n = 3, mean 1');
    expect(svg).toContain('All differences are 1');
    expect(svg).not.toContain('limits');
  });
});

it('histograms count every value, and say which are none', () => {
  const svg = histograms({
    ...words('h'),
    unit: 'correlation',
    panels: [
      { title: '', values: [...noisyPoints(60, 7).map(({ x }) => x), Number.NaN], color: '#0072b2' },
      { title: '', values: [0.5, 0.5, 0.5], color: '#0072b2' },
      { title: '', values: [Number.NaN], color: '#0072b2' },
    ],
  }).svg;
  const counts = [...svg.matchAll(/<title>[^<]*: (\d+)<\/title>/g)].map(([, count]) => Number(count));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(63);
  for (const words of ['n = 60, median', '1 without a value left out', 'n = 3, all are 0.5', 'No values'])
    expect(svg).toContain(words);
});

it('bars begin at 0, on either side', () => {
  const bars = intervalDots({
    ...words('b'),
    unit: 'e',
    bars: true,
    panels: [
      {
        title: '',
        rows: [
          { name: 'a', value: 0.8, low: 0.6, high: 0.95 },
          { name: 'b', value: -0.2, low: -0.4, high: 0.05 },
        ],
      },
    ],
  }).svg.match(/aria-label="rect"[^>]*>(.*?)<\/g>/s)![1]!;
  const [right, left] = [...bars.matchAll(/ width="([\d.]+)" y="[\d.]+" x="([\d.]+)"/g)].map(
    ([, width, x]) => [Number(x), Number(x) + Number(width)],
  );
  expect(left![1]).toBeCloseTo(right![0]!, 0);
  expect((right![1]! - right![0]!) / (left![1]! - left![0]!)).toBeCloseTo(4, 1);
});
