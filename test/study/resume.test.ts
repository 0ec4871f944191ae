/**
 * A study that is stopped goes on, whatever the moment, and ends with the same bytes; nothing is ever half-written.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledError, InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import type { StudyOptions } from '../../src/study/options.ts';
import { study } from '../../src/study/study.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { Random } from '../support/random.ts';
import type { StopAt } from '../support/stop-at.ts';
import { differingFiles, filesOf, isComplete, resultFiles, scratch } from '../support/studies.ts';
import { runChild } from '../support/study-child.ts';

const out = scratch();
const reference = readCase('gpt2-last');
let model: Model;
let pair: Pair;
/** The same study, never stopped. */
let whole: string;
beforeAll(async () => {
  model = await loadTiny(reference.folder);
  pair = pairOf(model, reference);
  whole = out('whole');
  await study(model, pair, { out: whole });
});
afterAll(() => model.dispose());

/** Everything under a final name is whole: it is what the uninterrupted study has there. */
function checkNothingHalfWritten(folder: string): void {
  expect(isComplete(folder)).toBe(false);
  const expected = resultFiles(whole);
  for (const [path, bytes] of resultFiles(folder)) {
    // The store's own attributes say that it is not complete yet.
    if (path === join('effects.zarr', 'zarr.json') && !bytes.equals(expected.get(path)!)) {
      const attributes = (JSON.parse(bytes.toString()) as { attributes: { complete: boolean } }).attributes;
      expect(attributes.complete).toBe(false);
    } else {
      expect(bytes.equals(expected.get(path)!), path).toBe(true);
    }
  }
  for (const path of filesOf(folder)) {
    const text = (): string => readFileSync(join(folder, path), 'latin1').trimEnd();
    if (path.startsWith('.work')) continue;
    if (path.endsWith('.svg')) expect(text(), path).toMatch(/<\/svg>$/);
    else if (path.endsWith('.html')) expect(text(), path).toMatch(/<\/html>$/i);
    else if (path.endsWith('.png')) expect(text(), path).toMatch(/IEND/);
    else expect(path).toMatch(/^(effects\.zarr|(scores|mediation)\.safetensors$)/);
  }
}

function checkFinished(folder: string): void {
  expect(differingFiles(folder, whole)).toEqual([]);
  expect(filesOf(folder)).toEqual(filesOf(whole));
  expect(existsSync(join(folder, '.work'))).toBe(false);
}

describe('a study cancelled again and again', () => {
  test.each([1, 2])('ends with the same bytes (moments %i)', async (seed) => {
    const random = new Random(seed);
    const folder = out('cancelled');
    let attempts = 0;
    for (let finished = false; !finished; attempts++) {
      const controller = new AbortController();
      let left = 4 * attempts + 1 + random.below(8);
      const onProgress = () => {
        if (--left === 0) controller.abort();
      };
      const run = study(
        model,
        pair,
        { out: folder, resume: attempts > 0, figures: false },
        { signal: controller.signal, onProgress },
      );
      finished = await run.then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(CancelledError);
          checkNothingHalfWritten(folder);
          return false;
        },
      );
    }
    expect(attempts).toBeGreaterThan(3);
    expect(differingFiles(folder, whole)).toEqual([]);
    expect(existsSync(join(folder, '.work'))).toBe(false);
  });

  test('does nothing where the signal has been aborted before', async () => {
    const folder = out('before');
    const run = study(model, pair, { out: folder }, { signal: AbortSignal.abort() });
    await expect(run).rejects.toBeInstanceOf(CancelledError);
    expect(resultFiles(folder).has('scores.safetensors')).toBe(false);
  });

  test('leaves the model usable', async () => {
    const before = await model.runWithCache(reference.pair.clean);
    const controller = new AbortController();
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === 'patching') controller.abort();
    };
    await expect(
      study(model, pair, { out: out('usable') }, { signal: controller.signal, onProgress }),
    ).rejects.toBeInstanceOf(CancelledError);
    expect(await model.runWithCache(reference.pair.clean)).toEqual(before);
  });
});

test('a study whose process is killed goes on, and ends with the same bytes', async () => {
  const folder = out('killed');
  // Before, between and right after files come under their names.
  const moments: StopAt[] = [
    { file: /logits\.safetensors$/, before: true },
    { file: /\big\.noising/, count: 4 },
    { text: 'patching: ' },
    { file: /neurons_to_heads.c\b/, count: 3, before: true },
    { file: /\bpatch\.denoising/, count: 2 },
    { file: /\bmediation\.safetensors$/, before: true },
    { file: /\.png$/, count: 3, before: true },
    { file: /report\.html$/ },
  ];
  for (const [i, moment] of moments.entries()) {
    expect(await runChild([reference.folder, folder], moment), `moment ${i}`).toBe(false);
    checkNothingHalfWritten(folder);
  }
  expect(await runChild([reference.folder, folder])).toBe(true);
  checkFinished(folder);
});

describe('--resume', () => {
  let begun: string;
  beforeAll(async () => {
    begun = out('begun');
    const controller = new AbortController();
    const onProgress = ({ phase, done }: { phase: string; done: number }) => {
      if (phase === 'integrated gradients' && done === 3) controller.abort();
    };
    await study(model, pair, { out: begun }, { signal: controller.signal, onProgress }).catch(() => {});
  });

  const others: [key: string, options: Partial<StudyOptions>][] = [
    ['components', { components: ['heads'] }],
    ['directions', { directions: ['noising'] }],
    ['measures', { measures: ['l2'] }],
    ['full', { full: true }],
    ['steps', { steps: 10 }],
    ['quantile', { quantile: 0.8 }],
    ['tau', { tau: 0.1 }],
    ['seed', { seed: 1 }],
    ['batch', { batch: 8 }],
  ];
  test.each(others)('with other %s is refused, begun or complete', async (key, options) => {
    for (const folder of [begun, whole]) {
      const before = filesOf(folder);
      const run = study(model, pair, { out: folder, resume: true, ...options });
      await expect(run).rejects.toBeInstanceOf(InputError);
      await expect(run).rejects.toThrow(new RegExp(`with ${key} .*got ${key} `));
      expect(filesOf(folder)).toEqual(before);
    }
  });

  test('with another pair or other weights is refused', async () => {
    const ids = reference.pair;
    const changed: [key: string, pair: Pair][] = [
      [
        'clean',
        pairFromIds(model.config, {
          ...ids,
          clean: [1, ...ids.clean.slice(1)],
          corrupted: [1, ...ids.corrupted.slice(1)],
        }),
      ],
      ['corrupted', pairFromIds(model.config, { ...ids, corrupted: [...ids.corrupted.slice(0, -1), 3] })],
      ['answer', pairFromIds(model.config, { ...ids, answer: 4 })],
      ['wrong', pairFromIds(model.config, { ...ids, wrong: 4 })],
      ['contrast', pairFromIds(model.config, { ...ids, contrast: 'swap' })],
    ];
    for (const [key, other] of changed) {
      await expect(study(model, other, { out: begun, resume: true })).rejects.toThrow(
        new RegExp(`got ${key} `),
      );
    }
    await using raw = await loadTiny(reference.folder, { raw: true });
    await expect(study(raw, pair, { out: begun, resume: true })).rejects.toThrow(
      /weights "processed", got weights "raw"/,
    );
    const another = readCase('gpt2-small-d');
    await using stranger = await loadTiny(another.folder);
    await expect(study(stranger, pairOf(stranger, another), { out: begun, resume: true })).rejects.toThrow(
      /with model .*got model /,
    );
  });

  test('of a complete study changes nothing', async () => {
    const stamps = () => filesOf(whole).map((path) => `${path} ${statSync(join(whole, path)).mtimeMs}`);
    const before = stamps();
    const again = await study(model, pair, { out: whole, resume: true });
    expect(again.wasComplete).toBe(true);
    expect(again.json.labels).toEqual(
      (JSON.parse(readFileSync(join(whole, 'study.json'), 'utf8')) as { labels: unknown }).labels,
    );
    expect(stamps()).toEqual(before);
  });

  test('is needed for a folder that is not empty, and takes none of another kind', async () => {
    await expect(study(model, pair, { out: begun })).rejects.toThrow(/expected an empty folder for --out/);
    await expect(study(model, pair, { out: whole })).rejects.toThrow(InputError);
    const foreign = out('foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis.txt'), 'mine');
    await expect(study(model, pair, { out: foreign, resume: true })).rejects.toThrow(/thesis\.txt/);
    expect(filesOf(foreign)).toEqual(['thesis.txt']);
  });

  test('goes on with what was begun', async () => {
    const seen: string[] = [];
    await study(
      model,
      pair,
      { out: begun, resume: true, figures: false },
      { onProgress: ({ phase }) => seen.push(phase) },
    );
    expect(differingFiles(begun, whole)).toEqual([]);
    expect(new Set(seen)).toContain('patching');
  });
});
