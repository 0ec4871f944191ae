/**
 * What `merge` checks before it writes anything, and how it goes on after it was stopped. Two good parts are made once;
 * each test damages a copy.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledError, InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import { type MergeOptions, mergeStudies } from '../../src/study/merge.ts';
import type { StudyOptions } from '../../src/study/options.ts';
import type { ShardRecord } from '../../src/study/record.ts';
import { study, studyShard } from '../../src/study/study.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { zeros } from '../../src/tensor/tensor.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { timesBelow } from '../support/run-cli.ts';
import { differingFiles, filesOf, scratch } from '../support/studies.ts';

const out = scratch();
const reference = readCase('gpt2-plain');
let model: Model;
let pair: Pair;
let whole: string;
/** Shards 0 and 1 of 2. */
let parts: [string, string];
beforeAll(async () => {
  model = await loadTiny(reference.folder);
  pair = pairOf(model, reference);
  whole = (await study(model, pair, { out: out('whole'), figures: false })).folder;
  parts = [await shard(0, 2), await shard(1, 2)];
});
afterAll(() => model.dispose());

async function shard(
  index: number,
  count: number,
  options: Partial<StudyOptions> = {},
  of: Pair = pair,
  on: Model = model,
): Promise<string> {
  const { folder } = await studyShard(on, of, {
    command: 'mediators study --model m',
    out: out(`part-${index}`),
    ...options,
    shard: { index, count },
  });
  return folder;
}

/** A shard of so many that it has nothing to do: it takes no time, and tells which study it is of. */
function idle(options: Partial<StudyOptions>, of: Pair = pair, on: Model = model): Promise<string> {
  return shard(9999, 10_000, options, of, on);
}

const merge = (folders: readonly string[], to: string, options: MergeOptions = {}) =>
  mergeStudies(folders, to, { figures: false, ...options });

function copyOf(part: string): string {
  const copy = out('copy');
  cpSync(part, copy, { recursive: true });
  return copy;
}

/** Refused, and nothing was written. */
async function refused(folders: readonly string[], message: RegExp): Promise<void> {
  const target = out('target');
  const merging = merge(folders, target);
  await expect(merging).rejects.toThrow(message);
  await expect(merging).rejects.toBeInstanceOf(InputError);
  await expect(merging).rejects.not.toThrow(/\n/);
  expect(existsSync(target)).toBe(false);
}

function expectWhole(folder: string): void {
  expect(differingFiles(folder, whole)).toEqual([]);
  expect(filesOf(folder)).toEqual(filesOf(whole));
}

describe('parts that do not make a study', () => {
  test('one missing: which, and what to run', () =>
    refused(
      [parts[0]],
      /expected all \d+ units of the study, got \d+ in .*part-0.*: missing are units of shard 1 of 2, first \S+; give their folders too, or run: mediators study --model m --shard 1\/2 --out \S+part-0/,
    ));

  test('one unit missing: its shard, into its folder', async () => {
    const part = copyOf(parts[1]);
    rmSync(join(part, '.work', unitOf(part)));
    await refused(
      [parts[0], part],
      /missing are units of shard 1 of 2, first patch\..*--shard 1\/2 --out \S+copy/,
    );
  });

  test('the same units twice, or a folder twice', async () => {
    await refused([...parts, copyOf(parts[0])], /each unit in one part, got ig\.\S+ twice, in .* and in .*/);
    await refused([...parts, await shard(0, 12)], /each unit in one part, got \S+ twice/);
    await refused([parts[0], `${parts[0]}/.`], /expected each part once, got .* twice/);
  });

  test('of other options, another pair, another model', async () => {
    await refused([parts[0], await idle({ tau: 0.1 })], /with tau 0\.02 and .* with tau 0\.1; merge/);
    const other = pairFromIds(model.config, { ...reference.pair, answer: 4 });
    await refused([parts[0], await idle({}, other)], /of one study, got .* with answer \d+ and /);
    await using raw = await loadTiny(reference.folder, { raw: true });
    await refused([parts[0], await idle({}, pair, raw)], /weights "processed" and .* weights "raw"/);
  });

  test('a finished study, no folder, a folder of something else, none', async () => {
    await refused([whole], /expected a folder of shards, got .* with a finished study/);
    await refused([out('nothing')], /expected a folder of shards, got .* \(no such file\)/);
    await refused([import.meta.filename], /got .* \(a file\)/);
    await refused([import.meta.dirname], /without \.work\/manifest\.json/);
    await refused([], /at least one folder of shards/);
  });
});

/** The name of a part's file of a patching unit. */
function unitOf(part: string): string {
  return filesOf(join(part, '.work')).find((name) => name.startsWith('patch.'))!;
}

/** The path of a chunk of a matrix in a part. */
function chunkOf(part: string): string {
  return filesOf(part).find((path) => /heads_to_neurons.c./.test(path))!;
}

function changeRecord(part: string, change: (record: ShardRecord) => object): string {
  const path = join(part, '.work', 'shard.1-of-2.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as ShardRecord;
  writeFileSync(path, JSON.stringify({ ...record, ...change(record) }));
  return part;
}

describe('damaged parts', () => {
  const cut = (path: string) => writeFileSync(path, readFileSync(path).subarray(0, -4));
  const cases: [string, (part: string) => void, RegExp][] = [
    [
      'a truncated chunk',
      (part) => cut(join(part, chunkOf(part))),
      /expected \d+ bytes in .*effects\.zarr.*, got \d+ bytes; remove .*\.safetensors and run its shard again/,
    ],
    ['a missing chunk', (part) => rmSync(join(part, chunkOf(part))), /expected \d+ bytes in .*, got none/],
    [
      'a chunk that no unit writes',
      (part) => cpSync(join(part, chunkOf(part)), join(part, 'effects.zarr/noising/heads_to_heads/c/9')),
      /only files of the study, got .*; take it away/,
    ],
    [
      'a link in the store',
      (part) => symlinkSync('/etc/hosts', join(part, 'effects.zarr/link')),
      /only files of the study, got .*link/,
    ],
    [
      'a truncated unit',
      (part) => cut(join(part, '.work', unitOf(part))),
      /expected safetensors in .*patch\./,
    ],
    [
      'a unit of other tensors',
      (part) => {
        const tensor = zeros([3]);
        writeFileSync(join(part, '.work', unitOf(part)), encodeSafetensors([{ name: 'ap', tensor }]));
      },
      /expected ap of .* to be float32 \[\d+\], got float32 \[3\]; remove .* and run its shard again/,
    ],
    [
      'a unit that is far too large',
      (part) => writeFileSync(join(part, '.work', unitOf(part)), new Uint8Array(5e6)),
      /expected \d+ bytes and a header in .*, got 5000000/,
    ],
    [
      'a unit of another plan',
      (part) =>
        cpSync(join(part, '.work', unitOf(part)), join(part, '.work/patch.noising.heads.99.0.safetensors')),
      /only files of the study, got .*heads\.99\.0/,
    ],
    ['a foreign file', (part) => writeFileSync(join(part, '.work/notes.txt'), ''), /got .*notes\.txt/],
    ['a folder among units', (part) => mkdirSync(join(part, '.work/a.safetensors')), /got .*a\.safetensors/],
    [
      'a record that is no JSON',
      (part) => writeFileSync(join(part, '.work/shard.1-of-2.json'), '{'),
      /shard\.1-of-2\.json: expected JSON/,
    ],
    [
      'a record of endless depth',
      (part) => writeFileSync(join(part, '.work/shard.1-of-2.json'), '['.repeat(1e5)),
      /nested at most/,
    ],
    [
      'a record without an option',
      (part) => changeRecord(part, ({ options: { tau: _, ...options } }) => ({ options })),
      /expected options\.tau to be a number, got nothing/,
    ],
    [
      'a record of more than there can be',
      (part) => changeRecord(part, () => ({ shape: { layers: 9000, heads: 9000, neurons: 9000 } })),
      /expected at most 20000000 components, got 9000 x \(9000 \+ 9000\)/,
    ],
    [
      'a record at odds with its identity',
      (part) => changeRecord(part, ({ options }) => ({ options: { ...options, seed: 5 } })),
      /expected seed 0 as in its identity, got 5/,
    ],
    [
      'a record of another shard',
      (part) => changeRecord(part, () => ({ shard: { index: 0, count: 2 } })),
      /expected the shard of its name, got 0\/2/,
    ],
    [
      'a record that speaks to the terminal',
      (part) => changeRecord(part, () => ({ command: 'mediators study \x1b[2J' })),
      /expected command to be/,
    ],
  ];
  test.each(cases)('%s', async (_, damage, message) => {
    const part = copyOf(parts[1]);
    damage(part);
    await refused([parts[0], part], message);
  });

  test('of another version', async () => {
    const old = parts.map((part) => {
      const copy = copyOf(part);
      for (const name of filesOf(join(copy, '.work')).filter((file) => file.endsWith('.json'))) {
        const path = join(copy, '.work', name);
        writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": "[^"]*"/, '"version": "0.0.1"'));
      }
      return copy;
    });
    await refused(old, /expected shards made by this version, .*, got version "0\.0\.1"/);
  });

  test('what a killed process left is no matter', async () => {
    const part = copyOf(parts[1]);
    writeFileSync(join(part, '.work/.ig.tmp.1234.tmp'), 'half');
    expectWhole((await merge([parts[0], part], out('merged'))).folder);
  });
});

describe('the folder of a merge', () => {
  test('is that of the study, and parts stay as they are', async () => {
    const before = parts.map(timesBelow);
    expectWhole((await merge(parts, out('merged'))).folder);
    expect(parts.map(timesBelow)).toEqual(before);
  });

  test('that is complete is left alone', async () => {
    const { folder } = await merge(parts, out('merged'));
    const before = timesBelow(folder);
    expect(await merge(parts, folder)).toMatchObject({ wasComplete: true });
    expect(await merge([folder], folder)).toMatchObject({ wasComplete: true });
    expect(timesBelow(folder)).toEqual(before);
    const others = [await idle({ tau: 0.1 })];
    await expect(merge(others, folder)).rejects.toThrow(/with tau 0\.02, got tau 0\.1/);
  });

  test('may be one of the parts', async () => {
    const target = copyOf(parts[1]);
    expectWhole((await merge([parts[0], target], target)).folder);
  });

  test('must not hold something else', async () => {
    const target = out('thesis');
    mkdirSync(target);
    writeFileSync(join(target, 'thesis.txt'), 'mine');
    await expect(merge(parts, target)).rejects.toThrow(/got .* with thesis\.txt; choose another/);
    expect(filesOf(target)).toEqual(['thesis.txt']);
    const other = await idle({ tau: 0.1 });
    await expect(merge(parts, other)).rejects.toThrow(/with tau 0\.1, got tau 0\.02/);
    const stray = copyOf(parts[0]);
    writeFileSync(join(stray, 'effects.zarr/stray'), '');
    await expect(merge(parts, stray)).rejects.toThrow(/only files of the study, got .*stray/);
  });

  test.each([
    ['new', () => out('stopped'), () => parts],
    ['a part', () => copyOf(parts[0]), (target: string) => [target, parts[1]]],
  ])('stopped again and again ends with the same bytes (%s)', async (_, make, given) => {
    const target = make();
    const folders = given(target);
    let stops = 0;
    for (let finished = false; !finished; ) {
      const controller = new AbortController();
      let left = 1 + 11 * stops;
      const onProgress = () => {
        if (--left === 0) controller.abort();
      };
      finished = await merge(folders, target, { signal: controller.signal, onProgress }).then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(CancelledError);
          stops++;
          return false;
        },
      );
    }
    expect(stops).toBeGreaterThan(2);
    expectWhole(target);
  });
});

describe('types of processor', () => {
  test('one is told', async () => {
    const { json } = await merge(parts, out('merged'));
    expect(json.processors).toHaveLength(1);
    expect(json.lint.map(({ code }) => code)).not.toContain('processor_types');
  });

  test('two are told, with a warning', async () => {
    const other = changeRecord(copyOf(parts[1]), () => ({ processors: ['Abacus (wood)'] }));
    const warnings: string[] = [];
    const { json } = await merge([parts[0], other], out('merged'), {
      onWarning: ({ code }) => warnings.push(code),
    });
    expect(json.processors).toHaveLength(2);
    expect(json.processors).toContain('Abacus (wood)');
    const found = json.lint.find(({ code }) => code === 'processor_types');
    expect(found?.message).toMatch(
      /on 2 types of processor \(.*Abacus \(wood\).*\): .* agree only to rounding/,
    );
    expect(warnings).toEqual(['processor_types']);
  });
});
