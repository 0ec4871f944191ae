/** `mediators audit` as a user runs it: two pairs of ids on a tiny model. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, expectRefusal, runCli, timesBelow } from '../support/run-cli.ts';

const MODEL = join(import.meta.dirname, '../fixtures/gpt2-last');
const root = mkdtempSync(join(tmpdir(), 'mediators-audit-'));
afterAll(() => rmSync(root, { recursive: true }));

const AUDIT = ['audit', '--model', MODEL, '--threads', '1', '--pairs', 'pairs.json'];
const FEW = ['--methods', 'attribution_patching,atp_star,through', '--components', 'heads'];
const out = join(root, 'out');
let run: CliResult;
beforeAll(async () => {
  const { clean, corrupted, answer, wrong } = JSON.parse(
    readFileSync(join(MODEL, 'case.json'), 'utf8'),
  ) as Record<string, unknown>;
  const pairs = [
    { clean, corrupted, answer, wrong, contrast: 'removal' },
    { clean: corrupted, corrupted: clean, answer: wrong, wrong: answer, contrast: 'swap' },
  ];
  writeFileSync(join(root, 'pairs.json'), JSON.stringify(pairs));
  writeFileSync(join(root, 'bad.csv'), 'clean,corrupted,answer,wrong\nA,B, c,\n');
  writeFileSync(join(root, 'long.json'), JSON.stringify([pairs[0], { ...pairs[0], answer: 123456 }]));
  run = await runCli([...AUDIT, ...FEW, '--out', 'out'], { cwd: root });
});

describe('the command', () => {
  test('ends with a table, one line for each kind and method, and the page', () => {
    expect(run.code).toBe(0);
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('gpt2-last: approximations against exact patching, 2 pairs');
    expect(lines.slice(2, 6)).toEqual([
      expect.stringMatching(/^ +k {3}recall at k {3}order {3}wrong signs {3}slope$/),
      expect.stringMatching(/^heads, attribution_patching +10 +- +0\.\d\d +\d+ of \d+ +\d\.\d\d$/),
      expect.stringMatching(/^heads, atp_star +10 +- +0\.\d\d +- +\d\.\d\d$/),
      expect.stringMatching(/^head pairs, through +10 +[01]\.\d\d /),
    ]);
    expect(lines.at(-1)).toBe(`page: ${join('out', 'report.html')}`);
  });

  test('tells its progress by pair', () => {
    for (const phase of ['1/2 both runs', '1/2 patching', '2/2 methods', 'figures and page', 'total'])
      expect(run.stderr).toMatch(new RegExp(`^${phase} .*\\d s$`, 'm'));
  });

  test('tells first what it will cost', () => {
    expect(run.stderr).toMatch(
      /^plan: [\d ]+ runs, .*FLOP, perhaps [\d.]+ s, up to \d+ MB of memory, .* on disk; not counted: atp_star, tables, figures and page\n/,
    );
  });

  test('--plan tells it and stops, even where results are already', async () => {
    const before = timesBelow(out);
    const table = await runCli([...AUDIT, ...FEW, '--out', 'out', '--plan'], { cwd: root });
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/^gpt2-last, 2 pairs\n\nphase +runs +FLOP +time +memory +disk\n/);
    expect(table.stdout).toMatch(/\nmediation +\d+ .*\ntotal /);
    expect(table.stdout).toMatch(/\nNot counted: atp_star, tables, figures and page\.\n$/);
    const json = await runCli([...AUDIT, '--plan', '--json', '--out', 'none'], { cwd: root });
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ model: 'gpt2-last', pairs: 2, rate: 'assumed' });
    expect(existsSync(join(root, 'none'))).toBe(false);
    expect(timesBelow(out)).toEqual(before);
  });

  test('writes audit.json with the command that makes it again', () => {
    const json = JSON.parse(readFileSync(join(out, 'audit.json'), 'utf8')) as Record<string, unknown>;
    expect(json).toMatchObject({ schema: 'mediators/audit@1', complete: true });
    expect(json.command).toBe(
      `mediators audit --model ${MODEL} --pairs pairs.json --methods attribution_patching,atp_star,through --components heads`,
    );
  });

  test('--resume on a complete audit changes nothing; --json prints the file alone', async () => {
    const before = timesBelow(out);
    const again = await runCli([...AUDIT, ...FEW, '--out', 'out', '--resume'], { cwd: root });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toBe(`The audit was complete already; nothing was changed.\n${run.stdout}`);
    const json = await runCli([...AUDIT, ...FEW, '--out', 'out', '--resume', '--json'], { cwd: root });
    expect(json).toMatchObject({ code: 0, stdout: readFileSync(join(out, 'audit.json'), 'utf8') });
    expect(timesBelow(out)).toEqual(before);
  });

  test('report draws its figures and page again', async () => {
    const page = join(out, 'report.html');
    const before = readFileSync(page, 'utf8');
    rmSync(page);
    const result = await runCli(['report', 'out'], { cwd: root });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^\d+ figure files\npage: out[/\\]report\.html\n$/);
    expect(readFileSync(page, 'utf8')).toBe(before);
  });

  test.runIf(process.platform !== 'win32')('stops at Ctrl-C and goes on', async () => {
    const args = [...AUDIT, '--components', 'heads', '--out', 'stopped'];
    const first = await runCli(args, { cwd: root, stopAt: { text: '1/2 patching' } });
    expect(first).toMatchObject({ code: 130, stdout: '' });
    expect(first.stderr).toMatch(/mediators: cancelled; .*--resume goes on from there\n$/);
    expect(existsSync(join(root, 'stopped', 'audit.json'))).toBe(false);
    expect(await runCli([...args, '--resume', '--quiet'], { cwd: root })).toMatchObject({
      code: 0,
      stderr: '',
    });
  });
});

test('help has the methods, and examples', async () => {
  const { stdout } = await runCli(['audit', '--help']);
  expect(stdout).toMatch(
    /--methods <list> +all, or some of attribution_patching, [\s\S]*\(default:\s+attribution_patching,\s*atp_star,/,
  );
  expect(stdout).toMatch(/--pair <name> [\s\S]*\(default: both of them\)/);
  expect(stdout).toMatch(/Examples:\n {2}mediators audit\n/);
});

describe.concurrent('refuses', () => {
  test.each([
    [['--methods', 'atp'], /expected some of attribution_patching, .*through.* for --methods, got "atp"/],
    [['--methods', 'through', '--components', 'neurons'], /expected heads among the components for through/],
    [['--tau', '-1'], /expected a number above 0 for --tau, got "-1"/],
    [['--pairs', 'none.csv'], /expected a .csv or .json file for --pairs, got none.csv: no such file/],
    [['--pairs', 'bad.csv'], /bad.csv, pair 1: expected clean, .*got no wrong/],
    [['--pairs', 'pairs.json', '--pair', 'removal'], /expected --pairs or one pair, got both/],
    [['--pairs', 'long.json', '--model', MODEL], /long.json, pair 2: .*123456/],
    [['--pairs', 'pairs.json', '--out', 'out'], /expected an empty folder for --out, got out/],
    [
      ['--pairs', 'pairs.json', '--model', MODEL, '--out', 'out', '--resume'],
      /expected the audit that out holds, with methods "attribution_patching,atp_star,through", got methods/,
    ],
  ])('%j', async (args, message) => {
    const more = args.includes('--out') ? [] : ['--out', 'refused'];
    expectRefusal(await runCli(['audit', ...args, ...more], { cwd: root }), message);
    expect(existsSync(join(root, 'refused'))).toBe(false);
  });
});
