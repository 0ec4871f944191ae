import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { openStudy, readStudyJson } from '../../src/results/read.ts';
import { sampleHeadEffects } from '../support/sample-arrays.ts';
import { sampleFolder } from '../support/sample-folder.ts';

describe('openStudy', () => {
  it('reads study, scores and effects', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const { study, scores, effects } = await openStudy(folder);
    expect(study.shape).toEqual({ layers: 3, heads: 4, neurons: 64 });
    expect(scores.get('ap.noising.heads')?.shape).toEqual([3, 4]);
    expect(scores.get('ledger.denoising.neurons')?.shape).toEqual([3, 64, 4]);
    const matrix = await effects.read('noising', 'heads_to_heads_through');
    const written = sampleHeadEffects({ layers: 3, heads: 4, neurons: 64 }, true, 21);
    expect(matrix?.shape).toEqual([3, 4, 3, 4]);
    expect(matrix?.data).toEqual(written.data);
    const source = await effects.readSource('noising', 'heads_to_heads_through', 1, 2);
    expect(source?.data).toEqual(written.data.slice((4 + 2) * 12, (4 + 3) * 12));
    expect(await effects.attributes('noising', 'heads_to_heads')).toMatchObject({ measure: 'change' });
  });

  it('reads missing chunks as 0 and absent arrays as undefined', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    await rm(join(folder, 'effects.zarr/noising/heads_to_heads/c/0/0/2/0'));
    const { effects } = await openStudy(folder);
    const matrix = await effects.read('noising', 'heads_to_heads');
    const ofSource = matrix!.data.subarray(0, 12);
    expect([...ofSource.subarray(8, 12)]).toEqual([0, 0, 0, 0]);
    expect(ofSource.subarray(4, 8).every((value) => value > 0)).toBe(true);
    expect(await effects.read('noising', 'neurons_to_neurons')).toBeUndefined();
    expect(await effects.has('noising', 'neurons_to_neurons')).toBe(false);
  });

  it('takes a study that is not written yet', async () => {
    const folder = await sampleFolder();
    const study = await readStudyJson(folder);
    await rm(join(folder, 'study.json'));
    await expect(openStudy(folder)).rejects.toThrow(
      /expected the folder of a finished study, got .*, which holds none/,
    );
    expect((await openStudy(folder, study)).study).toBe(study);
  });

  it('refuses an incomplete store, an incomplete study and a truncated file', async () => {
    const folder = await sampleFolder();
    const edit = async (name: string, from: string, to: string) => {
      const path = join(folder, name);
      await writeFile(path, (await readFile(path, 'utf8')).replace(from, to));
    };
    await edit('study.json', '"complete": true', '"complete": false');
    await expect(openStudy(folder)).rejects.toThrow(/expected a finished study, got .*--resume/);
    await edit('study.json', '"complete": false', '"complete": true');
    await edit('effects.zarr/zarr.json', '"complete": true', '"complete": false');
    await expect(openStudy(folder)).rejects.toThrow(/incomplete effects: .*--resume/);
    await edit('effects.zarr/zarr.json', '"complete": false', '"complete": true');
    const scores = join(folder, 'scores.safetensors');
    await writeFile(scores, (await readFile(scores)).subarray(0, 1000));
    await expect(openStudy(folder)).rejects.toThrow(InputError);
  });

  it('refuses a folder without a store, and sources that do not exist', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const { effects } = await openStudy(folder);
    await expect(effects.readSource('noising', 'heads_to_heads', 3, 0)).rejects.toThrow(
      /invalid source: \[3, 0\]/,
    );
    await rm(join(folder, 'effects.zarr'), { recursive: true });
    await expect(openStudy(folder)).rejects.toThrow(/missing effects/);
  });
});
