/**
 * Audits of tiny models: what is written, that it is the same bytes however it came about, and what is refused.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METHODS } from '../../src/attribution/methods.ts';
import { ALL_METHODS, type AuditOptions } from '../../src/audit/options.ts';
import { type Audit, audit } from '../../src/audit/run.ts';
import { CancelledError, InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import { recallOf } from '../../src/results/audit-json.ts';
import { openStudy } from '../../src/results/read.ts';
import { study } from '../../src/study/study.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, SMALL_D } from '../support/cases.ts';
import '../support/close.ts';
import { parquetRows } from '../support/parquet.ts';
import { differingFiles, scratch } from '../support/studies.ts';

const out = scratch();
const reference = readCase('gpt2-last');
let model: Model;
let pairs: Pair[];
/** Every method, with figures and page. */
let whole: Audit;
/** Some methods, without; `FEW`. */
let plain: Audit;
const FEW = { methods: ['attribution_patching', 'atp_star', 'layer_ig', 'through'], figures: false };
beforeAll(async () => {
  model = await loadTiny(reference.folder);
  const { clean, corrupted, answer, wrong } = reference.pair;
  const turned = { clean: corrupted, corrupted: clean, answer: wrong, wrong: answer };
  pairs = [pairOf(model, reference), pairFromIds(model.config, turned)];
  whole = await audit(model, pairs, { methods: ALL_METHODS, out: out('whole') });
  plain = await audit(model, pairs, { ...FEW, out: out('plain') });
});
afterAll(() => model.dispose());

/** Names of files whose bytes differ, of those that must not depend on how an audit came about: all but times. */
function differing(a: Audit, b: Audit): string[] {
  return differingFiles(a.folder, b.folder).filter(
    (path) => !/(audit|study)\.json$|report\.html$/.test(path),
  );
}

/** `audit.json` without times. */
function timeless({ json }: Audit) {
  return { ...json, pairs: json.pairs.map(({ seconds: _, ...pair }) => pair) };
}

describe('an audit of two pairs', () => {
  test('writes tables, figures, page, and a study for each pair', async () => {
    expect(readdirSync(whole.folder).sort()).toEqual([
      'audit.json',
      'audit.parquet',
      'figures',
      'head_pairs.parquet',
      'mediation.safetensors',
      'methods.safetensors',
      'pairs',
      'report.html',
      'scores.parquet',
    ]);
    expect(readdirSync(join(whole.folder, 'pairs'))).toEqual(['1', '2']);
    const { scores } = await openStudy(join(whole.folder, 'pairs', '1'));
    const rows = await parquetRows(whole.folder, 'scores.parquet');
    const own = rows.filter((row) => row.pair === 1 && row.direction === 'denoising' && row.kind === 'heads');
    expect(own.map(({ exact }) => exact)).toEqual([...scores.get('ap.denoising.heads')!.data]);
    expect(own.map(({ layer_ig }) => layer_ig)).toEqual([...scores.get('ig.denoising.heads')!.data]);
  });

  test('via of pairs of heads is that of a study, bit for bit', async () => {
    const kept = arraysOf(join(whole.folder, 'mediation.safetensors'));
    expect(existsSync(join(whole.folder, 'pairs', '1', 'mediation.safetensors'))).toBe(false);
    expect([...kept.keys()].sort()).toEqual(
      ['1', '2'].flatMap((pair) => ['denoising', 'noising'].map((way) => `${pair}.${way}.via`)),
    );
    for (const [i, pair] of pairs.entries()) {
      const { folder } = await study(model, pair, { out: out('study'), steps: 2, figures: false });
      const own = arraysOf(join(folder, 'mediation.safetensors'));
      for (const direction of DIRECTIONS)
        expect(kept.get(`${i + 1}.${direction}.via`)).toEqual(own.get(`${direction}.via`));
    }
  });

  test('scores of the methods are those of the references', async () => {
    const rows = await parquetRows(whole.folder, 'scores.parquet');
    const { expected, arrays } = readCase('gpt2-last', 'methods.safetensors');
    let seen = 0;
    for (const { name } of METHODS) {
      for (const direction of ['noising', 'denoising'] as const) {
        for (const kind of ['heads', 'neurons'] as const) {
          const array = `${name}.${direction}.${kind}`;
          if (!arrays.includes(array)) continue;
          seen++;
          const own = rows.filter(
            (row) => row.pair === 1 && row.direction === direction && row.kind === kind,
          );
          const found = Float64Array.from(own, (row) => Number(row[name]));
          expect(found, array).toBeClose(expected(array).data, {
            rtol: 0,
            atol: 1e-4 * largest(expected(array).data),
          });
        }
      }
    }
    expect(seen).toBeGreaterThan(0);
  });

  test('compares every method of every kind, and audit.parquet has a row for each', async () => {
    const { comparisons } = whole.json;
    const all = comparisons.filter(({ label }) => label === null);
    expect(all).toHaveLength(2 * 2 * (2 * METHODS.length + 1));
    const rows = await parquetRows(whole.folder, 'audit.parquet');
    expect(rows).toHaveLength(comparisons.length);
    rows.forEach((row, i) => {
      const one = comparisons[i]!;
      expect(row).toMatchObject({ kind: one.kind, method: one.method, label: one.label, slope: one.slope });
      expect(row.recall_10).toBe(recallOf(one, whole.json.recall_at.indexOf(10)));
    });
  });

  test('exchanging prompts and answers exchanges the directions', () => {
    const of = (pair: number, direction: string, kind: string, method: string) =>
      whole.json.comparisons.find(
        (one) =>
          one.pair === pair &&
          one.direction === direction &&
          one.kind === kind &&
          one.method === method &&
          one.label === null,
      )!;
    for (const { name } of METHODS) {
      for (const kind of ['heads', 'neurons']) {
        const [a, b] = [of(1, 'noising', kind, name), of(2, 'denoising', kind, name)];
        expect([b.slope, b.pearson], name).toBeClose([a.slope, a.pearson], { rtol: 1e-2, atol: 1e-3 });
      }
    }
  });

  test('tells what was found of every kind and method', () => {
    const { findings } = whole.json;
    expect(findings).toHaveLength(2 * METHODS.length + 1);
    for (const { text } of findings) expect(text).toMatch(/Rank correlation of sizes|no rank correlation/);
    const page = readFileSync(whole.page, 'utf8');
    for (const id of ['findings', 'recall', 'scores', 'labels', 'misses'])
      expect(page).toContain(`<section id="${id}"`);
    const [shown] = page.split('<script>');
    expect(shown?.match(/NaN|undefined|\[object/)).toBeNull();
  });
});

describe('the same bytes', () => {
  test('when it is run again', async () => {
    const again = await audit(model, pairs, { methods: ALL_METHODS, out: out('again') });
    expect(differing(again, whole)).toEqual([]);
    expect(timeless(again)).toEqual(timeless(whole));
  });

  test.each([
    ['1/2 patching', 1],
    ['1/2 mediation', 1],
    ['2/2 mediation', 1],
    ['1/2 methods', 2],
    ['2/2 methods', 3],
  ])('when it is stopped in %s and goes on', async (phase, done) => {
    const folder = out('stopped');
    const stop = new AbortController();
    const handlers = {
      signal: stop.signal,
      onProgress: (progress: { readonly phase: string; readonly done: number }) => {
        if (progress.phase === phase && progress.done >= done) stop.abort();
      },
    };
    await expect(audit(model, pairs, { ...FEW, out: folder }, handlers)).rejects.toThrow(CancelledError);
    expect(existsSync(join(folder, 'audit.json'))).toBe(false);
    await expect(audit(model, pairs, { ...FEW, out: folder })).rejects.toThrow(/an empty folder for --out/);
    const seen: string[] = [];
    const onProgress = ({ phase: name, done: at }: { readonly phase: string; readonly done: number }) => {
      seen.push(`${name} ${at}`);
    };
    const resumed = await audit(model, pairs, { ...FEW, out: folder, resume: true }, { onProgress });
    // What was done is not done again.
    if (phase.endsWith('methods')) expect(seen).toContain(`${phase} ${done}`);
    if (phase.startsWith('2/2')) expect(seen.some((name) => name.startsWith('1/2 patching'))).toBe(false);
    expect(differing(resumed, plain)).toEqual([]);
    expect(existsSync(join(folder, '.work'))).toBe(false);
    expect(timeless(resumed)).toEqual(timeless(plain));
  });

  test('a complete audit is left as it is; another is refused, naming the difference', async () => {
    const before = readFileSync(join(whole.folder, 'audit.json'), 'utf8');
    const resume = { out: whole.folder, resume: true, methods: ALL_METHODS };
    const again = await audit(model, pairs, resume);
    expect(again).toMatchObject({ wasComplete: true, json: whole.json });
    await expect(audit(model, pairs, { ...resume, tau: 0.1 })).rejects.toThrow(
      /expected the audit that .* holds, with tau 0\.02, got tau 0\.1/,
    );
    await expect(audit(model, pairs.slice(1), resume)).rejects.toThrow(/with pairs "2: .*got pairs "1: /);
    expect(readFileSync(join(whole.folder, 'audit.json'), 'utf8')).toBe(before);
  });
});

describe('less than everything', () => {
  test('one direction has no labels', async () => {
    const options: Partial<AuditOptions> = {
      out: out('noising'),
      figures: false,
      directions: ['noising'],
      methods: ['attribution_patching'],
      components: ['neurons'],
    };
    const { json, folder } = await audit(model, pairs.slice(0, 1), options);
    expect(json.comparisons).toHaveLength(1);
    expect(json).toMatchObject({ labellings: [], comparisons: [{ kind: 'neurons', label: null }] });
    expect(existsSync(join(folder, 'head_pairs.parquet'))).toBe(false);
    expect((await parquetRows(folder, 'scores.parquet'))[0]).toMatchObject({
      label: null,
      direction: 'noising',
    });
  });

  test('a small D has raw scores only', async () => {
    const small = readCase(SMALL_D);
    await using other = await loadTiny(small.folder);
    const methods = ['attribution_patching', 'layer_ig', 'through'];
    const { json, folder } = await audit(other, [pairOf(other, small)], { out: out('small'), methods });
    expect(json.pairs[0]).toMatchObject({ small_d: true });
    expect(json.labellings).toEqual([]);
    for (const one of json.comparisons) {
      expect(one).toMatchObject({ label: null, signs_of: Number.NaN, signs_wrong: Number.NaN });
      expect(one.slope).not.toBeNaN();
    }
    const [row] = await parquetRows(folder, 'scores.parquet');
    expect(row).toMatchObject({ label: null, e: Number.NaN });
    expect(row?.exact).not.toBeNaN();
  });

  test.each([
    [
      { methods: ['atp'] },
      /expected methods to be some of attribution_patching, .*through, each once, got atp/,
    ],
    [{ methods: [] }, /expected methods to be some of/],
    [{ methods: ['through'], components: ['neurons'] }, /expected heads among the components for through/],
    [{ tau: 0 }, /expected tau to be a number above 0/],
    [{ directions: [] }, /expected directions to be some of/],
  ] as [Partial<AuditOptions>, RegExp][])('%j is refused', async (options, message) => {
    const refused = audit(model, pairs, { out: out('refused'), ...options });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(InputError);
  });

  test('no pairs are refused', async () => {
    await expect(audit(model, [], { out: out('none') })).rejects.toThrow(/one pair at least, got none/);
  });
});

function arraysOf(path: string) {
  return decodeSafetensors(readFileSync(path), path);
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
