/**
 * The audit of circuits whose truth is known (test/support/planted.ts): what each method misses, by label.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/run.ts';
import type { Model } from '../../src/patch/model.ts';
import type { AuditJson } from '../../src/results/audit-json.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { loadTiny } from '../support/cases.ts';
import '../support/close.ts';
import { parquetRows } from '../support/parquet.ts';
import { type Planted, writePlanted } from '../support/planted.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();
const METHODS = ['attribution_patching', 'atp_star', 'layer_ig', 'through'];
let model: Model;
let planted: Planted;
let folder: string;
let json: AuditJson;
beforeAll(async () => {
  planted = await writePlanted(out('planted'), 3);
  model = await loadTiny(planted.folder);
  folder = out('audit');
  const pair = pairFromIds(model.config, planted.pair);
  ({ json } = await audit(model, [pair], { out: folder, methods: METHODS }));
});
afterAll(() => model.dispose());

/** Counts of labels that a method's scores would give to the heads of an exact label. */
function labelled(method: string, label: string) {
  return json.labellings.find((row) => row.kind === 'heads' && row.method === method && row.label === label)
    ?.labelled;
}

function compared(kind: string, method: string, direction: string, label: string | null = null) {
  const found = json.comparisons.find(
    (one) => one.kind === kind && one.method === method && one.direction === direction && one.label === label,
  );
  if (!found) throw new RangeError(`no comparison of ${kind}, ${method}, ${direction}`);
  return found;
}

describe('labels from approximate scores', () => {
  test('attribution patching tells AND from OR in one layer too; it takes the primary for more than it is', () => {
    expect(labelled('attribution_patching', 'and')).toEqual({ and: 4 });
    expect(labelled('attribution_patching', 'or')).toEqual({ or: 4, mixed: 1 });
  });

  test('layer integrated gradients does not: partners of one layer look like adders', () => {
    expect(labelled('layer_ig', 'and')).toEqual({ and: 2, adder: 2 });
    expect(labelled('layer_ig', 'or')).toEqual({ or: 3, adder: 2 });
  });

  test.each(['attribution_patching', 'layer_ig'])('%s knows adder and inhibitor', (method) => {
    expect(labelled(method, 'adder')).toEqual({ adder: 1 });
    expect(labelled(method, 'inhibitory')).toEqual({ inhibitory: 1 });
  });

  test('a method without signs gives none', () => {
    expect(json.labellings.some(({ method }) => method === 'atp_star')).toBe(false);
  });
});

describe('comparisons', () => {
  test('by label: all ANDs stand among the strongest in noising, all ORs in denoising', () => {
    const at = json.recall_at.indexOf(7);
    const counts = (direction: string, label: string) => {
      const { found, among } = compared('heads', 'attribution_patching', direction, label);
      return [found[at], among[at]];
    };
    expect(counts('noising', 'and')).toEqual([4, 4]);
    expect(counts('denoising', 'or')).toEqual([5, 5]);
  });

  test('the gates, which are linear beyond their threshold, have every score right', () => {
    for (const direction of ['noising', 'denoising']) {
      const { slope, signs_wrong, signs_of } = compared('neurons', 'attribution_patching', direction);
      expect({ signs_wrong, signs_of }).toEqual({ signs_wrong: 0, signs_of: 5 });
      expect([slope]).toBeClose([1], { atol: 1e-2 });
    }
  });

  test('layer integrated gradients scores AND partners half where they share a layer: slope 6/5', () => {
    // Exact on approximate of the four: (1 + 1 + 0.5 + 0.5) / (1 + 1 + 0.25 + 0.25).
    expect([compared('heads', 'layer_ig', 'noising', 'and').slope]).toBeClose([6 / 5], { atol: 1e-2 });
    expect([compared('heads', 'attribution_patching', 'noising', 'and').slope]).toBeClose([1], {
      atol: 1e-2,
    });
  });

  test('signs count for methods that have them', () => {
    expect(compared('heads', 'atp_star', 'noising')).toMatchObject({ signs_of: Number.NaN });
    expect(compared('heads', 'layer_ig', 'noising')).toMatchObject({ signs_wrong: 0, signs_of: 6 });
  });

  test('through sees the backup as exact mediation does', async () => {
    const [source, target] = [planted.where.get('primary')!, planted.where.get('backup')!];
    const rows = await parquetRows(folder, 'head_pairs.parquet');
    const row = rows.find(
      (one) =>
        one.direction === 'noising' &&
        one.source_layer === source[0] &&
        one.source_head === source[1] &&
        one.target_layer === target[0] &&
        one.target_head === target[1],
    );
    expect([row?.via, row?.through]).toBeClose([1, 1], { atol: 2e-2 });
    expect(row?.label).toBe('or');
  });
});

test('the tables hold the exact scores, and every method’s', async () => {
  const rows = await parquetRows(folder, 'scores.parquet');
  expect(rows).toHaveLength(2 * (24 + 48));
  for (const kind of ['heads', 'neurons'] as const) {
    for (const direction of ['noising', 'denoising'] as const) {
      const own = rows.filter((row) => row.kind === kind && row.direction === direction);
      const column = (name: string) => Float64Array.from(own, (row) => Number(row[name]));
      expect(column('exact')).toBeClose(planted[kind].ap[direction], { atol: 1e-3 });
      expect(column('layer_ig')).toBeClose(planted[kind].ig[direction], { atol: 1e-2 });
      const sign = direction === 'noising' ? -1 : 1;
      expect(column('e')).toBeClose(
        planted[kind].ap[direction].map((ap) => (sign * ap) / 5.5),
        { atol: 1e-3 },
      );
      expect(own.map(({ label }) => label)).toEqual(planted[kind].labels.map((label) => label ?? 'none'));
    }
  }
});
