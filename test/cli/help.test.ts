import { expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

test.concurrent.each([
  [[], /^Usage: mediators \[options\] \[command\]/],
  [['--help'], /^Usage: mediators \[options\] \[command\]/],
  [['help'], /^Usage: mediators \[options\] \[command\]/],
  [['help', 'study'], /^Usage: mediators study/],
  [['study', '--help'], /^Usage: mediators study/],
  [['help', 'report'], /^Usage: mediators report \[options\] <folder>/],
  [['faithfulness', '--help'], /^Usage: mediators faithfulness \[options\]/],
  [['paths', '--help'], /^Usage: mediators paths \[options\]/],
  [['tasks', '--help'], /^Usage: mediators tasks \[options\] \[what\] \[task\]/],
  [['--version'], /^\d+\.\d+\.\d+\n$/],
])('mediators %j', async (args, start) => {
  const result = await runCli(args);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toMatch(start);
});

test('help shows defaults as they are typed, and examples', async () => {
  const { stdout } = await runCli(['study', '--help']);
  expect(stdout).toMatch(/--components <list> .*\(default:\s+heads,neurons\)/);
  expect(stdout).not.toContain('["');
  expect(stdout).toMatch(/Examples:\n {2}mediators study\n/);
  expect(stdout).toMatch(/--as-published .*published notebook’s own indexing/);
});

test('a reader that goes away is no failure', async () => {
  const result = await runCli(['study', '--help'], { onStart: ({ stdout }) => stdout?.destroy() });
  expect(result).toMatchObject({ code: 0, stderr: '' });
});
