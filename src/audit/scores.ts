/**
 * What is compared: the exact scores of one pair with each method's, in the same order of components.
 */
import { RunError } from '../errors.ts';
import type { AuditLabel, AuditScores, AuditComparisonJson, LabellingJson } from '../results/audit-json.ts';
import type { StudyResults } from '../results/read.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { type Direction, isSmallD, type Kind } from '../terms.ts';
import { type Compared, compareAll } from './compare.ts';
import { auditLabels, labellings } from './labelling.ts';
import type { Via } from './mediation.ts';
import type { MethodScores } from './methods.ts';
import { type AuditOptions, isSignedMethod, THROUGH } from './options.ts';

/** One pair, its exact results, and its approximate ones. */
export interface PairScores {
  /** From 1. */
  readonly pair: number;
  readonly study: StudyResults;
  readonly via: Via;
  readonly methods: MethodScores['scores'];
}

/** Every direction and kind of a pair; pairs of heads last. */
export async function auditScores(pair: PairScores, options: AuditOptions): Promise<AuditScores[]> {
  const all: AuditScores[] = [];
  for (const direction of options.directions) {
    for (const kind of options.components) all.push(componentScores(pair, direction, kind, options));
    if (options.methods.includes(THROUGH.name)) all.push(await headPairScores(pair, direction, options));
  }
  return all;
}

function exactOf({ study }: PairScores, direction: Direction, kind: Kind): Float32Array {
  return study.scores.get(`ap.${direction}.${kind}`)!.data;
}

function exactLabels(pair: PairScores, kind: Kind, options: AuditOptions): AuditLabel[] | undefined {
  return labelsOf(pair, options, (direction) => exactOf(pair, direction, kind));
}

/** The labels of scores in both directions; undefined where one was not run, or D is small. */
function labelsOf(
  { study: { study } }: PairScores,
  { directions, tau }: AuditOptions,
  scores: (direction: Direction) => Float32Array,
): AuditLabel[] | undefined {
  if (directions.length < 2) return undefined;
  const both = { noising: scores('noising'), denoising: scores('denoising') };
  return auditLabels(both, study.metric, tau, study.pair.contrast);
}

function componentScores(
  pair: PairScores,
  direction: Direction,
  kind: Kind,
  options: AuditOptions,
): AuditScores {
  const exact = exactOf(pair, direction, kind);
  const width = pair.study.study.shape[kind];
  const places = Array.from(exact, (_, i) => [Math.floor(i / width), i % width]);
  const labels = exactLabels(pair, kind, options);
  return {
    pair: pair.pair,
    direction,
    kind,
    components: tensor(Int32Array.from(places.flat()), [exact.length, 2]) as Tensor<Int32Array>,
    exact,
    ...(labels && { labels }),
    methods: new Map([...pair.methods].map(([name, scores]) => [name, scores.get(`${direction}.${kind}`)!])),
  };
}

/** `via` and `through` of every head to every head of a later layer. */
async function headPairScores(
  pair: PairScores,
  direction: Direction,
  options: AuditOptions,
): Promise<AuditScores> {
  const { study } = pair;
  const via = pair.via.get(direction);
  const through = await study.effects.read(direction, `heads_to_heads_${THROUGH.name}`);
  if (!via || !through) throw new RunError(`no pairs of heads for ${study.folder}; run the audit again`);
  const { layers, heads } = study.study.shape;
  const count = layers * heads;
  const own = exactLabels(pair, 'heads', options);
  const all = Array.from({ length: count * count }, (_, at) => [Math.floor(at / count), at % count] as const);
  const kept = all.filter(([s, t]) => Math.floor(t / heads) > Math.floor(s / heads));
  const places = kept.flatMap((ends) => ends.flatMap((head) => [Math.floor(head / heads), head % heads]));
  const pick = (values: Float32Array) => Float32Array.from(kept, ([s, t]) => values[s * count + t]!);
  return {
    pair: pair.pair,
    direction,
    kind: 'head_pairs',
    components: tensor(Int32Array.from(places), [kept.length, 4]) as Tensor<Int32Array>,
    exact: pick(via.data),
    ...(own && { labels: kept.map(([source]) => own[source]!) }),
    methods: new Map([[THROUGH.name, pick(through.data)]]),
  };
}

/** All comparisons of one list of scores: each method, all components and each label. */
export function comparisons(
  scores: AuditScores,
  metric: { readonly clean: number; readonly corrupted: number },
  tau: number,
): AuditComparisonJson[] {
  const { pair, direction, kind, exact, labels } = scores;
  const threshold = isSmallD(metric) ? Number.NaN : tau * Math.abs(metric.clean - metric.corrupted);
  return [...scores.methods].flatMap(([method, approximate]) => {
    const scored = { exact, approximate, signed: isSignedMethod(method), threshold };
    return compareAll({ ...scored, ...(labels && { labels }) }).map((compared) => ({
      pair,
      direction,
      kind,
      method,
      ...compared,
      missed: compared.missed.map((one) => named(one, scores)),
    }));
  });
}

function named(
  { position, ...rest }: Compared['missed'][number],
  { components: { data, shape } }: AuditScores,
): AuditComparisonJson['missed'][number] {
  const width = shape[1]!;
  return { ...rest, component: [...data.subarray(position * width, (position + 1) * width)] };
}

/** What labels each signed method would give; none where there are no exact labels. */
export function pairLabellings(pair: PairScores, options: AuditOptions): LabellingJson[] {
  return options.components.flatMap((kind) => {
    const exact = exactLabels(pair, kind, options);
    if (!exact) return [];
    return [...pair.methods].flatMap(([method, scores]) => {
      if (!isSignedMethod(method)) return [];
      const own = labelsOf(pair, options, (direction) => scores.get(`${direction}.${kind}`)!)!;
      return labellings(exact, own).map((row) => ({ pair: pair.pair, kind, method, ...row }));
    });
  });
}
