/**
 * `mediators compare` as a user runs it: two small surveys of the embedded model, and every mistake refused in one line.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compareSurveys } from '../../src/compare/compare.ts';
import { CancelledError } from '../../src/errors.ts';
import { parseComparisonJson } from '../../src/results/comparison-json.ts';
import { type CliResult, expectRefusal, filesBelow, runCli, timesBelow } from '../support/run-cli.ts';
import { scratch } from '../support/studies.ts';

const at = scratch();
let root = '';
let first: CliResult;
const run = (...args: readonly string[]) => runCli(args, { cwd: root });

beforeAll(async () => {
  root = at('root');
  mkdirSync(root);
  const options = ['--n', '3', '--components', 'heads', '--draws', '20', '--steps', '4', '--quiet'];
  for (const contrast of ['swap', 'removal']) {
    const made = await run('survey', '--task', 'ioi', '--contrast', contrast, '--out', contrast, ...options);
    expect(made).toMatchObject({ code: 0, stderr: '' });
  }
  const newer = join(root, 'newer');
  cpSync(join(root, 'swap'), newer, { recursive: true });
  const file = join(newer, 'survey.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('mediators/survey@1', 'mediators/survey@2'));
  const damaged = join(root, 'damaged');
  cpSync(join(root, 'swap'), damaged, { recursive: true });
  writeFileSync(join(damaged, 'pairs.parquet'), 'no table');
  const unfinished = join(root, 'unfinished');
  cpSync(join(root, 'swap'), unfinished, { recursive: true });
  rmSync(join(unfinished, 'survey.json'));
  writeFileSync(join(root, 'file'), '');
  first = await run('compare', 'swap', 'removal');
}, 120_000);

describe('the command', () => {
  test('says what differs, how both answer, and what was found', () => {
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^A \(swap\): swap, embedded, ioi, swap: 3 pairs in \d clusters\n/);
    expect(first.stdout).toMatch(/\nD +\d/);
    expect(first.stdout).toMatch(
      /\nA and B differ in contrast \(swap against removal\); of 3 and 3 pairs \d/,
    );
    expect(first.stdout).toMatch(/page: mediators-comparison\/report\.html\n$/);
    expect(first.stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('writes a comparison, figures and a page', () => {
    const folder = join(root, 'mediators-comparison');
    const path = join(folder, 'comparison.json');
    const found = parseComparisonJson(readFileSync(path, 'utf8'), path);
    expect(found).toMatchObject({
      complete: true,
      same_model: true,
      command: 'mediators compare swap removal',
    });
    expect(found.components.map(({ direction }) => direction)).toEqual(['noising', 'denoising']);
    expect(found.labels[0]!.table.flat().reduce((sum, count) => sum + count)).toBe(32);
    const files = filesBelow(folder);
    for (const figure of ['effects', 'difference', 'strongest', 'depth'])
      expect(files).toContain(join('figures', `compare-heads-${figure}.png`));
    const page = readFileSync(join(folder, 'report.html'), 'utf8').replace(
      /<(style|script)>[\s\S]*?<\/\1>/g,
      '',
    );
    expect(page).toContain('id="table-labels-heads"');
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  test('--json writes comparison.json alone to stdout', async () => {
    const { code, stdout, stderr } = await run(
      'compare',
      'swap',
      'swap/../removal',
      '--out',
      'json',
      '--json',
      '--quiet',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(readFileSync(join(root, 'json', 'comparison.json'), 'utf8'));
  });

  test('report draws figures and page again, without the surveys', async () => {
    const moved = join(root, 'moved', 'away');
    cpSync(join(root, 'mediators-comparison'), moved, { recursive: true });
    const before = readFileSync(join(moved, 'report.html'));
    rmSync(join(moved, 'report.html'));
    const { code, stdout } = await run('report', moved);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^8 figure files\n/);
    expect(readFileSync(join(moved, 'report.html')).equals(before)).toBe(true);
  });
});

describe('a signal', () => {
  const stopped = async (out: string, phase: string) => {
    const controller = new AbortController();
    const onProgress = (now: { readonly phase: string }) => now.phase === phase && controller.abort();
    const folders = [join(root, 'swap'), join(root, 'removal')] as const;
    await expect(
      compareSurveys(...folders, { out }, { signal: controller.signal, onProgress }),
    ).rejects.toThrow(new CancelledError('cancelled; nothing was written, run it again'));
  };

  test('before anything is written leaves no folder', async () => {
    await stopped(join(root, 'early'), 'comparing');
    expect(existsSync(join(root, 'early'))).toBe(false);
  });

  test('while figures are drawn leaves an empty one, which the same command fills', async () => {
    const late = join(root, 'late');
    await stopped(late, 'figures and page');
    expect(filesBelow(late)).toEqual([]);
    expect(await run('compare', 'swap', 'removal', '--out', 'late', '--quiet')).toMatchObject({ code: 0 });
  });
});

describe.concurrent('refuses', () => {
  const rows: [args: readonly string[], message: RegExp][] = [
    [['swap'], /missing required argument 'b'; see mediators compare --help/],
    [
      ['swap', 'nothing'],
      /expected the folder of a finished survey, got nothing: no such folder; check the path/,
    ],
    [
      ['unfinished', 'swap'],
      /expected the folder of a finished survey, got unfinished, which holds none; check the path/,
    ],
    [['swap', 'file'], /expected the folder of a finished survey, got file: a file; check the path/],
    [
      ['swap', 'mediators-comparison'],
      /expected the folder of a finished survey, got mediators-comparison, which holds a comparison; check/,
    ],
    [['newer', 'swap'], /unknown schema: "mediators\/survey@2" in newer.*update mediators/],
    [['damaged', 'swap'], /expected pairs of a survey in damaged\/pairs\.parquet, got no Parquet file/],
    [['swap', './swap'], /expected two surveys, got swap twice/],
    [
      ['swap', 'removal', '--out', 'swap'],
      /expected an empty folder for --out, got swap with \d+ entries; choose/,
    ],
    [['swap', 'removal', '--out', ''], /expected a folder for --out, got an empty name/],
    [['swap', 'removal', 'sva'], /too many arguments for 'compare'/],
  ];
  test.each(rows)('%j', async (args, message) => {
    const before = timesBelow(join(root, 'swap'));
    const out = args.includes('--out') ? [] : ['--out', 'refused'];
    expectRefusal(await run('compare', ...args, ...out), message);
    expect(existsSync(join(root, 'refused'))).toBe(false);
    expect(timesBelow(join(root, 'swap'))).toEqual(before);
  });
});
