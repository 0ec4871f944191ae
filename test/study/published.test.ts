/**
 * `asPublished` against references that run the published notebook's own loops (reference/published.py), the notebook's
 * fault as it shows there, and that such a study is marked and goes on as others do.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEASURES } from '../../src/effects/measures.ts';
import { InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import { type StudyResults } from '../../src/results/read.ts';
import { mergeStudies } from '../../src/study/merge.ts';
import { resolveOptions, type StudyOptions } from '../../src/study/options.ts';
import { planStudy } from '../../src/study/plan/plan.ts';
import { study, studyShard } from '../../src/study/study.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { slice, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { DETAILED, loadTiny, pairOf, readCase, type ReferenceCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { differingFiles, effectOf, EVERYTHING, runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();
const PUBLISHED: Partial<StudyOptions> = { ...EVERYTHING, asPublished: true };

const largest = ({ data }: Tensor): number => data.reduce((max, x) => Math.max(max, Math.abs(x)), 0);

/** [L, N, ...] of N sources that are alike to that of one: [L, ...]. Fails where they differ. */
function alike({ shape, data }: Tensor): Tensor {
  const [layers, sources, ...rest] = shape as [number, number, ...number[]];
  const size = data.length / (layers * sources);
  const first = Array.from({ length: layers }, (_, layer) => {
    const row = (source: number) => data.subarray((layer * sources + source) * size).subarray(0, size);
    for (let source = 1; source < sources; source++)
      if (!row(source).every((value, i) => Object.is(value, row(0)[i])))
        throw new Error(`source ${source} differs`);
    return Array.from(row(0));
  });
  return tensor(Float32Array.from(first.flat()), [layers, ...rest]);
}

/** The pair of a case, or its first tokens only: as many as the model has heads. */
function pairOfLength(model: Model, reference: ReferenceCase, short: boolean): Pair {
  if (!short) return pairOf(model, reference);
  const cut = (ids: readonly number[]) => ids.slice(0, model.config.nHeads);
  const { clean, corrupted, ...rest } = reference.pair;
  return pairFromIds(model.config, { ...rest, clean: cut(clean), corrupted: cut(corrupted) });
}

const VARIANTS = DETAILED.flatMap((name) => [
  { name, prefix: '' },
  { name, prefix: 'short.' },
]);

describe.each(VARIANTS)('$name $prefix', ({ name, prefix }) => {
  const reference = readCase(name, 'published.safetensors');
  const expected = (array: string) => reference.expected(prefix + array);
  let model: Model;
  let results: StudyResults;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    const pair = pairOfLength(model, reference, prefix !== '');
    results = await runStudy(model, pair, { out: out(name), ...PUBLISHED });
  });
  afterAll(() => model.dispose());

  const found = (array: string, kind: Kind): Tensor => {
    const scores = scoreOf(results, array);
    return kind === 'neurons' ? alike(scores) : scores;
  };

  describe.each(DIRECTIONS)('%s', (direction) => {
    test.each(KINDS)('scores of %s', (kind) => {
      const scale = { atol: 1e-4 * Math.abs(results.study.metric.D) };
      for (const array of [`ap.${direction}.${kind}`, `ledger.${direction}.${kind}`])
        expect(found(array, kind), array).toBeClose(expected(array), scale);
      for (const array of [`ig.${direction}.${kind}.positions`, `ig.${direction}.${kind}`])
        expect(scoreOf(results, array), array).toBeClose(expected(array), TOLERANCES.reference);
    });

    test.each(KINDS)('gains of %s are those of the whole position', async (kind) => {
      const own = expected(`own.${direction}.${kind}`);
      const gains = found(`gain.${direction}.${kind}`, kind);
      const squares = await squaresOf(direction, kind);
      const wanted = own.data.map((norm, i) => (norm > 0 ? Math.sqrt(squares[i]!) / norm : Number.NaN));
      const reached = kind === 'heads' ? wanted : wanted.fill(Number.NaN, wanted.length - 1);
      expect(gains.data).toBeClose(reached, TOLERANCES.gain);
    });

    const pairs = KINDS.flatMap((source) => KINDS.map((target) => ({ source, target })));
    test.each(pairs)('effects of $source on $target', async ({ source, target }) => {
      const change = expected(`${direction}.${source}_to_${target}`);
      for (const measure of ['', '_mean', '_through']) {
        const array = `${source}_to_${target}${measure}`;
        const whole = await effectOf(results, direction, array);
        const effect = source === 'neurons' ? alike(whole) : whole;
        // Processed writing weights are centred: the mean is rounding, on the scale of the change.
        const noise = measure === '_mean' ? { atol: 1e-4 * largest(change) } : {};
        expect(effect, array).toBeClose(expected(`${direction}.${array}`), {
          ...TOLERANCES.reference,
          ...noise,
        });
      }
    });
  });

  /** Sum of l2 squared over all targets behind each source, one for all neurons of a layer. */
  async function squaresOf(direction: Direction, kind: Kind): Promise<Float64Array> {
    const parts = await Promise.all(
      KINDS.map(async (target) => {
        const l2 = await effectOf(results, direction, `${kind}_to_${target}_l2`);
        const one = kind === 'neurons' ? alike(l2) : l2;
        return sumsBehind(one, kind === target, model.config.nLayers);
      }),
    );
    return parts[0]!.map((sum, i) => sum + parts[1]![i]!);
  }
});

/** Sums of squares of [..., L, T] over targets, each source's own layer left out where `own`. Sources come by layer. */
function sumsBehind({ shape, data }: Tensor, own: boolean, layers: number): Float64Array {
  const targets = shape.at(-1)!;
  const size = layers * targets;
  const perLayer = data.length / size / layers;
  return Float64Array.from({ length: data.length / size }, (_, source) => {
    let sum = 0;
    for (let t = 0; t < size; t++) {
      const left = own && Math.floor(t / targets) === Math.floor(source / perLayer);
      if (!left) sum += data[source * size + t]! ** 2;
    }
    return sum;
  });
}

describe('a study as published', () => {
  const reference = readCase('gpt2-plain');
  let model: Model;
  let pair: Pair;
  let whole: string;
  let published: StudyResults;
  let right: StudyResults;
  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    pair = pairOf(model, reference);
    whole = out('whole');
    published = await runStudy(model, pair, { out: whole, asPublished: true });
    right = await runStudy(model, pair, { out: out('right') });
  });
  afterAll(() => model.dispose());

  test('shows heads before the first difference as doing nothing at all, and they do', async () => {
    const first = pair.firstDifference;
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThan(model.config.nHeads);
    for (const direction of DIRECTIONS) {
      const before = async (results: StudyResults) => {
        const effects = await effectOf(results, direction, 'heads_to_neurons');
        const ap = scoreOf(results, `ap.${direction}.heads`);
        return [effects, ap].map((values) => largest(slice(values, 1, 0, first)));
      };
      expect(await before(published)).toEqual([0, 0]);
      for (const size of await before(right)) expect(size).toBeGreaterThan(1e-3);
      expect(largest(scoreOf(published, `ap.${direction}.heads`))).toBeGreaterThan(0);
    }
  });

  test('is marked, and has neither labels nor what follows from them', () => {
    const { options, lint, labels, label_stability, controls, latent } = published.study;
    expect(options).toMatchObject({ as_published: true, measures: ['mean'] });
    expect(options).not.toHaveProperty('asPublished');
    expect(lint.map(({ code }) => code)).toContain('as_published');
    expect({ labels, label_stability, controls }).toEqual({ labels: {}, label_stability: {}, controls: {} });
    expect([...published.scores.keys()].filter((name) => name.startsWith('asymmetry'))).toEqual([]);
    expect(storeAttributes(whole)).toMatchObject({ as_published: true, complete: true });
    // Means are sums on another scale: the sets that the notebook calls latent are the same.
    expect(latent).toEqual(right.study.latent);
    expect(right.study.options).toMatchObject({ as_published: false });
    expect(storeAttributes(right.folder)).not.toHaveProperty('as_published');
  });

  test('measures completeness by sums, as any other', () => {
    expect(published.study.completeness_gap).toEqual(right.study.completeness_gap);
    const [means, sums] = [published, right].map((results) => scoreOf(results, 'ig.noising.heads').data);
    const terms = pair.clean.ids.length * model.config.dModel;
    expect(means).toBeClose(
      sums!.map((sum) => sum / terms),
      TOLERANCES.rounding,
    );
  });

  test('ends with the same bytes when stopped, in batches of one, and from shards', async () => {
    const folder = out('stopped');
    const controller = new AbortController();
    let left = 9;
    const onProgress = () => {
      if (--left === 0) controller.abort();
    };
    const options = { out: folder, asPublished: true, figures: false };
    await expect(study(model, pair, options, { signal: controller.signal, onProgress })).rejects.toThrow();
    expect(existsSync(join(folder, 'study.json'))).toBe(false);
    const other = study(model, pair, { ...options, asPublished: false, resume: true });
    await expect(other).rejects.toThrow(/with as_published true, got as_published false/);
    await study(model, pair, { ...options, resume: true });
    expect(differingFiles(folder, whole)).toEqual([]);

    const single = out('single');
    await study(model, pair, { ...options, out: single, batch: 1 });
    expect(differingFiles(single, whole)).toEqual([]);

    const parts = [out('part'), out('part'), out('part')];
    for (const [index, part] of parts.entries()) {
      await studyShard(model, pair, { ...options, out: part, shard: { index, count: parts.length } });
    }
    const merged = await mergeStudies(parts, out('merged'), { figures: false });
    expect(differingFiles(merged.folder, whole)).toEqual([]);
    expect(merged.json.options).toEqual(published.study.options);
  });

  test('counts one run for all neurons of a layer', () => {
    const plan = (asPublished: boolean) =>
      planStudy(model.loaded, pair, resolveOptions({ asPublished })).phases.find(
        ({ name }) => name === 'patching',
      )!;
    const { nLayers, nHeads, dMlp } = model.config;
    expect(plan(true).runs).toBe(2 * nLayers * (nHeads + 1));
    expect(plan(false).runs).toBe(2 * nLayers * (nHeads + dMlp));
    expect(plan(true).flop).toBeLessThan(plan(false).flop);
  });

  test('refuses a prompt that is shorter than the number of heads, before it writes anything', async () => {
    const short = pairFromIds(model.config, {
      clean: [0, 3, 27],
      corrupted: [0, 3, 66],
      answer: reference.pair.answer,
      wrong: reference.pair.wrong,
    });
    const options = { out: out('short'), asPublished: true };
    const refused = study(model, short, options);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/prompts of at least 4 tokens for --as-published.* got 3;/);
    expect(existsSync(options.out)).toBe(false);
    await expect(studyShard(model, short, options)).rejects.toThrow(/at least 4 tokens/);
  });
});

test('the notebook’s measure is always there, others beside it', () => {
  const measures = (given: Partial<StudyOptions>) => resolveOptions({ asPublished: true, ...given }).measures;
  expect(measures({})).toEqual(['mean']);
  expect(measures({ measures: [] })).toEqual(['mean']);
  expect(measures({ measures: ['through', 'mean'] })).toEqual(['through', 'mean']);
  expect(measures({ measures: MEASURES })).toEqual(MEASURES);
  expect(resolveOptions({}).measures).toEqual(['through']);
});

function storeAttributes(folder: string): unknown {
  const text = readFileSync(join(folder, 'effects.zarr', 'zarr.json'), 'utf8');
  return (JSON.parse(text) as { attributes: unknown }).attributes;
}
