/**
 * Figures and page of comparisons that are made up.
 */
import { expect, test } from 'vitest';
import { analyseSides } from '../../src/compare/analyse.ts';
import { findings } from '../../src/compare/findings.ts';
import { comparisonFigures } from '../../src/report/compare/figures.ts';
import { comparisonPageHtml } from '../../src/report/compare/page.ts';
import type { ComparisonJson } from '../../src/results/comparison-json.ts';
import { effects, madeSide, pairsOf } from '../compare/sides.ts';

async function drawn(noising: readonly number[], denoising: readonly number[]) {
  const made = { pairs: pairsOf(8), scores: effects(noising, denoising) };
  const found = await analyseSides({ a: await madeSide('<a>', made), b: await madeSide('b', made) });
  const rest = { schema: '', complete: true, command: 'compare <a> b', versions: {} };
  const comparison: ComparisonJson = { ...found.json, ...rest, findings: findings(found.json) };
  const arrays = new Map(found.effects.map(({ name, tensor }) => [name, tensor as never]));
  const figures = comparisonFigures({ comparison, effects: arrays });
  const page = comparisonPageHtml(comparison, figures).replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
  return { names: figures.map(({ name }) => name), page };
}

test('figures of components, and of where they lie in the depth', async () => {
  const { names, page } = await drawn([0.9, 0.05, 0.4, -0.2, 0.3, 0.001], [0.1, 0.8, 0.35, -0.3, 0.15, 0]);
  expect(names).toEqual(
    ['effects', 'difference', 'strongest', 'depth'].map((name) => `compare-heads-${name}`),
  );
  expect(page).not.toMatch(/NaN|undefined|<a>/);
  expect(page).toContain('This command makes the comparison again:');
});

test('where all effects are 0 nothing is called the strongest', async () => {
  const none = [0, 0, 0, 0, 0, 0];
  const { names, page } = await drawn(none, none);
  expect(names).not.toContain('compare-heads-strongest');
  expect(names).not.toContain('compare-heads-depth');
  expect(page).not.toMatch(/NaN|undefined/);
});
