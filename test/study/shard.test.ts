/**
 * Shards of a study, merged, are byte for byte the study: from folders of their own and from one that they share, in
 * processes at the same time, and after processes were killed.
 */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../src/patch/model.ts';
import type { Study } from '../../src/study/handlers.ts';
import { mergeStudies } from '../../src/study/merge.ts';
import type { StudyOptions } from '../../src/study/options.ts';
import type { ShardRecord } from '../../src/study/record.ts';
import { study, type StudyShard, studyShard } from '../../src/study/study.ts';
import type { Pair } from '../../src/tasks/pair.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import type { StopAt } from '../support/stop-at.ts';
import { differingFiles, filesOf, isComplete, scratch } from '../support/studies.ts';
import { runChild } from '../support/study-child.ts';

const out = scratch();
const reference = readCase('gpt2-last');
let model: Model;
let pair: Pair;
let whole: Study;
beforeAll(async () => {
  model = await loadTiny(reference.folder);
  pair = pairOf(model, reference);
  whole = await study(model, pair, { out: out('whole'), figures: false });
});
afterAll(() => model.dispose());

async function shard(
  index: number,
  count: number,
  folder: string,
  options: Partial<StudyOptions> = {},
): Promise<StudyShard> {
  const result = await studyShard(model, pair, { ...options, out: folder, shard: { index, count } });
  if ('record' in result) return result;
  throw new Error(`${folder} is complete`);
}

function expectWhole(merged: Study): void {
  expect(differingFiles(merged.folder, whole.folder)).toEqual([]);
  expect(filesOf(merged.folder)).toEqual(filesOf(whole.folder));
  const { phases: _phases, ...json } = merged.json;
  const { phases: _others, ...expected } = whole.json;
  expect(json).toEqual(expected);
}

const recordOf = (folder: string, name: string) =>
  JSON.parse(readFileSync(join(folder, '.work', name), 'utf8')) as ShardRecord;

describe('merged shards are the study', () => {
  test.each([1, 2, 3, 5])('%i in folders of their own', async (count) => {
    const parts: string[] = [];
    for (let index = 0; index < count; index++) {
      parts.push((await shard(index, count, out(`part-${index}`))).folder);
    }
    // In whatever order.
    expectWhole(await mergeStudies(parts.reverse(), out('merged'), { figures: false }));
    expect(parts.some(isComplete)).toBe(false);
  });

  test('of other options too', async () => {
    const options: Partial<StudyOptions> = {
      components: ['neurons'],
      directions: ['noising'],
      measures: ['l2', 'shift'],
      steps: 'auto',
    };
    const ordinary = await study(model, pair, { ...options, out: out('ordinary'), figures: false });
    const parts = [out('part'), out('part')];
    for (const [index, part] of parts.entries()) await shard(index, 2, part, options);
    const merged = await mergeStudies(parts, out('merged'), { figures: false });
    expect(differingFiles(merged.folder, ordinary.folder)).toEqual([]);
    expect(merged.json.options).toEqual(ordinary.json.options);
  });

  test('in one folder, by processes at the same time', async () => {
    const shared = out('shared');
    const child = (index: number) => runChild([reference.folder, shared, `${index}`, '3']);
    expect(await Promise.all([0, 1, 2].map(child))).toEqual([true, true, true]);
    expectWhole(await mergeStudies([shared], shared, { figures: false }));
  });

  test('killed and started again', async () => {
    const killed = out('killed');
    // Before, between and right after files come under their names.
    const moments: StopAt[] = [
      { file: /shard\.1-of-2\.json$/, before: true },
      { file: /\big\./, count: 2 },
      { text: 'patching: ' },
      { file: /neurons_to_heads.c\b/, before: true },
      { file: /\bpatch\./, count: 2 },
    ];
    for (const [i, moment] of moments.entries()) {
      const finished = await runChild([reference.folder, killed, '1', '2'], moment);
      expect(finished, `moment ${i}`).toBe(false);
    }
    await shard(1, 2, killed);
    const other = (await shard(0, 2, out('other'))).folder;
    expectWhole(await mergeStudies([killed, other], out('merged'), { figures: false }));
  });
});

describe('a shard', () => {
  test('leaves units and its record, and nothing of the end', async () => {
    const { folder, record, units, total } = await shard(1, 3, out('one'));
    const top = new Set(filesOf(folder).map((path) => path.split(/[/\\]/)[0]));
    expect([...top]).toEqual(['.work', 'effects.zarr']);
    expect(units.length).toBeLessThan(total);
    expect(record).toEqual(recordOf(folder, 'shard.1-of-3.json'));
    expect(record.shard).toEqual({ index: 1, count: 3 });
    expect(record.phases.map(({ name }) => name)).toEqual([
      'both runs',
      'integrated gradients',
      'patching',
      'mediation',
    ]);
  });

  test('goes on without resume, and adds up its time', async () => {
    const folder = out('again');
    const stop = new AbortController();
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === 'patching' && done > 0) stop.abort();
    };
    const options = { out: folder, shard: { index: 0, count: 2 } };
    const stopped = studyShard(model, pair, options, { signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow(/cancelled/);
    const before = recordOf(folder, 'shard.0-of-2.json').phases;
    const { record, units } = await shard(0, 2, folder);
    for (const { name, seconds, peak_bytes } of before) {
      const after = record.phases.find((phase) => phase.name === name)!;
      expect(after.seconds).toBeGreaterThan(seconds);
      expect(after.peak_bytes).toBeGreaterThanOrEqual(peak_bytes);
    }
    const once = await shard(0, 2, out('once'));
    expect(units).toEqual(once.units);
  });

  test('may have nothing to do', async () => {
    const { units } = await shard(9999, 10_000, out('none'));
    expect(units).toEqual([]);
  });

  test('refuses the folder of another study, naming the first difference', async () => {
    const folder = (await shard(0, 9, out('mine'))).folder;
    await expect(shard(1, 9, folder, { tau: 0.1 })).rejects.toThrow(/with tau 0\.02, got tau 0\.1/);
    const foreign = out('foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis.txt'), 'mine');
    await expect(shard(0, 9, foreign)).rejects.toThrow(/an unfinished study, got .* with thesis\.txt/);
  });

  test('finds a complete study, and changes nothing', async () => {
    const result = await studyShard(model, pair, { out: whole.folder, shard: { index: 0, count: 2 } });
    expect(result).toMatchObject({ wasComplete: true });
  });

  test('is not what study() does, nor out of range', async () => {
    const run = (index: number, count: number) =>
      study(model, pair, { out: out('never'), shard: { index, count } });
    await expect(run(0, 2)).rejects.toThrow(/a whole study, got shard 0\/2; call studyShard\(\)/);
    await expect(run(2, 2)).rejects.toThrow(/expected the shard to be a whole number from 0 to 1, got 2/);
    await expect(run(0, 0)).rejects.toThrow(/number of shards to be a whole number from 1 to 10000, got 0/);
  });
});

test('an ordinary study goes on with what shards have begun', async () => {
  const folder = out('continued');
  await shard(1, 2, folder);
  expectWhole(await study(model, pair, { out: folder, resume: true, figures: false }));
});
