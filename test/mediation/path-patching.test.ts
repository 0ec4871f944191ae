/**
 * Path patching: against torch with hooks, its limits, and a backup that is reached by its queries alone.
 */
import { describe, expect, test } from 'vitest';
import { INPUTS, type PathOptions, pathPatching, pathScores } from '../../src/mediation/path-patching.ts';
import { sourceOf } from '../../src/mediation/source.ts';
import { withPair } from '../../src/patch/open-pair.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { row, type Tensor } from '../../src/tensor/tensor.ts';
import { type Component, DIRECTIONS, KINDS } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase, WITH_PATHS } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { openCase } from '../support/open-case.ts';
import { writePlanted } from '../support/planted.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const paths = readCase(name, 'paths.safetensors');
  const opened = openCase(reference);

  test.each(DIRECTIONS)('scores of senders are those of the reference, %s', async (direction) => {
    const { model, pair } = opened;
    const last = model.config.nLayers - 1;
    // The last head stands for all.
    const head = model.config.nHeads - 1;
    await withPair(model, pair, async (open) => {
      const source = sourceOf(open, direction);
      // A score is a difference of two values of F, and carries their rounding however small it is.
      const f = Math.abs(open.runs.clean.metric) + Math.abs(open.runs.corrupted.metric);
      const tolerance = { ...TOLERANCES.reference, atol: TOLERANCES.rounding.rtol! * f };
      for (const input of INPUTS) {
        for (const mlps of ['recomputed', 'frozen'] as const) {
          for (const kind of KINDS) {
            const array = `path.${direction}.${input}.${kind}${mlps === 'frozen' ? '.mlps_frozen' : ''}`;
            const scores = (...receivers: Component[]) =>
              pathScores(open.chain, source, kind, { receivers, input, mlps });
            const together = await scores([last - 1, 0], [last, 0]);
            expect(together, array).toBeClose(paths.expected(`${array}.together`), tolerance);
            if (kind === 'neurons' && input !== 'q') continue;
            const expected = row(paths.expected(array), head);
            expect(await scores([last, head]), array).toBeClose(expected, tolerance);
          }
        }
      }
    });
  });

  test('senders of no earlier layer score exactly 0', async () => {
    const { model, pair } = opened;
    const scores = await pathPatching(model, pair, { receivers: [[1, 0]], input: 'v', kinds: KINDS });
    for (const kind of KINDS) {
      const { shape, data } = scores[kind]!;
      const [layers, count] = shape as [number, number];
      expect(data.slice(count)).toEqual(new Float32Array((layers - 1) * count));
      expect(data.slice(0, count).some((value) => value !== 0)).toBe(true);
    }
  });
});

test('with grouped key-value heads, heads of a group share what their k and v receive', async () => {
  const reference = readCase('llama-gqa');
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  const scores = async (input: PathOptions['input'], head: number): Promise<Tensor> =>
    (await pathPatching(model, pair, { receivers: [[2, head]], input })).heads!;
  expect(await scores('k', 0)).toEqual(await scores('k', 1));
  expect(await scores('v', 2)).toEqual(await scores('v', 3));
  expect((await scores('v', 0)).data).not.toEqual((await scores('v', 2)).data);
  expect((await scores('q', 0)).data).not.toEqual((await scores('q', 1)).data);
});

test('the planted primary reaches its backup by the queries alone', async () => {
  const planted = await writePlanted(out('planted'), 3);
  await using model = await loadTiny(planted.folder);
  const pair = pairFromIds(model.config, planted.pair);
  const backup = planted.where.get('backup')!;
  const [, primary] = planted.where.get('primary')!;
  for (const input of INPUTS) {
    const { heads } = await pathPatching(model, pair, { receivers: [backup], input });
    // Without the primary the backup looks at x, and the gate gets a second P: ReLU(2) - ReLU(1).
    const expected = new Float32Array(heads!.data.length);
    if (input === 'q') expected[primary] = 1;
    expect(heads!.data, input).toBeClose(expected, TOLERANCES.planted);
  }
});

describe('refused', () => {
  const reference = readCase('gpt2-last');
  const opened = openCase(reference);

  test.each<[string, Partial<PathOptions>, RegExp]>([
    ['no receiver', { receivers: [] }, /expected at least one receiver, got none/],
    [
      'a layer that is not there',
      { receivers: [[3, 0]] },
      /expected receivers of layers 0 to 2 .*, got 3\.0/,
    ],
    ['a head that is not there', { receivers: [[1, 2]] }, /heads 0 to 1, got 1\.2/],
    ['no whole number', { receivers: [[0.5, 0]] }, /got 0\.5\.0/],
    ['an unknown input', { input: 'z' as 'q' }, /expected q or k or v for input, got "z"/],
    ['an unknown mode', { mlps: 'cold' as 'frozen' }, /expected recomputed or frozen for mlps, got "cold"/],
  ])('%s', async (_what, options, message) => {
    const all = { receivers: [[1, 0]] as Component[], input: 'q' as const, ...options };
    await expect(pathPatching(opened.model, opened.pair, all)).rejects.toThrow(message);
  });
});
