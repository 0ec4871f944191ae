/** `mediators faithfulness` as a user runs it, on the embedded model. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseFaithfulnessJson } from '../../src/results/faithfulness-json.ts';
import { type CliResult, expectRefusal, runCli, timesBelow } from '../support/run-cli.ts';
import { scratch } from '../support/studies.ts';

const at = scratch();
const RUN = ['faithfulness', '--task', 'ioi', '--n', '4', '--methods', 'eap', '--select', 'signed'];
const QUICK = [...RUN, '--sizes', '0.01,0.1,1', '--draws', '1'];
const out = at('out');
let first: CliResult;
beforeAll(async () => {
  first = await runCli([...QUICK, '--out', out]);
}, 120_000);

describe('the command', () => {
  test('ends with areas, what was found, and the page', () => {
    expect(first.code).toBe(0);
    const lines = first.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^embedded, ioi: scores from \d pairs, circuits on \d others \(.+\)$/);
    expect(lines[2]).toMatch(/^curve +CPR +random +CMD +random$/);
    expect(lines[3]).toMatch(/^eap\.edges\.signed\.greedy +\d\.\d{3} /);
    expect(lines.at(-1)).toBe(`page: ${join(out, 'report.html')}`);
    for (const phase of ['scores', 'circuits', 'figures and page', 'total'])
      expect(first.stderr).toMatch(new RegExp(`^${phase} .*\\d s$`, 'm'));
  });

  test('writes what makes it again', () => {
    const path = join(out, 'faithfulness.json');
    const found = parseFaithfulnessJson(readFileSync(path, 'utf8'), path);
    expect(found).toMatchObject({ complete: true, options: { sizes: [0.01, 0.1, 1], circuit_sizes: [0.1] } });
    expect(found.command).toBe(`mediators ${QUICK.join(' ')}`);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(found.command);
    expect(existsSync(join(out, 'circuits', 'eap.edges.signed.greedy.0.1.json'))).toBe(true);
  });

  test('--resume finds it done and changes nothing; --json prints the file', async () => {
    const before = timesBelow(out);
    const again = await runCli([...QUICK, '--out', out, '--resume']);
    expect(again.stdout).toBe(`The run was complete already; nothing was changed.\n${first.stdout}`);
    const { code, stdout } = await runCli([...QUICK, '--out', out, '--resume', '--json', '--quiet']);
    expect([code, stdout]).toEqual([0, readFileSync(join(out, 'faithfulness.json'), 'utf8')]);
    expectRefusal(
      await runCli([...QUICK, '--contrast', 'removal', '--out', out, '--resume']),
      /expected the faithfulness that .* holds, with contrast "swap", got contrast "removal"; give the same/,
    );
    expect(timesBelow(out)).toEqual(before);
  });

  test('report draws figures and page again', async () => {
    const page = join(out, 'report.html');
    const before = readFileSync(page);
    rmSync(page);
    const redrawn = await runCli(['report', out]);
    expect(redrawn.stdout).toMatch(/^2 figure files\npage: /);
    expect(readFileSync(page).equals(before)).toBe(true);
  });
});

test('Ctrl-C ends with 130 and nothing half-written; --resume goes on', async () => {
  const folder = at('stopped');
  const stopped = await runCli([...QUICK, '--n', '40', '--out', folder], {
    stopAt: { text: 'scores ' },
  });
  expect(stopped).toMatchObject({ code: 130, stdout: '' });
  expect(stopped.stderr).toContain('--resume goes on from there');
  expect(existsSync(join(folder, 'faithfulness.json'))).toBe(false);
  expectRefusal(await runCli([...QUICK, '--n', '40', '--out', folder]), /expected an empty folder for --out/);
  const resumed = await runCli([...QUICK, '--n', '40', '--out', folder, '--resume', '--quiet']);
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
}, 240_000);

describe.concurrent('refuses', () => {
  const rows: [args: readonly string[], message: RegExp][] = [
    [[], /expected --task, got none; mediators tasks lists the tasks/],
    [['--task', 'iot'], /"iot"/],
    [['--task', 'ioi', '--n', '0'], /--n.*"0"/],
    [['--task', 'ioi', '--n', '1'], /expected pairs of two clusters or more, .*got 1/],
    [['--task', 'ioi', '--methods', 'eap,ig'], /expected some of .* for --methods, got "eap,ig"/],
    [['--task', 'ioi', '--methods', 'ap', '--levels', 'edges'], /expected nodes among levels for ap/],
    [['--task', 'ioi', '--select', 'best'], /expected some of signed, absolute, .* for --select/],
    [['--task', 'ioi', '--rules', 'first'], /expected some of top_n, greedy, .* for --rules/],
    [['--task', 'ioi', '--direction', 'both'], /expected noising or denoising for --direction, got "both"/],
    [['--task', 'ioi', '--sizes', '0.1,x'], /expected numbers above 0 and up to 1 .* for --sizes/],
    [['--task', 'ioi', '--sizes', '0.1'], /expected two sizes or more that grow/],
    [['--task', 'ioi', '--circuit-sizes', '0.3'], /expected circuit sizes among the sizes/],
    [['--task', 'ioi', '--draws', '0'], /from 1 to 1000 for --draws, got "0"/],
    [['--task', 'ioi', '--split', '1'], /expected a number between 0 and 1 for --split, got "1"/],
    [['--task', 'ioi', '--skip-invalid'], /expected --data beside --skip-invalid/],
    [['--task', 'ioi', '--data', 'none.csv'], /none\.csv/],
    [['--task', 'ioi', '--model', '/nowhere'], /"\/nowhere", which does not exist/],
    [['extra'], /too many arguments for 'faithfulness'/],
  ];
  test.each(rows)('%j', async (args, message) => {
    const refused = at('refused');
    expectRefusal(await runCli(['faithfulness', ...args, '--out', refused]), message);
    expect(existsSync(refused)).toBe(false);
  });
});
