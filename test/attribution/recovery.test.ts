/**
 * Precision and recall of every method's labels and scores on planted circuits, plain and noisy: the tables of docs/planted.md.
 * Where they have rightly changed, `npx vitest run test/attribution/recovery.test.ts -u` writes them anew.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTiny } from '../support/cases.ts';
import { type Planted, writePlanted } from '../support/planted.ts';
import { writeNoisyPlanted } from '../support/planted-noise.ts';
import {
  type CircuitRecovery,
  countAtLeast,
  countInTop,
  countLabels,
  recover,
  recoveryTable,
  together,
} from '../support/recovery.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** Without noise all are the same but for places. */
const PLAIN_SEEDS = [0];
const NOISY_SEEDS = [0, 1, 2, 3, 4];

async function recoverAll(
  write: (folder: string, seed: number) => Promise<Planted>,
  seeds: readonly number[],
): Promise<CircuitRecovery> {
  const all: CircuitRecovery[] = [];
  for (const seed of seeds) {
    const planted = await write(out('planted'), seed);
    await using model = await loadTiny(planted.folder);
    all.push(await recover(model, planted, out('study')));
  }
  return {
    methods: together(all.map(({ methods }) => methods)),
    pairs: together(all.map(({ pairs }) => pairs)),
  };
}

describe('counts', () => {
  const planted = [true, false, true, false];

  test('at a threshold: what reaches it in size', () => {
    expect(countAtLeast([-0.5, 0.2, 0.1, 0], planted, 0.2)).toEqual({ planted: 2, claimed: 2, found: 1 });
    expect(countAtLeast([0, 0, 0, 0], planted, 0.2)).toEqual({ planted: 2, claimed: 0, found: 0 });
  });

  test('in the top: ties share the places that are left', () => {
    const found = (...scores: number[]) => countInTop(scores, planted).found;
    expect(found(-3, 1, 2, 0)).toBe(2);
    expect(found(-3, 2, 1, 0)).toBe(1);
    expect(found(3, 1, 0.999, 0)).toBe(1.5);
    // Three share two places, and two of the three are planted.
    expect(found(1, 1, -1, 0)).toBeCloseTo(4 / 3, 12);
    expect(countInTop([1, 2], [false, false])).toEqual({ planted: 0, claimed: 0, found: 0 });
  });

  test('labels: those that are the planted ones', () => {
    const given = ['and', 'mixed', undefined, 'or'] as const;
    const truth = ['and', 'or', 'or', undefined] as const;
    expect(countLabels(given, truth)).toEqual({ planted: 3, claimed: 3, found: 1 });
    expect(countLabels(given, truth, 'or')).toEqual({ planted: 2, claimed: 1, found: 0 });
  });
});

describe('planted circuits', () => {
  let plain: CircuitRecovery;
  let noisy: CircuitRecovery;
  beforeAll(async () => {
    plain = await recoverAll(writePlanted, PLAIN_SEEDS);
    noisy = await recoverAll(writeNoisyPlanted, NOISY_SEEDS);
  });

  const of = ({ methods }: CircuitRecovery, method: string, column: string) =>
    methods.get(method)!.get(column)!;
  const recall = (all: CircuitRecovery, method: string, column: string) => {
    const { found, planted } = of(all, method, column);
    return found / planted;
  };
  const precision = (all: CircuitRecovery, method: string, column: string) => {
    const { found, claimed } = of(all, method, column);
    return found / claimed;
  };

  test('plain: what each finds follows from the construction', () => {
    expect(of(plain, 'exact patching', 'all labels')).toEqual({ planted: 16, claimed: 16, found: 16 });
    // The backup is the one part that no single exact score shows.
    expect(of(plain, 'exact patching', 'parts')).toEqual({ planted: 17, claimed: 16, found: 16 });
    expect(of(plain, '`atp_star`', 'parts')).toEqual({ planted: 17, claimed: 17, found: 17 });
    // A primary whose backup wakes looks mixed to a slope.
    expect(of(plain, '`attribution_patching`', 'OR')).toEqual({ planted: 5, claimed: 4, found: 4 });
    // Layer-mates look like adders.
    expect(of(plain, '`layer_ig`', 'AND')).toEqual({ planted: 4, claimed: 2, found: 2 });
    expect(of(plain, '`layer_ig`', 'OR')).toEqual({ planted: 5, claimed: 3, found: 3 });
    // All heads move together: no gate differs by direction.
    expect(of(plain, '`eap_ig_inputs`', 'AND').found).toBe(0);
    expect(plain.methods.get('`eap`')).toEqual(plain.methods.get('`attribution_patching`'));
    const [interaction, hidden] = ['`interaction`, noising', 'hidden backups'].map((name) =>
      plain.pairs.get(name)!.get('pairs'),
    );
    expect(interaction).toEqual({ planted: 5, claimed: 5, found: 5 });
    expect(hidden).toEqual({ planted: 1, claimed: 1, found: 1 });
  });

  test('noisy: noise adds false labels, and hides few true ones', () => {
    const exact = 'exact patching';
    expect(of(noisy, exact, 'all labels').planted).toBe(16 * NOISY_SEEDS.length);
    expect(recall(noisy, exact, 'all labels')).toBeGreaterThan(0.95);
    expect(precision(noisy, exact, 'all labels')).toBeLessThan(0.95);
    expect(precision(noisy, exact, 'AND')).toBe(1);
    for (const column of ['top, noising', 'top, denoising']) expect(recall(noisy, exact, column)).toBe(1);
    // What a method cannot see without noise it does not see with it.
    expect(recall(noisy, '`layer_ig`', 'AND')).toBeLessThanOrEqual(0.5);
    expect(recall(noisy, '`eap_ig_inputs`', 'AND')).toBe(0);
    for (const [method, findings] of noisy.methods) {
      const { found, planted } = findings.get('parts')!;
      // The backup again, one of 17.
      if (method !== '`atp_star`') expect(found / planted, method).toBeLessThanOrEqual(16 / 17);
    }
    expect(recall(noisy, '`atp_star`', 'parts')).toBe(1);
  });

  test('noisy: pairs show every gate, and the backup', () => {
    for (const name of ['`interaction`, noising', '`interaction`, denoising', '`via`, noising']) {
      const { found, planted } = noisy.pairs.get(name)!.get('pairs')!;
      expect(found, name).toBe(planted);
    }
    const { found, planted } = noisy.pairs.get('hidden backups')!.get('pairs')!;
    expect([found, planted]).toEqual([NOISY_SEEDS.length, NOISY_SEEDS.length]);
  });

  test('the docs print these tables', async () => {
    const columns = ['AND', 'OR', 'all labels', 'parts', 'top, noising', 'top, denoising'];
    const ofMethods = ({ methods }: CircuitRecovery) =>
      recoveryTable(
        'method',
        columns.map((key) => [key, methods, key]),
      );
    const ofPairs = recoveryTable('measure', [
      ['plain: at tau', plain.pairs, 'pairs'],
      ['plain: top', plain.pairs, 'top'],
      ['noisy: at tau', noisy.pairs, 'pairs'],
      ['noisy: top', noisy.pairs, 'top'],
    ]);
    const path = join(import.meta.dirname, '../../docs/planted.md');
    const tables: [name: string, table: string][] = [
      ['plain', ofMethods(plain)],
      ['noisy', ofMethods(noisy)],
      ['pairs', ofPairs],
    ];
    let page = readFileSync(path, 'utf8');
    for (const [name, table] of tables) {
      const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
      expect(page).toMatch(place);
      page = page.replace(place, `$1${table}$2`);
    }
    await expect(page).toMatchFileSnapshot(path);
  });
});
