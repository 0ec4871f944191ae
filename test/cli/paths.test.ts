/**
 * `mediators paths` as a user runs it: the files, the tables, and what it refuses.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { expectRefusal, filesBelow, runCli } from '../support/run-cli.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();
const { folder, pair } = readCase('llama-gqa');
const ANSWERS = ['--answer-id', String(pair.answer), '--wrong-id', String(pair.wrong)];
const PROMPTS = ['--clean-ids', pair.clean.join(), '--corrupted-ids', pair.corrupted.join()];
const MODEL = ['--model', folder, ...PROMPTS, ...ANSWERS];

test('everything that is asked for is written, as the references have it, and printed', async () => {
  const results = out('all');
  const asked = ['--direct', '--positions', '--receivers', '1.0,2.0', '--input', 'q,v'];
  const args = ['paths', ...MODEL, ...asked, '--components', 'heads,neurons', '--quiet', '--out', results];
  const run = await runCli(args);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/^F = -?\d+\.\d{3} clean, .*\n\nstrongest heads, noising\n +total +direct/);
  expect(run.stdout).toMatch(/\nheads into v of 1\.0, 2\.0 together, denoising\n {2}\d\.\d -?\d/);
  expect(filesBelow(results)).toEqual(['paths.json', 'paths.safetensors']);

  const record = JSON.parse(readFileSync(join(results, 'paths.json'), 'utf8'));
  expect(record).toMatchObject({
    schema: 'mediators/paths@1',
    options: {
      receivers: [
        [1, 0],
        [2, 0],
      ],
      inputs: ['q', 'v'],
      mlps: 'recomputed',
    },
    query_heads_per_key_value_head: 2,
  });
  expect(record.command).toContain('--receivers 1.0,2.0 --input q,v');
  const file = join(results, 'paths.safetensors');
  const arrays = decodeSafetensors(readFileSync(file), file) as Map<string, Tensor>;
  expect(record.arrays).toEqual(Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape])));
  expect(arrays.size).toBe(2 * (2 * 5 + 2 * 2 * 3 + 1));

  const paths = readCase('llama-gqa', 'paths.safetensors');
  for (const [ours, theirs] of [
    ['direct.frozen_all.noising.neurons', 'direct.frozen_all.noising.neurons'],
    ['direct.frozen_heads.denoising.heads', 'direct.frozen_heads.denoising.heads'],
    ['ap.noising.heads.positions', 'ap.noising.heads.positions'],
    ['path.noising.q.together', 'path.noising.q.heads.together'],
    ['path.denoising.v.together.neurons', 'path.denoising.v.neurons.together'],
  ] as const) {
    expect(arrays.get(ours), ours).toBeClose(paths.expected(theirs), { ...TOLERANCES.reference, atol: 2e-6 });
  }
});

test('--json prints the record alone, and the directions asked are the only ones', async () => {
  const results = out('json');
  const asked = ['--receivers', '2.1', '--mlps', 'frozen', '--directions', 'denoising', '--json'];
  const run = await runCli(['paths', ...MODEL, ...asked, '--quiet', '--out', results]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toBe(readFileSync(join(results, 'paths.json'), 'utf8'));
  expect(JSON.parse(run.stdout).arrays).toEqual({ 'path.denoising.q.2.1': [3, 4] });
});

describe.concurrent('refused', () => {
  test.each<[args: string, message: RegExp]>([
    ['--receivers 9', /expected heads as layer\.head, .* for --receivers, got "9"/],
    ['--receivers 1.1,1.1', /each once/],
    ['--receivers 1.4', /expected receivers of layers 0 to 2 and heads 0 to 3, got 1\.4/],
    ['--input q', /expected --receivers beside --input, got none/],
    ['--receivers 1.1 --mlps frozen,recomputed', /expected recomputed or frozen for --mlps/],
    ['--receivers 1.1 --input z', /for --input, got "z"/],
    ['--nonsense', /unknown option '--nonsense'; see mediators paths --help/],
    ['--steps 5', /unknown option '--steps'/],
  ])('%s', async (args, message) => {
    const results = out('refused');
    expectRefusal(await runCli(['paths', ...MODEL, ...args.split(' '), '--out', results]), message);
    expect(existsSync(results)).toBe(false);
  });

  test('a folder that is not empty', async () => {
    expectRefusal(
      await runCli(['paths', ...MODEL, '--out', folder]),
      /expected an empty folder for --out, got .* entries; choose another\n$/,
    );
  });
});
