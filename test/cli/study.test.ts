/**
 * Whole runs of `mediators study` and `report` on the embedded model: what they write and say, and how they stop and
 * go on. All are compared with one run that nothing disturbed.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStudy } from '../../src/results/read.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import {
  type CliResult,
  differingFiles,
  expectRefusal,
  filesBelow,
  runCli,
  timesBelow,
} from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'mediators-study-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The undisturbed run: no arguments at all. */
const whole = join(root, 'mediators-study');
let run: CliResult;
beforeAll(async () => {
  run = await runCli(['study'], { cwd: root });
});

/** Results, which must be the same bytes however a study came about. */
const isResult = (path: string) => /^[^/]+\.safetensors$/.test(path) || path.startsWith('effects.zarr');

const ESCAPE = '\x1b';

describe('the default run', () => {
  test('writes what the contract lists, and nothing else', async () => {
    expect(run.code).toBe(0);
    expect(readdirSync(whole).sort()).toEqual([
      'effects.zarr',
      'figures',
      'mediation.safetensors',
      'report.html',
      'scores.safetensors',
      'study.json',
    ]);
    const { study, scores, effects } = await openStudy(whole);
    expect(study).toMatchObject({
      complete: true,
      model: { id: 'embedded' },
      pair: { contrast: 'removal' },
      command: 'mediators study',
      provider: 'cpu',
    });
    const [layers, heads, neurons] = [study.shape.layers, study.shape.heads, study.shape.neurons];
    for (const direction of ['noising', 'denoising'] as const) {
      for (const [kind, size] of [
        ['heads', heads],
        ['neurons', neurons],
      ] as const) {
        for (const name of ['ig', 'ap', 'gain']) {
          expect(scores.get(`${name}.${direction}.${kind}`)?.shape).toEqual([layers, size]);
        }
        expect(scores.get(`ledger.${direction}.${kind}`)?.shape).toEqual([layers, size, 4]);
        for (const target of ['heads', 'neurons']) {
          for (const suffix of ['', '_through', '_by_layer', '_top_index', '_top_value']) {
            expect(await effects.has(direction, `${kind}_to_${target}${suffix}`)).toBe(true);
          }
        }
      }
    }
    expect([...scores.keys()]).toEqual(expect.arrayContaining(['logits.clean', 'asymmetry.ap.heads']));
    const figures = readdirSync(join(whole, 'figures'));
    expect(
      figures.filter((name) => name.endsWith('.svg')).map((name) => name.replace('.svg', '.png')),
    ).toEqual(figures.filter((name) => name.endsWith('.png')));
  });

  test('ends with a short summary on stdout', () => {
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^embedded, removal pair: F = [\d.-]+ clean, [\d.-]+ corrupted, D = [\d.-]+$/);
    expect(lines[1]).toMatch(/^heads labelled: .*\(\d\.\d/);
    expect(lines[2]).toMatch(/^neurons labelled: /);
    expect(lines.at(-1)).toBe(`page: ${join('mediators-study', 'report.html')}`);
    expect(lines[3]).toMatch(/^partners: \d\.\d .* with \d\.\d/);
    expect(lines.slice(4, -1).every((line) => /^(warning|seen in pairs only): /.test(line))).toBe(true);
  });

  test('tells its progress on stderr, one line a phase, without colours', () => {
    expect(run.stderr.split('\n').filter((line) => !/ left$| so far$/.test(line))).toEqual([
      expect.stringMatching(
        /^plan: 6 818 runs, 18\.9 GFLOP, perhaps [\d.]+ s, up to \d+ MB of memory, \d+ MB on disk$/,
      ),
      expect.stringMatching(/^weights {16}[\d.]+ MB, [\d.]+ s$/),
      expect.stringMatching(/^both runs {14}[\d.]+ s$/),
      expect.stringMatching(/^integrated gradients {3}16 layers, [\d.]+ s$/),
      expect.stringMatching(/^patching {15}4160 components, [\d.]+ s$/),
      expect.stringMatching(/^mediation {14}1760 runs, [\d.]+ s$/),
      expect.stringMatching(/^figures and page {7}[\d.]+ s$/),
      expect.stringMatching(/^total {18}(\d+ min )?[\d.]+ s$/),
      '',
    ]);
    expect(run.stdout + run.stderr).not.toContain(ESCAPE);
  });

  test('cannot be repeated into the same folder', async () => {
    const before = timesBelow(whole);
    const again = await runCli(['study'], { cwd: root });
    expectRefusal(again, /an empty folder for --out, got \.\/mediators-study with 6 entries/);
    expect(timesBelow(whole)).toEqual(before);
  });
});

describe('--resume on a complete study', () => {
  test('changes nothing and says so', async () => {
    const before = timesBelow(whole);
    const result = await runCli(['study', '--resume', '--threads', '1'], { cwd: root });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('The study was complete already; nothing was changed.\n');
    expect(result.stdout).toContain(run.stdout);
    expect(timesBelow(whole)).toEqual(before);
  });

  test('with --json prints study.json alone', async () => {
    const result = await runCli(['study', '--resume', '--json'], { cwd: root });
    expect(result).toMatchObject({ code: 0, stdout: readFileSync(join(whole, 'study.json'), 'utf8') });
  });

  test.each([
    [
      ['--pair', 'notebook'],
      /with corrupted "[\d,]+", got corrupted "[\d,]+"; give the same or another --out/,
    ],
    [['--no-bos'], /with clean "0,[\d,]+", got clean /],
    [['--raw-weights'], /with weights "processed", got weights "raw"/],
    [['--tau', '0.05'], /with tau 0\.02, got tau 0\.05/],
    [['--steps', 'auto'], /with steps 50, got steps "auto"/],
    [['--components', 'heads'], /with components "heads,neurons", got components "heads"/],
    [['--measures', 'none'], /with measures "through", got measures ""/],
  ])('of other options refuses, naming the first difference: %j', async (options, message) => {
    const before = timesBelow(whole);
    expectRefusal(await runCli(['study', '--resume', ...options], { cwd: root }), message);
    expect(timesBelow(whole)).toEqual(before);
  });

  test('of another model refuses', async () => {
    const model = join(root, 'other');
    cpSync(join(import.meta.dirname, '../../models/embedded'), model, { recursive: true });
    const weights = readFileSync(join(model, 'model.safetensors'));
    // Another value of the last weight.
    weights[weights.length - 2]! ^= 1;
    writeFileSync(join(model, 'model.safetensors'), weights);
    const result = await runCli(['study', '--resume', '--model', model], { cwd: root });
    expectRefusal(result, /with model "[0-9a-f]{64}", got model "[0-9a-f]{64}"/);
  });
});

/** Names in a folder of a study that is being made. */
function entries(folder: string, prefix: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(prefix)) : [];
}

/** Every file of an unfinished study is whole, and none is under a temporary name. */
function expectValid(folder: string): void {
  const files = filesBelow(folder);
  expect(files.filter((path) => path.endsWith('.tmp'))).toEqual([]);
  for (const path of files.filter((name) => name.endsWith('.safetensors'))) {
    expect(() => decodeSafetensors(readFileSync(join(folder, path)), path)).not.toThrow();
  }
  for (const path of files.filter((name) => name.endsWith('.json'))) {
    expect(() => JSON.parse(readFileSync(join(folder, path), 'utf8')) as unknown).not.toThrow();
  }
  expect(existsSync(join(folder, 'study.json'))).toBe(false);
  expect(readFileSync(join(folder, 'effects.zarr/zarr.json'), 'utf8')).toMatch(/"complete": ?false/);
}

describe.runIf(process.platform !== 'win32')('a study that is stopped', () => {
  test('by Ctrl-C keeps what is done, and ends with the same bytes', async () => {
    const folder = join(root, 'interrupted');
    const work = join(folder, '.work');
    const interrupted = (file: RegExp, count: number, ...more: string[]) =>
      runCli(['study', '--out', folder, '--quiet', ...more], { stopAt: { file, count } });
    const first = await interrupted(/\.work\/ig\./, 3);
    expect(first).toMatchObject({ code: 130, stdout: '' });
    expect(first.stderr).toBe(
      'stopping; what is complete is kept (Ctrl-C again: at once)\n' +
        'mediators: cancelled; what was complete has been kept, --resume goes on from there\n',
    );
    const kept = entries(work, 'ig.');
    expect(kept.length).toBeGreaterThanOrEqual(3);
    const timeOf = (name: string) => statSync(join(work, name)).mtimeMs;
    const times = kept.map(timeOf);
    const inEffects = await interrupted(/\.work\/patch\.noising\.neurons/, 2, '--resume');
    expect(inEffects).toMatchObject({ code: 130, stdout: '' });
    expect(kept.map(timeOf)).toEqual(times);
    expectValid(folder);
    expectRefusal(await runCli(['report', folder]), /a study that is not finished; finish it with --resume/);
    const inFigures = await interrupted(/\/figures\//, 1, '--resume');
    expect(inFigures).toMatchObject({ code: 130, stdout: '' });
    expect(existsSync(join(folder, 'study.json'))).toBe(false);
    expect(await runCli(['study', '--out', folder, '--resume', '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(differingFiles(folder, whole, isResult)).toEqual([]);
    expect(filesBelow(folder)).toEqual(filesBelow(whole));
  });

  test('by a full disk is told what to do, and ends with the same bytes', async () => {
    const folder = join(root, 'full');
    // 50 or 100 kB, by shell: layers' scores and heads fit, the effects of neurons do not.
    const full = await runCli(['study', '--out', folder, '--quiet'], { fileBlocks: 100 });
    expectRefusal(
      full,
      /expected to write .*, got: a file larger than the limit; free space there, .*--resume/,
    );
    expectValid(folder);
    expect(readdirSync(join(folder, '.work')).some((name) => name.startsWith('patch.'))).toBe(true);
    expect(await runCli(['study', '--out', folder, '--resume', '--quiet'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(differingFiles(folder, whole, isResult)).toEqual([]);
  });
});

describe('report', () => {
  test('makes the same figures and the same page again', async () => {
    const folder = join(root, 'rebuilt');
    cpSync(whole, folder, { recursive: true });
    rmSync(join(folder, 'figures'), { recursive: true });
    rmSync(join(folder, 'report.html'));
    const result = await runCli(['report', 'rebuilt'], { cwd: root });
    const count = readdirSync(join(whole, 'figures')).length;
    const stdout = `${count} figure files\npage: ${join('rebuilt', 'report.html')}\n`;
    expect(result).toEqual({ code: 0, signal: null, stderr: '', stdout });
    expect(differingFiles(folder, whole, () => true)).toEqual([]);
    expect(existsSync(join(folder, '.work'))).toBe(false);
  });

  test('refuses a study of a newer version', async () => {
    const folder = join(root, 'newer');
    cpSync(whole, folder, { recursive: true });
    const path = join(folder, 'study.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('mediators/study@1', 'mediators/study@2'));
    expectRefusal(
      await runCli(['report', folder]),
      /unknown schema: "mediators\/study@2" .*reads up to "mediators\/study@1": update mediators/,
    );
  });
});
