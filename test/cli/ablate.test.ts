/**
 * `mediators ablate` as a user runs it: on a small survey of the embedded model, and every mistake refused in one line.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAblationsJson } from '../../src/results/ablations-json.ts';
import { expectRefusal, runCli, timesBelow } from '../support/run-cli.ts';
import { scratch } from '../support/studies.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const at = scratch();
let folder = '';

beforeAll(async () => {
  folder = at('survey');
  const options = ['--components', 'heads', '--no-gains', '--draws', '20', '--quiet'];
  const made = await runCli(['survey', '--task', 'ioi', '--n', '3', '--out', folder, ...options]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
}, 60_000);

describe.concurrent('mistakes leave the folder as it was', () => {
  const other = join(FIXTURES, 'gpt2-plain');
  const ioi = join(FIXTURES, 'tasks/ioi.csv');
  test.each<[string[], RegExp]>([
    [['--random', '0'], /expected a whole number from 1 to 10000 for --random, got "0"/],
    [['--takeover', '-1'], /for --takeover, got "-1"/],
    [['--model', '/nowhere'], /expected a model: .*got "\/nowhere", which does not exist/],
    [['--model', other], /expected a model with a tokenizer for the task ioi, got gpt2-plain/],
    [['--data', '/nowhere.csv'], /expected a \.csv file for --data, got \/nowhere\.csv/],
    [['--skip-invalid'], /expected --data beside --skip-invalid, got none/],
    [['--task', 'sva'], /with task "ioi", got task "sva"/],
    [['--data', ioi], /with file none, got file ".*\/ioi\.csv"/],
    [['--no-bos'], /with pairs_hash "\w+", got pairs_hash "\w+"/],
    [['--device', 'gpu'], /for --device, got "gpu"/],
    [['extra'], /too many arguments for 'ablate'/],
  ])('%j', async (args, message) => {
    const before = timesBelow(folder);
    expectRefusal(await runCli(['ablate', folder, ...args]), message);
    expect(timesBelow(folder)).toEqual(before);
  });

  test('a folder without a survey, and none at all', async () => {
    expectRefusal(
      await runCli(['ablate', at('nothing')]),
      /expected the folder of a finished survey, got .*: no such folder; check the path/,
    );
    expectRefusal(
      await runCli(['ablate']),
      /missing required argument 'survey'; see mediators ablate --help/,
    );
  });
});

test('draws the pairs again, ablates, and leaves what is complete', async () => {
  const first = await runCli(['ablate', folder, '--random', '2', '--quiet']);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^3 pairs in 3 clusters;[^]*heads, noising: ap or ig +\d/);
  const path = join(folder, 'ablations.json');
  const found = parseAblationsJson(readFileSync(path, 'utf8'), path);
  expect(found).toMatchObject({ n: 3, clusters: 3, options: { random: 2, takeover: 8, seed: 0 } });
  expect(found.command).toContain('ablate');
  for (const { matched, kind, random } of found.effects) {
    expect([matched, kind]).toEqual([null, 'heads']);
    expect(random.p).toBeNaN();
  }
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('id="table-ablations"');
  const times = timesBelow(folder);
  const second = await runCli(['ablate', folder, '--random', '2', '--json']);
  expect(JSON.parse(second.stdout)).toMatchObject({ schema: 'mediators/ablations@1' });
  expect(timesBelow(folder)).toEqual(times);
  const report = await runCli(['report', folder]);
  expect(report.stdout).toMatch(/figure files/);
}, 60_000);
