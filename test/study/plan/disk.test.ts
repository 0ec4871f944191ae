/**
 * What the plan says of disk against what studies write: every array's bytes and every file's number.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEASURES } from '../../../src/effects/measures.ts';
import type { Model } from '../../../src/patch/model.ts';
import { DEFAULTS, resolveOptions, type StudyOptions } from '../../../src/study/options.ts';
import { type DiskPlan, diskPlan } from '../../../src/study/plan/disk.ts';
import { extentOf } from '../../../src/study/plan/flop.ts';
import { study } from '../../../src/study/study.ts';
import { decodeSafetensors } from '../../../src/tensor/safetensors.ts';
import { loadTiny, pairOf, readCase } from '../../support/cases.ts';
import { GPT2_SMALL } from '../../support/configs.ts';
import { filesOf, scratch } from '../../support/studies.ts';

const out = scratch();

/** Bytes of the arrays in a safetensors file. */
function arrayBytes(path: string): number {
  const tensors = decodeSafetensors(readFileSync(path), path);
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

type Sizes = Omit<DiskPlan, 'page'>;

/** What a study wrote; its units as they were before the page, the last thing that is made. */
async function written(
  model: Model,
  pair: Parameters<typeof study>[1],
  options: StudyOptions,
): Promise<Sizes> {
  const work = join(options.out, '.work');
  const units: Record<string, { files: number; bytes: number }> = {};
  const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }) => {
    if (phase !== (options.mediation === 'none' ? 'patching' : 'mediation') || done < total) return;
    for (const prefix of ['ig.', 'patch.', 'mediation.']) {
      const files = readdirSync(work).filter((name) => name.startsWith(prefix));
      units[prefix] = {
        files: files.length,
        bytes: files.reduce((sum, name) => sum + arrayBytes(join(work, name)), 0),
      };
    }
  };
  await study(model, pair, options, { onProgress });
  const chunks = filesOf(join(options.out, 'effects.zarr')).filter((name) => !name.endsWith('zarr.json'));
  const sizes = chunks.map((name) => statSync(join(options.out, 'effects.zarr', name)).size);
  return {
    effects: sizes.reduce((sum, size) => sum + size, 0),
    effectFiles: chunks.length,
    scores: arrayBytes(join(options.out, 'scores.safetensors')),
    attributionWork: units['ig.']!,
    patchingWork: units['patch.']!,
    mediation: {
      work: units['mediation.']!,
      file: options.mediation === 'none' ? 0 : arrayBytes(join(options.out, 'mediation.safetensors')),
    },
  };
}

describe.each(['gpt2-odd', 'llama-gqa', 'llama-one-layer'])('%s', (name) => {
  const reference = readCase(name);
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
  });
  afterAll(() => model.dispose());

  test.each<[string, Partial<StudyOptions>]>([
    ['by default', {}],
    ['with every measure', { measures: MEASURES }],
    ['heads alone', { components: ['heads'] }],
    [
      'neurons alone, denoising, no measure',
      { components: ['neurons'], directions: ['denoising'], measures: [] },
    ],
  ])('writes what is planned: %s', async (_, chosen) => {
    const pair = pairOf(model, reference);
    const options = resolveOptions({ figures: false, out: out('disk'), steps: 2, ...chosen });
    const { page, ...planned } = diskPlan(model.config, extentOf(pair), options);
    expect(page).toBe(0);
    expect(await written(model, pair, options)).toEqual(planned);
  });
});

test('--full adds the matrices of neurons on neurons: of GPT-2 small 7 GB in each direction and measure', () => {
  const extent = { length: 19, first: 10 };
  const small = diskPlan(GPT2_SMALL, extent, DEFAULTS).effects;
  const full = diskPlan(GPT2_SMALL, extent, { ...DEFAULTS, full: true }).effects;
  // 78 pairs of layers, whole chunks of 3,072 on 3,072; two directions, change and through.
  expect(full - small).toBe(2 * 2 * 4 * 78 * 3072 * 3072);
});
