import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tasksCommand } from '../../src/cli/tasks.ts';
import { parseTask } from '../../src/tasks/task-file.ts';
import { expectRefusal, runCli } from '../support/run-cli.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/possessive.json');
const CSV = [
  ',clean,corrupted,corrupted_hard,correct_idx,incorrect_idx',
  '1,Then Mary and John met and John wrote to,Then Mary and John met and Paul wrote to,Then Mary and John met and Mary wrote to,5335,1757',
  '2,Then Mary and John met and John wrote to,x,Then Mary and John met and Zzyzx wrote to,5335,1757',
].join('\n');

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mediators-tasks-'));
  data = join(folder, 'ioi.csv');
  await writeFile(data, CSV);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tasks = (...args: string[]) => runCli(['tasks', ...args]);

describe.concurrent('mediators tasks', () => {
  test('lists all tasks, as text and as JSON', async () => {
    const [text, json] = await Promise.all([tasks(), tasks('--json')]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout.split('\n').filter((line) => line !== '')).toHaveLength(7);
    expect(text.stdout).toMatch(/^ioi +Indirect object identification: logit_difference, removal or swap\n/);
    const list = JSON.parse(json.stdout) as { name: string; contrasts: string[] }[];
    expect(list.map(({ name }) => name)).toContain('greater_than_tens');
  });

  test('shows a task; as JSON it is a task file', async () => {
    const { stdout } = await tasks('show', 'sva');
    expect(stdout).toMatch(/^## `sva`: Subject-verb agreement\n/);
    expect(stdout).toContain('is, was, looks, seems');
    const json = await tasks('show', 'sva', '--json');
    const spec = { ...(JSON.parse(json.stdout) as object), name: 'mine' };
    expect(parseTask(new TextEncoder().encode(JSON.stringify(spec)), 'x').name).toBe('mine');
  });

  test('samples pairs, the same for the same seed', async () => {
    const [first, again, other] = await Promise.all(
      ['1', '1', '2'].map((seed) => tasks('sample', 'ioi', '--n', '2', '--seed', seed)),
    );
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first!.stdout).toMatch(
      /^ioi, swap, logit_difference: 2 pairs\n\nclean {6}.+\ncorrupted {2}.+\nanswers {4}" \w+" against " \w+"; \d+ tokens/,
    );
    expect(again!.stdout).toBe(first!.stdout);
    expect(other!.stdout).not.toBe(first!.stdout);
  });

  test('samples a task file, as JSON', async () => {
    const { stdout } = await tasks('sample', EXAMPLE, '--n', '3', '--json');
    const sample = JSON.parse(stdout) as { model: string; task: string; items: unknown[] };
    expect(sample).toMatchObject({ model: 'embedded', task: 'possessive', contrast: 'swap' });
    expect(sample.items).toHaveLength(3);
  });

  test('samples a file, and says what it leaves out', async () => {
    expectRefusal(
      await tasks('sample', 'ioi', '--data', data),
      /ioi\.csv, line 3, column corrupted_hard: expected prompts of equal length/,
    );
    const { code, stdout } = await tasks('sample', 'ioi', '--data', data, '--skip-invalid');
    expect(code).toBe(0);
    expect(stdout).toMatch(/answers {4}" Mary" against " John"/);
    expect(stdout).toMatch(/ids were not used/);
    expect(stdout).toMatch(/left out: 1\n {2}1 x expected prompts of equal length/);
    const removal = await tasks(
      'sample',
      'ioi',
      '--data',
      data,
      '--corrupted-column',
      'corrupted',
      '--n',
      '1',
    );
    expect(removal.stdout).toMatch(/^ioi, removal, /);
  });

  test('refuses in one line', async () => {
    expectRefusal(await tasks('show', 'nope'), /expected a task \(ioi, .*got "nope"/);
    expectRefusal(
      await tasks('sample', 'ioi', 'x'),
      /too many arguments for 'tasks'.*; see mediators tasks --help/,
    );
  });
});

test.each([
  [['list'], /expected show or sample, got "list"/],
  [['show'], /expected a task behind show, got none/],
  [['show', 'nope'], /expected a task \(ioi, .*\) or a task file that ends in \.json, got "nope"/],
  [['show', 'no-such.json'], /expected a task file, got no-such\.json: no such file/],
  [['show', 'ioi', '--skip-invalid'], /expected --skip-invalid with sample alone/],
  [['--n', '3'], /expected --n with sample alone/],
  [['sample', 'ioi', '--n', '0'], /expected a whole number from 1 .* for --n, got "0"/],
  [['sample', 'ioi', '--seed', '-1'], /for --seed, got "-1"/],
  [['sample', 'sva', '--contrast', 'removal'], /expected a contrast of the task sva \(swap\), got removal/],
  [['sample', 'greater_than_tens'], /use the task greater_than, which/],
  [['sample', 'ioi', '--skip-invalid'], /expected --data beside --skip-invalid/],
  [
    ['sample', 'ioi', '--data', 'no-such.csv'],
    /expected a \.csv file for --data, got no-such\.csv: no such file/,
  ],
  [['sample', 'ioi', '--data', 'x', '--seed', '1'], /expected --seed for pairs that are drawn/],
  [['sample', EXAMPLE, '--data', EXAMPLE], /expected a built-in task .* got "possessive"/],
  [['sample', 'ioi', '--model', 'no-such-model'], /expected a model/],
])('refuses %j', async (args, message) => {
  await expect(
    tasksCommand()
      .exitOverride()
      .parseAsync([...args], { from: 'user' }),
  ).rejects.toThrow(message);
});
