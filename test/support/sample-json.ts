/**
 * The `study.json` of a synthetic study, derived from its arrays by the definitions.
 */
import { quantileSorted } from 'd3-array';
import {
  type ControlPointJson,
  type ControlRuleJson,
  type ControlsJson,
  type Label,
  type LabelSetsJson,
  type LatentSetsJson,
  type PerKind,
  STUDY_SCHEMA,
  type StudyJson,
} from '../../src/results/study-json.ts';
import type { Arrays } from './sample-arrays.ts';
import type { ResolvedSample } from './sample-study.ts';
import type { Component, Direction, Kind } from '../../src/terms.ts';

const TAU = 0.02;
const CLEAN = [
  '<|endoftext|>',
  'When',
  ' John',
  ' and',
  ' Mary',
  ' went',
  ' to',
  ' the',
  ' store',
  ',',
  ' Paul',
  ' gave',
  ' a',
  ' bottle',
  ' of',
  ' milk',
  ' to',
];

function componentsWhere(width: number, size: number, keep: (i: number) => boolean): Component[] {
  const found: Component[] = [];
  for (let i = 0; i < size; i++) if (keep(i)) found.push([Math.floor(i / width), i % width]);
  return found;
}

function latentOf(arrays: Arrays, kind: Kind, width: number): LatentSetsJson {
  const high = (direction: Direction) => {
    const values = Array.from(arrays.get(`ig.${direction}.${kind}`)!.data, Math.abs);
    const threshold = quantileSorted(
      [...values].sort((a, b) => a - b),
      0.9,
    )!;
    return values.map((value) => value >= threshold && value > 0);
  };
  const [n, d] = [high('noising'), high('denoising')];
  return {
    noising: componentsWhere(width, n.length, (i) => n[i]! && !d[i]),
    denoising: componentsWhere(width, n.length, (i) => !n[i] && d[i]!),
    both: componentsWhere(width, n.length, (i) => n[i]! && d[i]!),
  };
}

/** The label of one component by its two normalised effects. */
export function labelOf(n: number, d: number, swap: boolean): Label | undefined {
  if (n >= TAU && Math.abs(d) <= n / 3) return swap ? 'noising_only' : 'and';
  if (d >= TAU && Math.abs(n) <= d / 3) return swap ? 'denoising_only' : 'or';
  if (n >= TAU && d >= TAU && Math.max(n, d) < 1.5 * Math.min(n, d)) return 'adder';
  if (n <= -TAU && d <= -TAU) return 'inhibitory';
  return Math.max(Math.abs(n), Math.abs(d)) >= TAU ? 'mixed' : undefined;
}

function labelsOf(arrays: Arrays, kind: Kind, width: number, sample: ResolvedSample): LabelSetsJson {
  const swap = sample.contrast === 'swap';
  const sets: LabelSetsJson = swap ? { noising_only: [], denoising_only: [] } : { and: [], or: [] };
  Object.assign(sets, { adder: [], inhibitory: [], mixed: [] });
  if (sample.smallD || sample.directions.length < 2) return sets;
  const noising = arrays.get(`ap.noising.${kind}`)!.data;
  const denoising = arrays.get(`ap.denoising.${kind}`)!.data;
  noising.forEach((value, i) => {
    const label = labelOf(-value / 6.25, denoising[i]! / 6.25, swap);
    if (label) (sets[label] ??= []).push([Math.floor(i / width), i % width]);
  });
  return sets;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function ruleOf(points: ControlPointJson[], labelled: number): ControlRuleJson {
  const matched = points.filter((point) => point.controls.length > 0);
  const sets = matched.length > 3 ? 10_000 : 24;
  return {
    labelled,
    matched: matched.length,
    unmatched: labelled - matched.length,
    mean_log_gain_labelled: mean(matched.map((point) => point.log_gain)),
    mean_log_gain_controls: mean(matched.map((point) => mean(point.control_log_gain))),
    sets,
    exhaustive: sets !== 10_000,
    exceeds: matched.length === 0 ? 0 : Math.round(0.87 * sets),
    smallest_rank: 1 / (sets + 1),
    points: matched,
  };
}

function controlsOf(gain: Float32Array, labels: LabelSetsJson, width: number): ControlsJson {
  const names: Label[] = ['and', 'or', 'noising_only', 'denoising_only'];
  const labelled = names.flatMap((label) => (labels[label] ?? []).map((component) => ({ label, component })));
  const taken = new Set(labelled.map(({ component }) => component.join()));
  const usable = labelled.filter(({ component: [l, i] }) => gain[l * width + i]! > 0);
  const pointsWith = (limit: number) =>
    usable.map(({ label, component }): ControlPointJson => {
      const [layer, index] = component;
      const controls = Array.from({ length: width }, (_, i) => i)
        .filter((i) => i !== index && !taken.has(`${layer},${i}`) && gain[layer * width + i]! > 0)
        .slice(0, limit);
      const at = (i: number) => Math.log(gain[layer * width + i]!);
      const control_log_gain = controls.map(at);
      return {
        component,
        label,
        log_gain: at(index),
        candidates: controls.length,
        controls,
        control_log_gain,
      };
    });
  return {
    without_gain: gain.filter(Number.isNaN).length,
    zero_gain: 0,
    any: ruleOf(pointsWith(16), usable.length),
    matched: ruleOf(pointsWith(4), usable.length),
    matched_unlabelled: ruleOf(pointsWith(1), usable.length),
  };
}

function predictions(answer: string): StudyJson['predictions'] {
  const list = (tokens: string[]) =>
    tokens.map((token, i) => ({ id: 10 + i, token, logit: 9 - 1.3 * i, probability: 0.62 * 0.4 ** i }));
  return {
    clean: list([answer, ' the', ' John', '\n', ' a']),
    corrupted: list([' John', answer, ' the', ' her', '\t']),
  };
}

/** Everything that depends on arrays: per kind. */
function analyses(
  sample: ResolvedSample,
  arrays: Arrays,
): Pick<StudyJson, 'latent' | 'labels' | 'label_stability' | 'controls' | 'completeness_gap'> {
  const latent: PerKind<LatentSetsJson> = {};
  const labels: PerKind<LabelSetsJson> = {};
  const controls: StudyJson['controls'] = {};
  const label_stability: StudyJson['label_stability'] = {};
  const completeness_gap: StudyJson['completeness_gap'] = { noising: {}, denoising: {} };
  for (const kind of sample.kinds) {
    const width = kind === 'heads' ? sample.heads : sample.neurons;
    latent[kind] = latentOf(arrays, kind, width);
    const sets = labelsOf(arrays, kind, width, sample);
    labels[kind] = sets;
    label_stability[kind] = { half_tau: 5, double_tau: 3 };
    controls[kind] = Object.fromEntries(
      sample.directions.map((direction) => [
        direction,
        controlsOf(arrays.get(`gain.${direction}.${kind}`)!.data, sets, width),
      ]),
    );
    for (const direction of ['noising', 'denoising'] as const) {
      completeness_gap[direction]![kind] = Array.from({ length: sample.layers }, (_, l) => 1.7e-4 / (l + 1));
    }
  }
  return { latent, labels, label_stability, controls, completeness_gap };
}

/** The `study.json` that belongs to the arrays. */
export function sampleStudyJson(sample: ResolvedSample, arrays: Arrays): StudyJson {
  const corrupted = CLEAN.with(10, ' John');
  const ids = (tokens: readonly string[]) => tokens.map((_, i) => i);
  const metric = sample.smallD
    ? { name: 'logit difference', clean: 3.55, corrupted: 3.5, D: 0.05 }
    : { name: 'logit difference', clean: 6.1, corrupted: -0.15, D: 6.25 };
  const { layers, heads, neurons } = sample;
  return {
    schema: STUDY_SCHEMA,
    complete: true,
    model: { id: 'synthetic', architecture: 'gpt2', sha256: '0123456789abcdef'.repeat(4) },
    shape: { layers, heads, neurons },
    components: [...sample.kinds],
    pair: {
      clean: { text: CLEAN.slice(1).join(''), ids: ids(CLEAN), tokens: [...CLEAN] },
      corrupted: { text: corrupted.slice(1).join(''), ids: ids(corrupted), tokens: corrupted },
      first_difference: 10,
      contrast: sample.contrast,
      answer: { id: 10, text: sample.answer },
      wrong: { id: 12, text: ' John' },
    },
    metric,
    options: {
      tau: TAU,
      quantile: 0.9,
      seed: 0,
      steps: 50,
      directions: [...sample.directions],
      measures: [...sample.measures],
    },
    command: "mediators study --model synthetic --pair removal --out 'my study'",
    versions: { mediators: '0.1.0', 'onnxruntime-node': '1.30.0', node: '20.20.2' },
    provider: 'cpu',
    phases: [
      { name: 'load', seconds: 0.41, peak_bytes: 182_000_000 },
      { name: 'integrated gradients', seconds: 3.2, peak_bytes: 390_000_000 },
      { name: 'effects', seconds: 11.75, peak_bytes: 512_000_000 },
    ],
    lint: sample.smallD
      ? [
          {
            code: 'small-d',
            message: 'D is 0.05, below 0.1 (|F_clean| + |F_corrupted|): values are not normalised.',
          },
        ]
      : [],
    predictions: predictions(sample.answer),
    identity: {},
    arrays_absent: sample.absent ? ['noising/heads_to_heads', 'denoising/heads_to_heads'] : [],
    ...analyses(sample, arrays),
  };
}
