/**
 * `--plan`, and the plan that a study begins with.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pairsPlanLines, planLines, planTable, surveyPlanTable } from '../../src/cli/plan.ts';
import type { StudyPlan } from '../../src/study/plan/plan.ts';
import type { SurveyPlan } from '../../src/survey/plan.ts';
import { runCli } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mediators-plan-'));
afterAll(() => rmSync(root, { recursive: true }));

const PLAN: StudyPlan = {
  model: 'gpt2',
  tokens: 19,
  first_difference: 10,
  phases: [
    { name: 'weights', runs: 0, flop: 0, seconds: 3, peak_bytes: 9e8, disk_bytes: 0 },
    { name: 'patching', runs: 74016, flop: 46.2e12, seconds: 470, peak_bytes: 2.2e9, disk_bytes: 512e6 },
  ],
  runs: 74016,
  flop: 46.2e12,
  seconds: 473,
  peak_bytes: 2.2e9,
  disk_bytes: 512e6,
  work_bytes: 120e6,
  batch: 64,
  rows: 32,
  budget: 2.5e9,
  rate: 'measured',
  at_least: false,
  spare: [{ option: '--directions noising', seconds: 235, bytes: 256e6 }],
};

describe('as text', () => {
  test('a table in plain words', () => {
    expect(`\n${planTable(PLAN)}\n`).toMatchInlineSnapshot(`
      "
      gpt2, 19 tokens that differ from position 10 on

      phase        runs         FLOP         time   memory     disk
      weights         -            -        3.0 s   900 MB        -
      patching   74 016   46.2 TFLOP   7 min 50 s   2.2 GB   512 MB
      total      74 016   46.2 TFLOP   7 min 53 s   2.2 GB   512 MB

      Time: at rates just measured on this machine.
      Memory: peaks of the whole process; budget 2.5 GB, so up to 64 patched runs in a batch and 32 points of a path.
      Disk: without metadata; 120 MB of it go when the study ends.

      would spare                  time     disk
      --directions noising   3 min 55 s   256 MB
      "
    `);
  });

  test('one line before a study', () => {
    expect(planLines(PLAN)).toBe(
      'plan: 74 016 runs, 46.2 TFLOP, about 7 min 53 s, up to 2.2 GB of memory, 512 MB on disk\n',
    );
    expect(planLines({ ...PLAN, rate: 'assumed', seconds: 4 })).toContain('perhaps 4.0 s');
    expect(planLines({ ...PLAN, at_least: true })).toContain('at least 7 min 53 s');
  });
});

describe('of a survey', () => {
  const { model, phases, runs, flop, seconds, peak_bytes, disk_bytes, rate } = PLAN;
  const costs = { model, phases, runs, flop, seconds, peak_bytes, disk_bytes, rate };
  const SURVEY: SurveyPlan = { ...costs, pairs: 100, blocks: 9, not_counted: ['atp_star', 'statistics'] };

  test('a table that names what is not counted', () => {
    const lines = surveyPlanTable(SURVEY).split('\n');
    expect(lines[0]).toBe('gpt2, 100 pairs in 9 blocks that share sessions');
    expect(lines.at(-1)).toBe('Not counted: atp_star, statistics.');
    expect(lines.filter((line) => /^total +74 016 /.test(line))).toHaveLength(1);
  });

  test('one line, with what comes on top if anything does', () => {
    expect(pairsPlanLines(SURVEY)).toMatch(
      /^plan: 74 016 runs, .* on disk; not counted: atp_star, statistics\n$/,
    );
    expect(pairsPlanLines({ ...SURVEY, not_counted: [] })).toBe(planLines(PLAN));
  });
});

describe.concurrent('mediators survey --plan', () => {
  const SURVEY = ['survey', '--task', 'ioi', '--n', '3', '--plan'];

  test('prints the table and writes nothing, even where results are already', async () => {
    const cwd = mkdtempSync(join(root, 'survey-'));
    writeFileSync(join(cwd, 'kept'), '');
    const result = await runCli([...SURVEY, '--out', cwd], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^embedded, 3 pairs in \d blocks? that share sessions\n/);
    // Two directions of 4 layers with 8 heads and 512 neurons.
    expect(result.stdout).toMatch(/\nap +12 480 +[\d.]+ GFLOP +[\d.]+ s +\d+ MB +[\d.]+ kB\n/);
    expect(readdirSync(cwd)).toEqual(['kept']);
  });

  test('as JSON, of the pairs of a shard', async () => {
    const cwd = mkdtempSync(join(root, 'survey-json-'));
    const result = await runCli([...SURVEY, '--json', '--shard', '0/2', '--no-gains'], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ model: 'embedded', pairs: 2, not_counted: [] });
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe.concurrent('mediators study --plan', () => {
  test('prints the table and writes nothing, even where results are already', async () => {
    const cwd = mkdtempSync(join(root, 'table-'));
    const result = await runCli(['study', '--plan', '--out', cwd], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^embedded, 17 tokens that differ from position 10 on\n/);
    expect(result.stdout).toMatch(/\npatching +4 160 +[\d.]+ GFLOP +[\d.]+ s +\d+ MB +\d+ MB\n/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('as JSON, within a budget', async () => {
    const cwd = mkdtempSync(join(root, 'json-'));
    const result = await runCli(['study', '--plan', '--json', '--memory', '500MB'], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const plan = JSON.parse(result.stdout) as StudyPlan;
    expect(plan).toMatchObject({ model: 'embedded', budget: 5e8, rate: 'assumed' });
    expect(plan.peak_bytes).toBeLessThanOrEqual(5e8);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('refuses a pair that does not fit the model', async () => {
    const result = await runCli([
      'study',
      '--plan',
      '--clean-ids',
      '1,2',
      '--corrupted-ids',
      '1',
      '--answer-id',
      '3',
      '--wrong-id',
      '4',
    ]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
  });
});

test('a study tells its plan first, unless it is quiet', async () => {
  const heads = ['study', '--components', 'heads', '--steps', '2'];
  const loud = await runCli([...heads, '--out', join(root, 'loud')]);
  expect(loud.stderr).toMatch(
    /^plan: [\d ]+ runs, .*FLOP, perhaps [\d.]+ s, up to \d+ MB of memory, .* on disk\n/,
  );
  const quiet = await runCli([...heads, '--out', join(root, 'quiet'), '--quiet']);
  expect(quiet).toMatchObject({ code: 0, stderr: '' });
});
