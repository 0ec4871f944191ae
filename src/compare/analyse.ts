/**
 * From two opened surveys to what a comparison says. Needs no model.
 */
import type { ComparisonJson } from '../results/comparison-json.ts';
import type { NamedTensor } from '../tensor/safetensors.ts';
import { tensor } from '../tensor/tensor.ts';
import { comparedName } from '../results/comparison-read.ts';
import { pooledEffects } from '../survey/analysis/pool.ts';
import type { Direction, Kind } from '../terms.ts';
import { compareAnswers } from './answers.ts';
import { listComponents } from './changes.ts';
import { compareComponents, type PooledSides } from './components.ts';
import { drawBoth, type Draw } from './draws.ts';
import { compareGainRows } from './gains.ts';
import { type Kinship, kinship } from './kinship.ts';
import { compareLabels } from './labels.ts';
import { comparePaired } from './paired.ts';
import { hasExact, hasSmallD, inBoth, pooledExact, type Sides } from './side.ts';
import { compareAgreement, compareDepth, labelCounts } from './totals.ts';

/** Draws times components: beyond it there are fewer draws, as each ranks all components anew. */
const DRAWN_COMPONENTS = 1e7;
/** Percentiles of fewer draws would say nothing. */
const LEAST_DRAWS = 100;

export type Compared = Omit<ComparisonJson, 'schema' | 'complete' | 'findings' | 'command' | 'versions'>;

export interface Analysed {
  readonly json: Compared;
  /** Pooled effects of both, for figures. */
  readonly effects: readonly NamedTensor[];
}

export async function analyseSides(
  sides: Sides,
  onKind: (kind: Kind) => Promise<void> = async () => {},
): Promise<Analysed> {
  const { a, b } = sides;
  const kin = kinship(sides);
  const draws = drawsOf(sides, kin);
  const how = { draws: draws.asked, seed: a.survey.options.seed };
  const sameProcessing = a.survey.options.raw_weights === b.survey.options.raw_weights;
  const json: Compared = {
    a: kin.surveys.a,
    b: kin.surveys.b,
    same_model: kin.same_model,
    same_clusters: kin.same_clusters,
    shared: kin.shared,
    differences: kin.differences,
    limits: [...kin.limits],
    answers: compareAnswers(sides, draws.all),
    components: [],
    labels: [],
    label_counts: labelCounts(sides),
    strongest: [],
    changed: [],
    agreement: compareAgreement(sides),
    paired: await comparePaired(sides, kin.places, kin.same_model, how),
    gains: sameProcessing ? await compareGainRows(sides, draws.all) : [],
    depth: [],
    options: how,
  };
  const effects: NamedTensor[] = [];
  for (const kind of hasExact(a) && hasExact(b) ? inBoth(sides).kinds : []) {
    const pooled = await pooledBoth(sides, kind);
    for (const [direction, both] of pooled) {
      json.depth.push(
        compareDepth(kind, direction, { side: a, pooled: both.a }, { side: b, pooled: both.b }),
      );
      effects.push(...effectTensors(sides, kind, direction, both));
    }
    if (kin.same_model) addComponents(json, sides, kind, pooled, draws.all);
    await onKind(kind);
  }
  return { json, effects };
}

interface Draws {
  readonly asked: number;
  readonly all: readonly Draw[];
}

function drawsOf({ a, b }: Sides, { same_clusters }: Kinship): Draws {
  const asked = Math.min(a.survey.options.draws, b.survey.options.draws);
  const clusters = { a: a.survey.clusters.count, b: b.survey.clusters.count };
  const request = { ...clusters, together: same_clusters, draws: asked, seed: a.survey.options.seed };
  return { asked, all: drawBoth(request) };
}

async function pooledBoth(sides: Sides, kind: Kind): Promise<Map<Direction, PooledSides>> {
  const pooled = new Map<Direction, PooledSides>();
  for (const direction of inBoth(sides).directions) {
    pooled.set(direction, {
      a: await pooledExact(sides.a, direction, kind),
      b: await pooledExact(sides.b, direction, kind),
    });
  }
  return pooled;
}

/** All that is said of one kind, where a component of A is the same component in B. */
function addComponents(
  json: Compared,
  { a, b }: Sides,
  kind: Kind,
  pooled: ReadonlyMap<Direction, PooledSides>,
  all: readonly Draw[],
): void {
  const size = a.survey.shape.layers * a.survey.shape[kind];
  const afford = Math.floor(DRAWN_COMPONENTS / size);
  const draws = afford < LEAST_DRAWS ? [] : all.slice(0, afford);
  const why = draws.length === all.length ? undefined : fewerDraws(kind, draws.length);
  if (why) json.limits.push(why);
  const { options: one, task: taskA } = a.survey;
  const { options: two, task: taskB } = b.survey;
  const quantile = { a: one.quantile, b: two.quantile };
  const perLayer = a.survey.shape[kind];
  for (const [direction, both] of pooled) {
    const request = { kind, direction, perLayer, quantile, draws, seed: one.seed };
    json.components.push(compareComponents(both, request));
  }
  const [noising, denoising] = [pooled.get('noising'), pooled.get('denoising')];
  const hasLabels = noising && denoising && !hasSmallD(a) && !hasSmallD(b);
  const labels = hasLabels
    ? {
        a: { both: { noising: noising.a, denoising: denoising.a }, tau: one.tau, contrast: taskA.contrast },
        b: { both: { noising: noising.b, denoising: denoising.b }, tau: two.tau, contrast: taskB.contrast },
      }
    : undefined;
  if (labels) json.labels.push(compareLabels(kind, labels.a, labels.b, draws));
  const listed = listComponents({ kind, perLayer, pooled, labels, draws: all, how: { a: one, b: two } });
  json.strongest.push(...listed.strongest);
  json.changed.push(...listed.changed);
}

function fewerDraws(kind: Kind, draws: number): string {
  return draws === 0
    ? `Correlations and labels of ${kind} have no intervals: there are too many ${kind} to rank them in every draw.`
    : `Intervals of correlations and labels of ${kind} come from ${draws} draws: each ranks all ${kind} anew.`;
}

function effectTensors(
  { a, b }: Sides,
  kind: Kind,
  direction: Direction,
  pooled: PooledSides,
): NamedTensor[] {
  return (
    [
      ['a', a, pooled.a],
      ['b', b, pooled.b],
    ] as const
  ).map(([side, { survey }, own]) => ({
    name: comparedName(side, direction, kind),
    tensor: tensor(Float32Array.from(pooledEffects(own)), [survey.shape.layers, survey.shape[kind]]),
  }));
}
