/**
 * Exact mediation and interaction of pairs of components (docs/definitions.md):
 *
 *   via[s, t]         = F(s patched) - F(s patched, t held at its base value)
 *   interaction[a, b] = ap(a and b) - ap(a) - ap(b)
 *
 * Both are one kind of run: a first component patched, and a second one behind it that gets a value: its base run's for
 * via, its other run's for interaction. All pairs of two groups (components of one layer and kind) go together:
 * 1. the base run, through the very sessions of all that follows;
 * 2. the first group's own runs, once for all second groups: their streams and values are kept (`firstRuns`);
 * 3. a pair starts behind the second component's stage, from the first's stream plus the change of what the second
 *    writes (`replace.ts`). Nothing before it is computed again.
 * Two components of one group do not see each other: both writes are added to the base stream.
 *
 * Neither adds up: an effect that passes two heads is part of both their `via`.
 */
import { jointStreams } from '../effects/changes.ts';
import { startOf } from '../effects/entrance.ts';
import type { ProbeSource } from '../effects/measures.ts';
import type { Sources } from '../effects/unit.ts';
import { evenParts, twiceIfAlone } from '../patch/batches.ts';
import { forwardSteps, metricsFrom, type SpecialStage } from '../patch/forward-runs.ts';
import { METRIC } from '../patch/metric-graph.ts';
import { stateAt, valueAt } from '../patch/round-trip.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { RESID } from '../model/stages.ts';
import type { BlockHook } from '../model/sites.ts';
import type { Step } from '../runtime/engine.ts';
import { joinRows, lastRows, row, rows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { replaceGraph, VALUE_CHANGE } from './replace.ts';

/** One direction of one pair, made ready. */
export interface Mediating {
  readonly chain: SuffixChain;
  readonly source: ProbeSource;
  /** Every group whose components are first or second of a pair, in the order of computation. */
  readonly groups: readonly Sources[];
  /** Runs of one batch at most. */
  readonly batch: number;
  /** The base run, through the sessions of all others: one row. */
  readonly base: Recorded;
}

/** Runs of a batch, as far as pairs need them. */
export interface Recorded {
  /** F of each: [runs] */
  readonly metric: Float32Array;
  /** By index of the stage they enter: streams [runs, pos, d_model]. */
  readonly streams: ReadonlyMap<number, Tensor>;
  /** By the same index, which is that behind the components: z [runs, pos, heads, d_head] or activations [runs, pos, neurons]. */
  readonly values: ReadonlyMap<number, Tensor>;
}

/**
 * What of a pair can be asked for, a run each. `via`: the second component is held at its base run's value. `joint`, from
 * which interaction follows: it gets its other run's, so F(both patched) - F(base).
 */
export const PAIR_MEASURES = ['via', 'joint'] as const;
export type PairMeasure = (typeof PAIR_MEASURES)[number];

/** The pairs of two groups. */
export interface PairEffects {
  /** F(first patched) - F(base): [firsts] */
  readonly ap: Float32Array;
  /** Of each measure that was asked for: [firsts, seconds]. Within one group joint is above the diagonal alone; the rest is 0. */
  readonly pairs: ReadonlyMap<PairMeasure, Float32Array>;
}

/**
 * Second components go in parts of at most a batch, but of more than one: ONNX Runtime multiplies by a single matrix in
 * another way than by several, and rounds otherwise. Parts of nearly equal size that hold at most 3 hold 2 at least.
 */
const LEAST_SLICE = 3;

const VALUES: Readonly<Record<Kind, BlockHook>> = { heads: 'attn.hook_z', neurons: 'mlp.hook_post' };

/** Runs the base run. `groups`: those that will be first or second. */
export async function prepareMediation(
  chain: SuffixChain,
  source: ProbeSource,
  groups: readonly Sources[],
  batch: number,
): Promise<Mediating> {
  const start = source.base.states[0]!;
  const base = await recordedRun(chain, 0, stack([start, start]), groups);
  return { chain, source, groups, batch, base: firstRow(base) };
}

/** The runs in which each component of a group is patched alone. */
export async function firstRuns(mediating: Mediating, first: Sources): Promise<Recorded> {
  const { chain, groups, batch } = mediating;
  const start = startOf(chain, first.kind, first.layer);
  const behind = groups.filter((group) => startOf(chain, group.kind, group.layer) > start);
  const parts: Recorded[] = [];
  for (const indices of evenParts(first.indices, batch)) {
    const streams = streamsOf(
      mediating,
      first,
      indices.map((index) => [index]),
    );
    const run = await recordedRun(chain, start, streams, behind);
    parts.push(indices.length === 1 ? firstRow(run) : run);
  }
  return joinRecorded(parts);
}

/** All pairs of a group and one of the same place or behind it. `runs`: `firstRuns` of the first. */
export async function pairEffects(
  mediating: Mediating,
  first: Sources,
  second: Sources,
  runs: Recorded,
  measures: readonly PairMeasure[],
): Promise<PairEffects> {
  const base = mediating.base.metric[0]!;
  const size = first.indices.length * second.indices.length;
  const pairs = new Map(measures.map((measure) => [measure, new Float32Array(size)]));
  const isSame = first.kind === second.kind && first.layer === second.layer;
  if (!isSame) await fillPairs(mediating, second, runs, pairs);
  else if (pairs.has('joint')) await fillWithin(mediating, first, pairs.get('joint')!);
  return { ap: runs.metric.map((metric) => metric - base), pairs };
}

/** Pairs of two groups, the second behind the first. */
async function fillPairs(
  mediating: Mediating,
  second: Sources,
  runs: Recorded,
  pairs: PairEffects['pairs'],
): Promise<void> {
  const { batch, base } = mediating;
  const width = second.indices.length;
  const all = [...runs.metric.keys()].flatMap((run) =>
    [...pairs.keys()].map((measure) => ({ run, measure })),
  );
  let from = 0;
  for (const indices of evenParts(second.indices, Math.max(batch, LEAST_SLICE))) {
    for (const cases of evenParts(all, Math.max(1, Math.floor(batch / indices.length)))) {
      const metrics = await runCases(mediating, { ...second, indices }, runs, cases);
      cases.forEach(({ run, measure }, c) => {
        const found = metrics.subarray(c * indices.length, (c + 1) * indices.length);
        const effect = (metric: number) =>
          measure === 'via' ? runs.metric[run]! - metric : metric - base.metric[0]!;
        pairs.get(measure)!.set(found.map(effect), run * width + from);
      });
    }
    from += indices.length;
  }
}

/** One run of the first group, with the second's components at the value that a measure asks for. */
interface Case {
  readonly run: number;
  readonly measure: PairMeasure;
}

/** F for each case and component of the second group: [cases x components]. */
async function runCases(
  { chain, source, base }: Mediating,
  second: Sources,
  runs: Recorded,
  cases: readonly Case[],
): Promise<Float32Array> {
  const start = startOf(chain, second.kind, second.layer);
  const { shape } = runs.values.get(start)!;
  const [, positions, ...width] = shape as [number, number, ...number[]];
  const whole = (second.kind === 'heads' ? source.other.z : source.other.post)[second.layer]!;
  const goals = { via: row(base.values.get(start)!, 0), joint: lastRows(whole, positions) };
  const given = second.indices.length === 1 ? twiceIfAlone(cases) : cases;
  const changes = given.map(({ run, measure }) =>
    changesOf(goals[measure], row(runs.values.get(start)!, run), second.indices, positions, width),
  );
  const session = await chain.model.sessions.ready(
    `replace ${second.kind} ${second.layer} ${second.indices.join(' ')} of ${positions}`,
    () => replaceGraph(chain.model.config, second, positions),
    true,
  );
  const enter: Step = {
    session: session.key,
    inputs: { [RESID]: 'first.stream', [VALUE_CHANGE]: VALUE_CHANGE },
    outputs: { [RESID]: stateAt(start) },
  };
  const streams = stack(given.map(({ run }) => row(runs.streams.get(start)!, run)));
  const feeds = { 'first.stream': streams, [VALUE_CHANGE]: stack(changes) };
  const results = await chain.run([enter, ...(await forwardSteps(chain, start))], feeds, [METRIC]);
  return results[METRIC]!.data;
}

/** By how much the values of some components miss their goal: [pos, n, ...]. */
function changesOf(
  goal: Tensor,
  own: Tensor,
  indices: readonly number[],
  positions: number,
  [count, width = 1]: readonly number[],
): Tensor {
  const changes = zeros([positions, indices.length, ...(own.shape.length > 2 ? [width] : [])]);
  let at = 0;
  for (let p = 0; p < positions; p++) {
    for (const index of indices) {
      const from = (p * count! + index) * width;
      for (let k = from; k < from + width; k++) changes.data[at++] = goal.data[k]! - own.data[k]!;
    }
  }
  return changes;
}

/** Pairs of one group: joint, above the diagonal. */
async function fillWithin(mediating: Mediating, group: Sources, joint: Float32Array): Promise<void> {
  const { chain, batch, base } = mediating;
  const count = group.indices.length;
  const pairs = group.indices.flatMap((_, a) =>
    group.indices.slice(a + 1).map((__, b) => [a, a + 1 + b] as const),
  );
  const start = startOf(chain, group.kind, group.layer);
  for (const part of evenParts(pairs, batch)) {
    const sets = part.map(([a, b]) => [group.indices[a]!, group.indices[b]!]);
    const metrics = await metricsFrom(chain, start, streamsOf(mediating, group, sets));
    part.forEach(([a, b], i) => {
      joint[a * count + b] = metrics[i]! - base.metric[0]!;
    });
  }
}

/** Streams behind a layer's components with sets of them patched, at least two (`twiceIfAlone`): [sets, pos, d_model]. */
function streamsOf(
  { chain, source, base }: Mediating,
  { kind, layer }: Sources,
  sets: readonly (readonly number[])[],
): Tensor {
  const stream = row(base.streams.get(startOf(chain, kind, layer))!, 0);
  return jointStreams(source, kind, layer, twiceIfAlone(sets), stream);
}

/** From streams that enter a stage to F, with what pairs need of the groups behind it. */
async function recordedRun(
  chain: SuffixChain,
  start: number,
  streams: Tensor,
  groups: readonly Sources[],
): Promise<Recorded> {
  const kept = groups.map(({ kind, layer }) => ({ at: startOf(chain, kind, layer), hook: VALUES[kind] }));
  const carried = kept.map(({ at, hook }): [number, SpecialStage] => [
    at - 1,
    { outputs: { [hook]: valueAt(hook, at - 1) } },
  ]);
  const fetch = kept.flatMap(({ at, hook }) => [stateAt(at), valueAt(hook, at - 1)]);
  const steps = await forwardSteps(chain, start, new Map(carried));
  const results = await chain.run(steps, { [stateAt(start)]: streams }, [METRIC, ...fetch]);
  return {
    metric: results[METRIC]!.data,
    streams: new Map(kept.map(({ at }) => [at, results[stateAt(at)]!])),
    values: new Map(kept.map(({ at, hook }) => [at, results[valueAt(hook, at - 1)]!])),
  };
}

function firstRow({ metric, streams, values }: Recorded): Recorded {
  const first = (tensors: ReadonlyMap<number, Tensor>) =>
    new Map([...tensors].map(([at, all]) => [at, rows(all, 0, 1)]));
  return { metric: metric.subarray(0, 1), streams: first(streams), values: first(values) };
}

function joinRecorded(parts: readonly Recorded[]): Recorded {
  if (parts.length === 1) return parts[0]!;
  const join = (pick: (part: Recorded) => ReadonlyMap<number, Tensor>) =>
    new Map(
      [...pick(parts[0]!).keys()].map((at) => [at, joinRows(parts.map((part) => pick(part).get(at)!))]),
    );
  return {
    metric: Float32Array.from(parts.flatMap(({ metric }) => [...metric])),
    streams: join(({ streams }) => streams),
    values: join(({ values }) => values),
  };
}
