/** `mediators survey` as a user runs it, on the embedded model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSurveyJson } from '../../src/results/survey-json.ts';
import { type CliResult, expectRefusal, runCli, timesBelow } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mediators-survey-'));
afterAll(() => rmSync(root, { recursive: true }));

const SURVEY = ['survey', '--task', 'ioi', '--n', '2', '--components', 'heads', '--no-gains', '--steps', '8'];
const COLUMNS = 'clean,corrupted_hard,correct_idx,incorrect_idx';
const run = (...args: readonly string[]) => runCli(args, { cwd: root });
let first: CliResult;
beforeAll(async () => {
  writeFileSync(join(root, 'columns.csv'), 'clean,correct_idx,incorrect_idx\nA,1,2\n');
  writeFileSync(join(root, 'empty.csv'), `${COLUMNS}\n`);
  writeFileSync(join(root, 'bytes.csv'), Buffer.from([0x63, 0xff, 0xfe, 0x0a]));
  first = await run(...SURVEY, '--out', 'out');
});

describe('the command', () => {
  test('ends with what was found, and the page', () => {
    expect(first.code).toBe(0);
    const lines = first.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^embedded, ioi: 2 pairs in \d clusters? \(.+\)$/);
    expect(lines[2]).toMatch(/^ioi, swap: the model solves \d+% of 2 pairs; F is /);
    expect(lines.at(-1)).toBe(`page: ${join('out', 'report.html')}`);
  });

  test('tells its plan before weights are read, then its progress', () => {
    expect(first.stderr).toMatch(
      /^plan: [\d ]+ runs, .*FLOP, perhaps [\d.]+ s, up to \d+ MB of memory, .* on disk; not counted: statistics\nweights /,
    );
    for (const phase of ['pairs', 'statistics', 'figures and page', 'total'])
      expect(first.stderr).toMatch(new RegExp(`^${phase} .*\\d s$`, 'm'));
  });

  test('writes a survey with a page, and the command that makes it again', () => {
    const path = join(root, 'out', 'survey.json');
    const survey = parseSurveyJson(readFileSync(path, 'utf8'), path);
    expect(survey).toMatchObject({ complete: true, n: 2, task: { name: 'ioi', contrast: 'swap' } });
    expect(survey.command).toBe(`mediators ${SURVEY.join(' ')}`);
    const page = readFileSync(join(root, 'out', 'report.html'), 'utf8');
    expect(page).toContain('mediators survey --task ioi --n 2');
    const text = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
    expect(text).not.toMatch(/NaN|undefined|\[object/);
  });

  test('--resume finds it done and changes nothing', async () => {
    const before = timesBelow(join(root, 'out'));
    const again = await run(...SURVEY, '--out', 'out', '--resume');
    expect(again.code).toBe(0);
    expect(again.stdout).toBe(`The survey was complete already; nothing was changed.\n${first.stdout}`);
    expect(timesBelow(join(root, 'out'))).toEqual(before);
  });

  test('--resume tells the plan of the pairs that are missing', async () => {
    const stopAt = { file: /answers\.\d+\.safetensors$/, signal: 'SIGKILL' } as const;
    const killed = await runCli([...SURVEY, '--out', 'killed'], { cwd: root, stopAt });
    const resumed = await run(...SURVEY, '--out', 'killed', '--resume');
    expect(resumed.code).toBe(0);
    const runsOf = ({ stderr }: CliResult) =>
      Number(/^plan: ([\d ]+) runs, /.exec(stderr)![1]!.replaceAll(' ', ''));
    expect([first, killed, resumed].map(runsOf)).toEqual([1, 1, 0.5].map((share) => share * runsOf(first)));
  });

  test('report draws figures and page again', async () => {
    const page = join(root, 'out', 'report.html');
    const before = readFileSync(page);
    rmSync(page);
    const redrawn = await run('report', 'out');
    expect(redrawn.code).toBe(0);
    expect(redrawn.stdout).toMatch(/^\d+ figure files\npage: /);
    expect(readFileSync(page).equals(before)).toBe(true);
  });

  test('--json writes survey.json alone to stdout', async () => {
    const { code, stdout, stderr } = await run(...SURVEY, '--out', 'out', '--resume', '--json', '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(root, 'out', 'survey.json'), 'utf8')));
  });
});

test('--skip-invalid counts and lists what it leaves out, in the terminal, survey.json and page', async () => {
  const rows = ['clean,corrupted,group,plural', 'The key near the doors,The keys near the doors,near,0'];
  const spoilt = ['The key,The keys', 'The key,The big keys,near,0', rows[1]!, 'The door,The doors,near,2'];
  writeFileSync(join(root, 'mixed.csv'), [...rows, ...spoilt].join('\n'));
  const asked = [
    'survey',
    '--task',
    'sva',
    '--data',
    'mixed.csv',
    '--components',
    'heads',
    '--methods',
    'ap',
  ];
  expectRefusal(await run(...asked, '--out', 'mixed'), /^mediators: mixed\.csv, line 3, column group: /);
  expect(existsSync(join(root, 'mixed'))).toBe(false);
  const { code, stdout } = await run(...asked, '--no-gains', '--skip-invalid', '--out', 'mixed');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^embedded, sva: 1 pair in 1 cluster \(/);
  expect(stdout).toMatch(/^left out: 4 examples\n {2}1 x expected /m);
  const path = join(root, 'mixed', 'survey.json');
  const { n, skipped } = parseSurveyJson(readFileSync(path, 'utf8'), path);
  expect(n + skipped.length).toBe(5);
  expect(skipped.map(({ row, line, column }) => [row, line, column])).toEqual([
    [1, 3, 'group'],
    [2, 4, 'corrupted'],
    [3, 5, 'clean'],
    [4, 6, 'plural'],
  ]);
  const page = readFileSync(join(root, 'mixed', 'report.html'), 'utf8');
  expect(page).toContain('4 skipped examples');
});

describe.concurrent('refuses', () => {
  const rows: [args: readonly string[], message: RegExp][] = [
    [[], /expected --task, got none; mediators tasks lists the tasks/],
    [['--task', 'iot'], /"iot"/],
    [['--task', 'ioi', '--n', '0'], /--n.*"0"/],
    [
      ['--task', 'ioi', '--n', '2', '--methods', 'ap,guess'],
      /expected some of ap, .* for --methods, got "ap,guess"/,
    ],
    [['--task', 'sva', '--contrast', 'removal'], /removal/],
    [['--task', 'ioi', '--n', '2', '--tau', '-1'], /--tau.*"-1"/],
    [['--task', 'ioi', '--data', 'none.csv'], /none\.csv/],
    [['--task', 'ioi', '--data', 'columns.csv'], /columns\.csv.*corrupted_hard/],
    [['--task', 'ioi', '--data', 'empty.csv'], /empty\.csv/],
    [['--task', 'ioi', '--data', 'bytes.csv'], /bytes\.csv.*UTF-8/],
    [['--task', 'ioi', '--n', '2', '--out', 'out'], /out/],
    [
      [...SURVEY.slice(1), '--n', '3', '--resume', '--out', 'out'],
      /that out holds, with pairs 2, got pairs 3;/,
    ],
    [
      [...SURVEY.slice(1), '--seed', '5', '--resume', '--out', 'out'],
      /with seed 0, got seed 5; give the same/,
    ],
  ];
  test.each(rows)('%j', async (args, message) => {
    const out = args.includes('--out') ? [] : ['--out', 'refused'];
    expectRefusal(await run('survey', ...args, ...out), message);
    expect(existsSync(join(root, 'refused'))).toBe(false);
  });
});
