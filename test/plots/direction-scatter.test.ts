import { expect, it } from 'vitest';
import { directionScatter } from '../../src/plots/direction-scatter.ts';
import { figureWords as words } from '../support/sample-points.ts';

it('names the strongest, the one at the very corner too, and keeps names of regions inside', () => {
  const weak = Array.from({ length: 20 }, (_, index) => ({
    component: [8, index] as [number, number],
    noising: -0.01 - 0.0001 * index,
    denoising: 0.01 - 0.002 * index,
  }));
  const { svg } = directionScatter({
    ...words('scatter'),
    kind: 'heads',
    points: [
      ...weak,
      { component: [7, 6], noising: -0.032, denoising: -0.03, label: 'inhibitory' },
      { component: [7, 7], noising: 1.07, denoising: 1.06, label: 'adder' },
    ],
    tau: 0.02,
    contrast: 'swap',
    axes: { noising: 'e, noising', denoising: 'e, denoising' },
  });
  const texts = [...svg.matchAll(/<text[^>]*translate\(([\d.]+),[\d.]+\)[^>]*>([^<]+)</g)];
  const names = texts.map(([, , text]) => text!).filter((text) => /^[78]\.\d+$/.test(text));
  expect(names.slice(0, 2)).toEqual(['7.7', '7.6']);
  // Not those with a label alone; 8.19 is the next from the middle, by its denoising effect.
  expect(names).toContain('8.19');
  expect(names.length).toBeLessThanOrEqual(8);
  const noisingOnly = texts.find(([, , text]) => text === 'noising only')!;
  expect(Number(noisingOnly[1])).toBeLessThan(76 + 560 - 30);
});
