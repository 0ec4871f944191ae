import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { rebuildReport } from '../../src/report/study/report.ts';
import { readStudyJson } from '../../src/results/read.ts';
import { sampleFolder } from '../support/sample-folder.ts';

/** Drawing is a matter of seconds on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const FIGURES = [
  'heads-asymmetry',
  'heads-directions',
  'heads-gains',
  'heads-ig',
  'heads-latent',
  'heads-ledger',
  'heads-patching',
  'heads-to-heads-denoising',
  'heads-to-heads-noising',
  'neurons-directions',
  'neurons-gains',
  'neurons-layers',
  'neurons-ledger',
  'tokens',
];

const names = (paths: readonly string[]) =>
  [...new Set(paths.map((path) => basename(path).replace(/\.(svg|png)$/, '')))].sort();

describe('rebuildReport', () => {
  it('writes every figure twice and one page, and leaves no temporary file', async () => {
    const folder = await sampleFolder();
    const { page, figures } = await rebuildReport(folder);
    expect(names(figures)).toEqual(FIGURES);
    expect(figures).toHaveLength(2 * FIGURES.length);
    expect((await readdir(join(folder, 'figures'))).length).toBe(figures.length);
    await expect(readdir(join(folder, '.work'))).rejects.toThrow('ENOENT');
    const html = await readFile(page, 'utf8');
    for (const name of FIGURES) expect(html).toContain(`<figure id="figure-${name}">`);
  });

  it('adds the figures of pairs where there are some', async () => {
    const { figures } = await rebuildReport(await sampleFolder({ mediation: 'heads' }));
    expect(names(figures)).toEqual(['circuit', ...FIGURES, 'pairs-interaction', 'pairs-via'].sort());
  });

  it('gives the same bytes again', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const { page, figures } = await rebuildReport(folder);
    const read = () => Promise.all([page, ...figures].map((path) => readFile(path)));
    const first = await read();
    await rebuildReport(folder);
    expect(await read()).toEqual(first);
  });

  it('takes a study that is not written yet', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const study = await readStudyJson(folder);
    await rm(join(folder, 'study.json'));
    await expect(rebuildReport(folder)).rejects.toThrow(InputError);
    await expect(rebuildReport(folder, { study })).resolves.toBeDefined();
  });

  it.each([
    ['heads alone', { kinds: ['heads'] as const }, (name: string) => !name.startsWith('neurons')],
    ['neurons alone', { kinds: ['neurons'] as const }, (name: string) => !name.startsWith('heads')],
    [
      'noising alone',
      { directions: ['noising'] as const },
      (name: string) => !/gains|directions|asymmetry|-denoising/.test(name) || name === 'heads-asymmetry',
    ],
    ['small D', { smallD: true }, (name: string) => !/gains|asymmetry/.test(name)],
    ['absent arrays', { absent: true }, (name: string) => !/to-heads|latent|ledger/.test(name)],
  ])('leaves out what was not computed: %s', async (_what, options, kept) => {
    const { figures } = await rebuildReport(await sampleFolder(options));
    expect(names(figures)).toEqual(FIGURES.filter(kept));
  });

  it('names a file that it cannot write, and leaves the old page', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4, kinds: ['heads'] });
    await writeFile(join(folder, 'report.html'), 'old');
    await mkdir(join(folder, 'figures', 'tokens.svg'), { recursive: true });
    await expect(rebuildReport(folder)).rejects.toThrow(/write .*tokens\.svg/);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe('old');
    expect((await stat(join(folder, 'figures', 'tokens.svg'))).isDirectory()).toBe(true);
  });
});
