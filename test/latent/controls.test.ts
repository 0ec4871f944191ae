import { describe, expect, it } from 'vitest';
import {
  LISTED_CONTROLS,
  type ControlInput,
  compareWithControls,
  controlsOf,
} from '../../src/latent/controls.ts';
import { labelComponents } from '../../src/latent/labels.ts';
import { parseStudyJson } from '../../src/results/study-json.ts';
import { Random } from '../support/random.ts';

/** One layer of six, so that every rule can be followed by eye. */
const layer: ControlInput = {
  //       0      1        2          3             4        5
  labels: ['and', 'adder', undefined, 'inhibitory', 'mixed', undefined],
  contrast: 'removal',
  gain: [2, 1, 4, 0.5, 8, 0],
  own: [1, 1.2, 0.8, 1, 9, 1],
  strength: [0.5, 0.4, 0.01, 0.5, 0.5, 0.01],
  perLayer: 6,
  seed: 0,
};

function random(layers: number, perLayer: number, labelled: number): ControlInput {
  const source = new Random(layers * perLayer);
  const size = layers * perLayer;
  const labels = Array.from({ length: size }, () => {
    if (source.uniform() < labelled) return source.uniform() < 0.5 ? ('and' as const) : ('or' as const);
    return source.uniform() < 0.05 ? ('adder' as const) : undefined;
  });
  const normals = (): Float32Array => Float32Array.from({ length: size }, () => Math.exp(source.normal()));
  const gain = normals();
  gain[size - 1] = Number.NaN;
  gain[size - 2] = 0;
  return { labels, contrast: 'removal', gain, own: normals(), strength: normals(), perLayer, seed: 1 };
}

describe('controlsOf', () => {
  it('any: others of the layer with a gain above 0', () => {
    expect(controlsOf(0, 'any', layer)).toEqual([1, 2, 3, 4]);
  });

  it('matched: own change within 0.25 in natural logarithm', () => {
    expect(controlsOf(0, 'matched', layer)).toEqual([1, 2, 3]);
    const edge = (own: number): number[] => controlsOf(0, 'matched', { ...layer, own: [1, own, 9, 9, 9, 9] });
    expect(edge(Math.exp(0.2499))).toEqual([1]);
    expect(edge(Math.exp(-0.2499))).toEqual([1]);
    expect(edge(Math.exp(0.2501))).toEqual([]);
  });

  it('matched_unlabelled: ADDER or without label, the nearest effect', () => {
    expect(controlsOf(0, 'matched_unlabelled', layer)).toEqual([1]);
    const tied = { ...layer, strength: [0.5, 0.25, 0.75, 0.5, 0.5, 0.5] };
    expect(controlsOf(0, 'matched_unlabelled', tied)).toEqual([1, 2]);
  });

  it('stays within the layer', () => {
    const two: ControlInput = {
      ...layer,
      labels: [...layer.labels, ...layer.labels],
      gain: [2, 1, 4, 0.5, 8, 0, 2, 1, 4, 0.5, 8, 0],
      own: Array.from({ length: 12 }, () => 1),
      strength: Array.from({ length: 12 }, () => 1),
    };
    expect(controlsOf(6, 'any', two)).toEqual([7, 8, 9, 10]);
  });
});

describe('compareWithControls', () => {
  it('compares the mean log gain with every matched set', () => {
    const { any, matched, matched_unlabelled: unlabelled } = compareWithControls(layer);
    // Of log 1, 4, 0.5 and 8, log 2 exceeds two.
    expect(any).toMatchObject({
      labelled: 1,
      matched: 1,
      unmatched: 0,
      sets: 4,
      exceeds: 2,
      exhaustive: true,
    });
    expect(any.mean_log_gain_labelled).toBeCloseTo(Math.log(2), 14);
    expect(any.mean_log_gain_controls).toBeCloseTo(Math.log(16) / 4, 14);
    expect(any.smallest_rank).toBe(0.2);
    expect(matched).toMatchObject({ sets: 3, exceeds: 2, smallest_rank: 0.25 });
    expect(unlabelled).toMatchObject({ sets: 1, exceeds: 1, smallest_rank: 0.5 });
    expect(any.points).toEqual([
      {
        component: [0, 0],
        label: 'and',
        log_gain: Math.log(2),
        candidates: 4,
        controls: [1, 2, 3, 4],
        control_log_gain: [1, 4, 0.5, 8].map(Math.log),
      },
    ]);
  });

  it('means of controls are the mean of all matched sets', () => {
    const input: ControlInput = {
      ...layer,
      labels: ['and', 'or', undefined, undefined, undefined, undefined],
    };
    const gain = [2, 1, 4, 0.5, 8];
    const pools = [0, 1].map((i) => gain.filter((_, k) => k !== i).map(Math.log));
    const sets = pools[0]!.flatMap((a) => pools[1]!.map((b) => (a + b) / 2));
    const { any } = compareWithControls(input);
    const observed = (Math.log(2) + Math.log(1)) / 2;
    expect(any.sets).toBe(sets.length);
    expect(any.exceeds).toBe(sets.filter((mean) => mean < observed - 1e-12).length);
    expect(any.mean_log_gain_controls).toBeCloseTo(
      sets.reduce((sum, mean) => sum + mean, 0) / sets.length,
      14,
    );
  });

  it('counts gains that do not exist or are 0, and leaves them out', () => {
    const gain = [2, Number.NaN, 4, 0, 0, Number.NaN];
    const result = compareWithControls({ ...layer, gain });
    expect(result).toMatchObject({ without_gain: 2, zero_gain: 2 });
    expect(result.any.points[0]!.controls).toEqual([2]);
    expect(compareWithControls({ ...layer, gain: [0, 1, 1, 1, 1, 1] }).any.labelled).toBe(0);
  });

  it('states who has no match, and ranks the others', () => {
    const labels = ['and', undefined, undefined, undefined, 'or', undefined] as const;
    const { matched } = compareWithControls({ ...layer, labels });
    expect(matched).toMatchObject({ labelled: 2, matched: 1, unmatched: 1, sets: 3 });
    expect(matched.mean_log_gain_labelled).toBeCloseTo(Math.log(2), 14);
    expect(matched.points[1]).toMatchObject({ component: [0, 4], candidates: 0, controls: [] });
  });

  it('has no numbers where nothing is labelled', () => {
    const { any } = compareWithControls({ ...layer, labels: Array.from({ length: 6 }, () => undefined) });
    expect(any).toMatchObject({ labelled: 0, sets: 0, exceeds: 0, points: [] });
    expect([any.mean_log_gain_labelled, any.mean_log_gain_controls, any.smallest_rank]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('names the labels of a swap pair as such', () => {
    const swap = compareWithControls({ ...layer, contrast: 'swap' });
    expect(swap.any.points[0]!.label).toBe('noising_only');
  });

  it('lists at most 256 controls of a point, different ones, and repeats with the seed', () => {
    const input = random(2, 400, 0.1);
    const result = compareWithControls(input);
    expect(result).toEqual(compareWithControls(input));
    for (const point of result.any.points) {
      expect(point.candidates).toBeGreaterThan(LISTED_CONTROLS);
      expect(new Set(point.controls).size).toBe(LISTED_CONTROLS);
      expect(point.controls).not.toContain(point.component[1]);
      expect(point.controls).toEqual([...point.controls].sort((a, b) => a - b));
    }
  });

  it('finds nothing where labels are drawn at random', () => {
    // 40 layers of labels without any relation to gain: the share of sets exceeded is about one half on average.
    const shares = Array.from({ length: 40 }, (_, k) => {
      const { matched } = compareWithControls({ ...random(6, 20 + k, 0.15), draws: 500 });
      return matched.exceeds / matched.sets;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.12);
  });

  it('draws the full number of sets for 46,080 neurons', () => {
    const { any, matched } = compareWithControls(random(30, 1536, 0.01));
    expect(any.labelled).toBeGreaterThan(400);
    expect(matched.sets).toBe(10_000);
  });

  it('fits study.json, NaN included', () => {
    const controls = { heads: { noising: compareWithControls(random(3, 8, 0.2)) }, neurons: {} };
    const empty = { denoising: compareWithControls({ ...layer, labels: labelComponents(noEffects, unit) }) };
    const study = JSON.stringify({ ...studyShell, controls: { ...controls, neurons: empty } });
    expect(parseStudyJson(study).controls).toEqual({ ...controls, neurons: empty });
  });
});

const noEffects = { noising: new Float32Array(6), denoising: new Float32Array(6) };
const unit = { clean: 1, corrupted: 0 };

/** The smallest valid study.json, without its controls. */
const studyShell = {
  schema: 'mediators/study@1',
  complete: true,
  model: { id: 'm', architecture: 'gpt2', sha256: '' },
  shape: { layers: 3, heads: 8, neurons: 6 },
  components: ['heads', 'neurons'],
  pair: {
    clean: { text: null, ids: [0], tokens: ['0'] },
    corrupted: { text: null, ids: [1], tokens: ['1'] },
    first_difference: 0,
    contrast: 'removal',
  },
  metric: { name: 'logit_difference', clean: 1, corrupted: 0, D: 1 },
  options: {},
  command: '',
  versions: {},
  provider: 'cpu',
  phases: [],
  lint: [],
  completeness_gap: {},
  predictions: { clean: [], corrupted: [] },
  latent: {},
  labels: {},
  label_stability: {},
  arrays_absent: [],
};
