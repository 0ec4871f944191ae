/**
 * Pairs in a whole study: planted partners and the backup that no single score sees, and neurons beside heads.
 */
import { describe, expect, test } from 'vitest';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { writePlanted } from '../support/planted.ts';
import { runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();

describe.each([0, 1])('planted circuits, permutation %i', (seed) => {
  test('every interaction and via is the table’s, and the page’s lists name them', async () => {
    const planted = await writePlanted(out('planted'), seed);
    await using model = await loadTiny(planted.folder);
    const results = await runStudy(model, pairFromIds(model.config, planted.pair), { out: out('study') });
    const { components, pairs } = (await results.mediation())!;
    const n = components.length;
    const heads = model.config.nHeads;
    const place = (role: string) => {
      const [layer, head] = planted.where.get(role)!;
      return layer * heads + head;
    };
    for (const direction of DIRECTIONS) {
      const interaction = new Float32Array(n * n);
      const via = new Float32Array(n * n);
      for (const edge of planted.edges) {
        const [a, b] = [place(edge.source), place(edge.target)];
        if (edge.measure === 'via') via[a * n + b] = edge[direction];
        else interaction[a * n + b] = interaction[b * n + a] = edge[direction];
      }
      expect(pairs[direction]!.interaction, `${direction} interaction`).toBeClose(
        interaction,
        TOLERANCES.planted,
      );
      expect(pairs[direction]!.via, `${direction} via`).toBeClose(via, TOLERANCES.planted);
    }
    const hidden = results.study.hidden_backups!.map(({ component }) => component);
    expect(hidden).toEqual([planted.where.get('backup')]);
    const primary = results.study.partners!.find(
      ({ component }) => String(component) === String(planted.where.get('primary')),
    )!;
    expect(primary.partners.map(({ relation }) => relation)).toContain('backed_up_by');
  });
});

test('with neurons: the strongest by |ap|, in order; heads as without them', async () => {
  const COUNT = 5;
  const reference = readCase('llama-gqa');
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  const alone = await runStudy(model, pair, { out: out('heads') });
  const options = { out: out('neurons'), mediation: `heads+neurons:${COUNT}` } as const;
  const results = await runStudy(model, pair, options);
  const { components, pairs } = (await results.mediation())!;
  const { nLayers, nHeads, dMlp } = model.config;
  expect(components.length).toBe(nLayers * nHeads + COUNT);
  const strength = new Float32Array(nLayers * dMlp);
  for (const direction of DIRECTIONS)
    scoreOf(results, `ap.${direction}.neurons`).data.forEach((ap, i) => {
      strength[i] = Math.max(strength[i]!, Math.abs(ap));
    });
  const strongest = [...strength.keys()].sort((a, b) => strength[b]! - strength[a]!).slice(0, COUNT);
  expect(components.slice(-COUNT).map(({ component: [layer, index] }) => layer * dMlp + index)).toEqual(
    strongest.sort((a, b) => a - b),
  );
  const n = components.length;
  for (const direction of DIRECTIONS) {
    const { via, interaction } = pairs[direction]!;
    const expected = (await alone.mediation())!.pairs[direction]!;
    const heads = nLayers * nHeads;
    for (let a = 0; a < n; a++) {
      expect([interaction[a * n + a], via[a * n + a]]).toEqual([0, 0]);
      for (let b = 0; b < n; b++) {
        expect(interaction[a * n + b]).toBe(interaction[b * n + a]);
        if (a < heads && b < heads) {
          expect(via[a * n + b]).toBe(expected.via[a * heads + b]);
          expect(interaction[a * n + b]).toBe(expected.interaction[a * heads + b]);
        }
      }
    }
    // Something passes between heads and neurons.
    expect(via.some((value, i) => value !== 0 && i % n >= heads)).toBe(true);
  }
});
