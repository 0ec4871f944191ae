/**
 * `study --shard` and `merge` as a user runs them: what they print, how job arrays give the shard, and kills.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CliOptions,
  type CliResult,
  differingFiles,
  expectRefusal,
  filesBelow,
  runCli,
  timesBelow,
} from '../support/run-cli.ts';
import type { StopAt } from '../support/stop-at.ts';

const root = mkdtempSync(join(tmpdir(), 'mediators-merge-'));
afterAll(() => rmSync(root, { recursive: true }));

const MODEL = join(import.meta.dirname, '../fixtures/gpt2-plain');
const PAIR = ['--clean-ids', '0,3,27,31,4,50,6', '--corrupted-ids', '0,3,27,66,4,50,6'];
const STUDY = ['study', '--model', MODEL, ...PAIR, '--answer-id', '27', '--wrong-id', '68'];
const isResult = (path: string) => /^[^/]+\.safetensors$/.test(path) || path.startsWith('effects.zarr');

function study(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli([...STUDY, '--threads', '1', ...args], { cwd: root, ...options });
}

function merge(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli(['merge', ...args], { cwd: root, ...options });
}

const jobArray = (id: number): Record<string, string> => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: '1',
  SLURM_ARRAY_TASK_MAX: '2',
  SLURM_ARRAY_TASK_COUNT: '2',
  SLURM_ARRAY_TASK_STEP: '1',
});

let shards: CliResult[];
beforeAll(async () => {
  const whole = study(['--out', 'whole', '--quiet'], { env: jobArray(2) });
  const runs = [0, 1].map((index) => study(['--shard', `${index}/2`, '--out', `part${index}`]));
  shards = await Promise.all(runs);
  await whole;
});

describe('study --shard', () => {
  test('prints one line: what is there, and how to merge', () => {
    expect(shards.map(({ code }) => code)).toEqual([0, 0]);
    expect(shards[0]!.stdout).toMatch(
      /^shard 0\/2 is done: part0 holds \d+ of \d+ units, not yet all of shard 1 of 2; then: mediators merge --out DIR part0 PART\.\.\., .*--out part0 part0\n$/,
    );
    expect(shards[0]!.stderr).toMatch(/^integrated gradients +\d+ layers, /m);
    expect(readdirSync(join(root, 'part0')).sort()).toEqual(['.work', 'effects.zarr']);
  });

  test('is run again by the same command, which finds all done; --json prints the record', async () => {
    const again = await study(['--shard', '1/2', '--out', 'part1', '--quiet', '--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const record = JSON.parse(again.stdout) as { command: string };
    expect(record).toMatchObject({ schema: 'mediators/shard@1', shard: { index: 1, count: 2 } });
    expect(record.command).toMatch(/^mediators study --model \S+ --clean-ids [\d,]+ .*--wrong-id 68$/);
  });

  test('reads the job array where it is asked to, and only there', async () => {
    expect(existsSync(join(root, 'whole/study.json'))).toBe(true);
    const run = (id: number) =>
      study(['--shard', 'auto', '--out', 'shared', '--quiet'], { env: jobArray(id) });
    const results = await Promise.all([run(1), run(2)]);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const merged = await merge(['--out', 'shared', 'shared', '--quiet']);
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    expect(differingFiles(join(root, 'shared'), join(root, 'whole'), isResult)).toEqual([]);
    const late = await study(['--shard', 'auto', '--out', 'shared', '--quiet'], { env: jobArray(2) });
    expect(late).toMatchObject({ code: 0, stderr: '' });
    expect(late.stdout).toMatch(/^The study was complete already; nothing was changed\.\n/);
  });

  test.each([
    ['2/2', /expected i\/n .* for --shard, got "2\/2"; mediators study --help has examples/],
    ['auto', /expected a whole number in SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX/],
  ])('refuses %s before anything is read', async (value, message) => {
    expectRefusal(await runCli(['study', '--model', 'nowhere', '--shard', value], { cwd: root }), message);
  });

  test('refuses the folder of another study', async () => {
    const before = timesBelow(join(root, 'part0'));
    const other = await study(['--shard', '0/2', '--out', 'part0', '--seed', '3']);
    expectRefusal(other, /the study that part0 holds, with seed 0, got seed 3/);
    expect(timesBelow(join(root, 'part0'))).toEqual(before);
  });
});

describe('merge', () => {
  test('makes the study, tells its progress and ends as a study does', async () => {
    const merged = await merge(['--out', 'all', 'part0', 'part1']);
    expect(merged.code).toBe(0);
    expect(merged.stderr.replace(/ [\d.]+ s$/gm, ' TIME').split('\n')).toEqual([
      expect.stringMatching(/^checking {15}\d+ units, TIME$/),
      expect.stringMatching(/^copying {16}\d+ files, TIME$/),
      expect.stringMatching(/^figures and page {7}TIME$/),
      expect.stringMatching(/^total {18}TIME$/),
      '',
    ]);
    expect(merged.stdout).toMatch(/^gpt2-plain, .* pair: F = .*\n[^]*page: all[/\\]report\.html\n$/);
    expect(differingFiles(join(root, 'all'), join(root, 'whole'), isResult)).toEqual([]);
    expect(filesBelow(join(root, 'all'))).toEqual(filesBelow(join(root, 'whole')));
    const json = await merge(['--out', 'all', 'part0', 'part1', '--json', '--quiet']);
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(json.stdout).toBe(readFileSync(join(root, 'all/study.json'), 'utf8'));
  });

  test.runIf(process.platform !== 'win32')('killed is run again, whatever the moment', async () => {
    // While it copies, before and after a file has its name; while it finishes; behind the last file.
    const moments: StopAt[] = [
      { file: /effects\.zarr.*\bc\b/, count: 3, before: true },
      { file: /\bpatch\./, count: 2 },
      { file: /shard\.1-of-2\.json$/ },
      { file: /scores\.safetensors$/, before: true },
      { file: /\.svg$/, count: 2 },
      { file: /study\.json$/ },
    ];
    for (const [i, moment] of moments.entries()) {
      const stopAt: StopAt = { ...moment, signal: 'SIGKILL' };
      const killed = await merge(['--out', 'killed', 'part0', 'part1', '--quiet'], { stopAt });
      expect(killed, `moment ${i}`).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    }
    expect(await merge(['--out', 'killed', 'part0', 'part1', '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(differingFiles(join(root, 'killed'), join(root, 'whole'), isResult)).toEqual([]);
    expect(filesBelow(join(root, 'killed'))).toEqual(filesBelow(join(root, 'whole')));
  });

  test('says what is missing, and the command for it', async () => {
    expectRefusal(
      await merge(['--out', 'never', 'part1']),
      /missing are units of shard 0 of 2, .*, or run: mediators study --model .*--wrong-id 68 --shard 0\/2 --out part1\n/,
    );
    expect(existsSync(join(root, 'never'))).toBe(false);
  });

  test.each([
    [['part0'], /required option '--out <folder>' not specified; see mediators merge --help/],
    [['--out', 'x'], /missing required argument 'part'; see mediators merge --help/],
    [['--out', 'x', 'whole'], /got whole with a finished study/],
    [['--out', 'x', 'nowhere'], /got nowhere \(no such file\)/],
  ])('refuses %j', async (args, message) => {
    expectRefusal(await merge(args), message);
    expect(existsSync(join(root, 'x'))).toBe(false);
  });

  test('has help with examples', async () => {
    const { stdout } = await merge(['--help']);
    expect(stdout).toMatch(/^Usage: mediators merge \[options\] <part\.\.\.>/);
    expect(stdout).toContain('mediators merge --out all part0 part1 part2\n');
  });
});
