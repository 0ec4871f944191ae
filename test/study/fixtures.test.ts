/**
 * Whole studies against the references: every array that TransformerLens, Captum and torch say something about, and what
 * follows from arrays (latent sets, labels, summaries) computed again from its definition.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEASURES } from '../../src/effects/measures.ts';
import type { Model } from '../../src/patch/model.ts';
import type { StudyResults } from '../../src/results/read.ts';
import { DIRECTIONS, type Kind, KINDS } from '../../src/terms.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { CASES, centred, DETAILED, loadTiny, pairOf, readCase, SMALL_D } from '../support/cases.ts';
import { TOLERANCES, type Tolerance } from '../support/close.ts';
import { effectOf, EVERYTHING, runStudy, scoreOf, scratch } from '../support/studies.ts';

const out = scratch();
const ALL_MEASURES = ['change', ...MEASURES] as const;
type AnyMeasure = (typeof ALL_MEASURES)[number];

const largest = ({ data }: Tensor): number =>
  data.reduce((max, x) => (Math.abs(x) > max ? Math.abs(x) : max), 0);
const arrayName = (source: Kind, target: Kind, measure: AnyMeasure): string =>
  `${source}_to_${target}${measure === 'change' ? '' : `_${measure}`}`;

const VARIANTS = [
  ...CASES.map((name) => ({ name, weights: 'processed', prefix: '' })),
  ...DETAILED.map((name) => ({ name, weights: 'raw', prefix: 'raw.' })),
];

describe.each(VARIANTS)('$name, $weights weights', ({ name, weights, prefix }) => {
  const reference = readCase(name);
  const expected = (array: string): Tensor => reference.expected(prefix + array);
  let model: Model;
  let results: StudyResults;
  beforeAll(async () => {
    model = await loadTiny(reference.folder, { raw: weights === 'raw' });
    results = await runStudy(model, pairOf(model, reference), { out: out(name), ...EVERYTHING });
  });
  afterAll(() => model.dispose());

  test('metric and logits', () => {
    const { clean, corrupted, D } = results.study.metric;
    expect([clean, corrupted]).toBeClose(reference.expected('metric').data, TOLERANCES.reference);
    expect(D).toBe(clean - corrupted);
    for (const which of ['clean', 'corrupted']) {
      const { shape, data } = reference.expected(`hf.${which}.logits`);
      const last = { shape: shape.slice(1), data: data.slice(-shape[1]!) };
      expect(centred(scoreOf(results, `logits.${which}`))).toBeClose(centred(last), TOLERANCES.reference);
    }
  });

  describe.each(DIRECTIONS)('%s', (direction) => {
    test.each(KINDS)('scores of %s', (kind) => {
      const of = (score: string): string => `${score}.${direction}.${kind}`;
      const positions = expected(`${of('ig')}.positions`);
      expect(scoreOf(results, `${of('ig')}.positions`)).toBeClose(positions, TOLERANCES.reference);
      expect(scoreOf(results, of('ig'))).toBeClose(summed(positions), TOLERANCES.reference);
      expect(scoreOf(results, of('ap'))).toBeClose(expected(of('ap')), TOLERANCES.reference);
      expect(scoreOf(results, of('ledger'))).toBeClose(expected(of('ledger')), TOLERANCES.reference);
      expect(scoreOf(results, of('gain'))).toBeClose(expected(of('gain')), TOLERANCES.gain);
    });

    const pairs = KINDS.flatMap((source) => KINDS.map((target) => ({ source, target })));
    // The references leave this one out for raw weights.
    const kept = pairs.filter(
      ({ source, target }) => prefix === '' || source === 'heads' || target === 'heads',
    );
    test.each(kept)('effects of $source on $target, whole and block by block', async ({ source, target }) => {
      const change = expected(`${direction}.${arrayName(source, target, 'change')}`);
      for (const measure of ALL_MEASURES) {
        const array = arrayName(source, target, measure);
        const full = reference.expected(`full.${target}`);
        // Shift divides by `full`: where that is small it magnifies rounding. Their product has an even scale.
        const even = (x: Tensor): Tensor => (measure === 'shift' ? timesTargets(x, full) : x);
        const [found, wanted] = [
          await effectOf(results, direction, array),
          expected(`${direction}.${array}`),
        ].map(even);
        // Processed writing weights are centred: the mean of a head's change is rounding, on the scale of the change.
        const noise = measure === 'mean' ? { atol: 1e-4 * largest(change) } : {};
        expect(found!, array).toBeClose(wanted!, { ...TOLERANCES.reference, ...noise });
        const blockNoise = measure === 'mean' ? { atol: 1e-3 * largest(change) } : {};
        compareBlocks(found!, wanted!, source === target, { ...TOLERANCES.block, ...blockNoise }, array);
      }
    });

    test.each(pairs)('summaries of $source on $target follow from l2', async ({ source, target }) => {
      const l2 = withoutOwn(
        await effectOf(results, direction, arrayName(source, target, 'l2')),
        source === target,
      );
      const array = arrayName(source, target, 'change');
      expect(await effectOf(results, direction, `${array}_by_layer`)).toBeClose(
        meanByLayer(l2),
        TOLERANCES.rounding,
      );
      const index = await effectOf(results, direction, `${array}_top_index`);
      const value = await effectOf(results, direction, `${array}_top_value`);
      const listed = strongest(l2, source, target);
      expect(index.data).toEqual(listed.index);
      expect(value.data).toEqual(listed.value);
    });
  });

  test.each(DIRECTIONS)('via and interaction of all pairs of heads, %s', (direction) => {
    const bytes = readFileSync(join(results.folder, 'mediation.safetensors'));
    const pairs = decodeSafetensors(bytes, 'mediation.safetensors') as Map<string, Tensor>;
    // Differences of F: rounding is on its scale.
    const scale = Math.max(...reference.expected('metric').data.map(Math.abs));
    for (const name of [`${direction}.via`, `${direction}.interaction`]) {
      const tolerance = { ...TOLERANCES.reference, atol: 1e-5 * scale };
      expect(pairs.get(name)!, name).toBeClose(expected(name), tolerance);
    }
  });

  test('completeness gaps are what the scores of each layer miss', () => {
    for (const direction of DIRECTIONS) {
      for (const kind of KINDS) {
        const gaps = results.study.completeness_gap[direction]![kind]!;
        const { data } = prefix === '' ? expected(`completeness.${direction}.${kind}`) : { data: gaps };
        // Rounding on the scale of F, where the activation is smooth.
        const scale = Math.max(...reference.expected('metric').data.map(Math.abs));
        expect(gaps).toBeClose(Array.from(data, Math.abs), { ...TOLERANCES.reference, atol: 1e-4 * scale });
      }
    }
  });

  test('latent sets are those highlighted by IG in exactly one direction', () => {
    for (const kind of KINDS) {
      const high = DIRECTIONS.map((direction) =>
        highlighted(scoreOf(results, `ig.${direction}.${kind}`), 0.9),
      );
      const [n, d] = high as [Set<string>, Set<string>];
      const sets = results.study.latent[kind]!;
      expect(sets.noising.map(String)).toEqual([...n].filter((each) => !d.has(each)));
      expect(sets.denoising.map(String)).toEqual([...d].filter((each) => !n.has(each)));
      expect(sets.both.map(String)).toEqual([...n].filter((each) => d.has(each)));
    }
  });

  test('labels and asymmetries follow from patching in both directions; none where D is small', () => {
    const { metric, labels, pair } = results.study;
    for (const kind of KINDS) {
      const noising = scoreOf(results, `ap.noising.${kind}`).data;
      const denoising = scoreOf(results, `ap.denoising.${kind}`).data;
      const asymmetry = scoreOf(results, `asymmetry.ap.${kind}`).data;
      const perLayer = kind === 'heads' ? model.config.nHeads : model.config.dMlp;
      const wanted = new Map<string, string[]>();
      noising.forEach((ap, i) => {
        const label = labelOf(-ap / metric.D, denoising[i]! / metric.D, 0.02);
        if (label === '' || name === SMALL_D) return;
        const shown = pair.contrast === 'swap' ? (SWAP_NAMES[label] ?? label) : label;
        wanted.set(shown, [...(wanted.get(shown) ?? []), `${Math.floor(i / perLayer)},${i % perLayer}`]);
      });
      const found = new Map(
        Object.entries(labels[kind]!).flatMap(([label, list]) =>
          list.length > 0 ? [[label, list.map(String)] as const] : [],
        ),
      );
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
      const difference = noising.map((ap, i) =>
        name === SMALL_D ? Number.NaN : (-ap - denoising[i]!) / metric.D,
      );
      expect(asymmetry).toBeClose(difference, TOLERANCES.rounding);
    }
    expect(pair.contrast).toBe(reference.pair.contrast);
    if (name === SMALL_D) expect(results.study.lint.map(({ code }) => code)).toContain('small_d');
  });
});

const SWAP_NAMES: Readonly<Record<string, string>> = { and: 'noising_only', or: 'denoising_only' };

/** The label of one component, from the table of definitions. */
function labelOf(n: number, d: number, tau: number): string {
  if (n >= tau && Math.abs(d) <= n / 3) return 'and';
  if (d >= tau && Math.abs(n) <= d / 3) return 'or';
  if (n >= tau && d >= tau && Math.max(n, d) < 1.5 * Math.min(n, d)) return 'adder';
  if (n <= -tau && d <= -tau) return 'inhibitory';
  return Math.max(Math.abs(n), Math.abs(d)) >= tau ? 'mixed' : '';
}

/** Components at or above the quantile of |scores|, linearly interpolated, and not 0; by layer, then index. */
function highlighted({ data, shape }: Tensor, q: number): Set<string> {
  const sizes = Float64Array.from(data, Math.abs).sort();
  const place = q * (sizes.length - 1);
  const [low, high] = [sizes[Math.floor(place)]!, sizes[Math.ceil(place)]!];
  const threshold = low + (high - low) * (place - Math.floor(place));
  const width = shape[1]!;
  return new Set(
    Array.from(data.keys())
      .filter((i) => Math.abs(data[i]!) >= threshold && data[i] !== 0)
      .map((i) => `${Math.floor(i / width)},${i % width}`),
  );
}

/** Sums [layers, positions, n] over positions. */
function summed({ shape, data }: Tensor): Tensor {
  const [layers, positions, n] = shape as [number, number, number];
  const sums = new Float32Array(layers * n);
  data.forEach((value, i) => {
    sums[Math.floor(i / (positions * n)) * n + (i % n)]! += value;
  });
  return { shape: [layers, n], data: sums };
}

/** effects [.., .., layers, targets] x a factor for each target [layers, targets]. */
function timesTargets({ shape, data }: Tensor, factors: Tensor): Tensor {
  return { shape, data: data.map((value, i) => value * factors.data[i % factors.data.length]!) };
}

/** The same effects with own entries 0. */
function withoutOwn({ shape, data }: Tensor, sameKind: boolean): Tensor {
  const rest = Float32Array.from(data);
  if (sameKind) for (let s = 0; s < shape[0]! * shape[1]!; s++) rest[s * (shape[2]! * shape[3]!) + s] = 0;
  return { shape, data: rest };
}

/** Each (source layer, target layer) block against its own largest value; floor: a thousandth of the whole's. */
function compareBlocks(
  found: Tensor,
  expected: Tensor,
  sameKind: boolean,
  tolerance: Tolerance,
  what: string,
): void {
  const [layers, sources, , targets] = expected.shape as [number, number, number, number];
  const [a, b] = [withoutOwn(found, sameKind), withoutOwn(expected, sameKind)];
  const finite = b.data.map((value) => (Number.isNaN(value) ? 0 : value));
  const floor = 1e-3 * (tolerance.rtol ?? 0) * largest({ shape: b.shape, data: finite });
  for (let from = 0; from < layers; from++) {
    for (let to = 0; to < layers; to++) {
      const [x, y] = [a, b].map(({ data }) =>
        Array.from({ length: sources * targets }, (_, i) => {
          const source = from * sources + Math.floor(i / targets);
          return data[(source * layers + to) * targets + (i % targets)]!;
        }),
      );
      const unreachable = y!.every((value) => value === 0);
      const allowed = unreachable ? {} : { ...tolerance, atol: (tolerance.atol ?? 0) + floor };
      expect(x!, `${what}, layer ${from} on layer ${to}`).toBeClose(y!, allowed);
    }
  }
}

function meanByLayer({ shape, data }: Tensor): Tensor {
  const [layers, sources, , targets] = shape as [number, number, number, number];
  const means = new Float32Array(layers * sources * layers);
  for (let i = 0; i < means.length; i++) {
    means[i] = data.subarray(i * targets, (i + 1) * targets).reduce((sum, value) => sum + value, 0) / targets;
  }
  return { shape: [layers, sources, layers], data: means };
}

/** The 64 strongest reachable targets of each source. */
function strongest(
  { shape, data }: Tensor,
  source: Kind,
  target: Kind,
): { index: Float32Array; value: Float32Array } {
  const [layers, sources, , targets] = shape as [number, number, number, number];
  const index = new Float32Array(layers * sources * 64 * 2).fill(-1);
  const value = new Float32Array(layers * sources * 64);
  for (let s = 0; s < layers * sources; s++) {
    const layer = Math.floor(s / sources);
    const first = source === 'heads' && target === 'neurons' ? layer : layer + 1;
    const reachable = Array.from({ length: layers * targets }, (_, t) => t).filter(
      (t) => t >= first * targets,
    );
    const of = (t: number): number => data[s * layers * targets + t]!;
    reachable.sort((a, b) => of(b) - of(a) || a - b);
    reachable.slice(0, 64).forEach((t, rank) => {
      index.set([Math.floor(t / targets), t % targets], (s * 64 + rank) * 2);
      value[s * 64 + rank] = of(t);
    });
  }
  return { index, value };
}
