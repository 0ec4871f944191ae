/** `mediators export` as a user runs it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectRefusal, runCli, timesBelow } from '../support/run-cli.ts';
import { sampleFolder } from '../support/sample-folder.ts';
import { writeSampleMediation } from '../support/placed-mediation.ts';

test('writes JSON for viewers to stdout, and to a file the same', async () => {
  const folder = await sampleFolder();
  await writeSampleMediation(folder);
  const before = timesBelow(folder);
  const { code, stdout, stderr } = await runCli(['export', folder]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { metadata, links } = JSON.parse(stdout);
  expect(metadata).toMatchObject({
    scan: 'synthetic',
    generation_settings: { edges: 'via', direction: 'noising' },
  });
  expect(links.length).toBeGreaterThan(0);
  expect(timesBelow(folder)).toEqual(before);
  const out = join(folder, 'out', 'circuit.json');
  const written = await runCli(['export', folder, '--out', out]);
  expect(written).toMatchObject({ code: 0, stderr: '' });
  expect(written.stdout).toMatch(
    /^\d+ components.*, \d+ edges of all kinds.*\nleft out: \d+ components, \d+ edges\ngraph: .*circuit.json\n$/,
  );
  expect(await readFile(out, 'utf8')).toBe(stdout);
});

test('takes thresholds, and writes GraphML', async () => {
  const folder = await sampleFolder();
  await writeSampleMediation(folder);
  const options = ['--min-effect', '0.1', '--min-edge', 'via=0.2,through=0.3', '--max-nodes', '5'];
  const { code, stdout } = await runCli(['export', folder, '--format', 'graphml', ...options]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<graphml /);
  for (const text of [
    'min_effect">0.1<',
    'min_edge_via">0.2<',
    'min_edge_interaction">0.05<',
    'min_edge_through">0.3<',
    'max_nodes">5<',
  ])
    expect(stdout).toContain(`<data key="graph_${text}/data>`);
  expect(stdout.match(/<node id="(head|neuron)/g)).toHaveLength(5);
});

describe('refuses', () => {
  test.each([
    [['--format', 'dot'], /argument 'dot' is invalid.*see mediators export --help/],
    [['--min-effect', 'x'], /expected a number from 0 for --min-effect, got "x"/],
    [['--min-edge', '-1'], /expected a number from 0 for --min-edge, got "-1"/],
    [['--min-edge', 'path=1'], /expected some of via, interaction, through, direct for --min-edge/],
    [['--min-edge', 'via=1,via=2'], /each once/],
    [['--max-nodes', '0'], /expected a whole number from 1 for --max-nodes, got "0"/],
    [['--edges', 'via', '--format', 'graphml'], /--direction and --edges with --format viewer only/],
    [['--edges', 'via'], /expected via edges, which this study does not have .*--mediation heads/],
  ])('%j', async (options, message) => {
    const folder = await sampleFolder({ kinds: ['heads'] });
    expectRefusal(await runCli(['export', folder, ...options]), message);
  });

  test('what is no study, and no folder at all', async () => {
    expectRefusal(
      await runCli(['export', '/nowhere/study']),
      /expected the folder of a finished study, got \/nowhere\/study: no such folder/,
    );
    expectRefusal(
      await runCli(['export']),
      /missing required argument 'folder'; see mediators export --help/,
    );
  });
});
