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
import { changeOfWrite } from '../effects/changes.ts';
import { startOf } from '../effects/entrance.ts';
import type { ProbeSource } from '../effects/measures.ts';
import type { Sources } from '../effects/unit.ts';
import { METRIC } from '../patch/metric-graph.ts';
import { stateAt, valueAt } from '../patch/round-trip.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { carrying, resultOf } from '../patch/variants.ts';
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

/** The pairs of two groups. Places of pairs that are none hold 0. */
export interface PairEffects {
  /** F(first patched) - F(base): [firsts] */
  readonly ap: Float32Array;
  /** [firsts, seconds] */
  readonly via: Float32Array;
  /** F(both patched) - F(base): [firsts, seconds]; within one group above the diagonal alone. */
  readonly joint: Float32Array;
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
    const streams = indices.map((index) => patchedStream(mediating, { ...first, indices: [index] }));
    // ONNX Runtime rounds products of one row differently: a run alone runs twice.
    const run = await recordedRun(chain, start, stack(atLeastTwo(streams)), behind);
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
): Promise<PairEffects> {
  const base = mediating.base.metric[0]!;
  const ap = runs.metric.map((metric) => metric - base);
  const isSame = first.kind === second.kind && first.layer === second.layer;
  if (isSame) return { ap, ...(await pairsWithin(mediating, first)) };
  const size = first.indices.length * second.indices.length;
  const [via, joint] = [new Float32Array(size), new Float32Array(size)];
  const width = second.indices.length;
  let from = 0;
  for (const indices of evenParts(second.indices, Math.max(mediating.batch, LEAST_SLICE))) {
    const part = { ...second, indices };
    for (const cases of casesOf(
      first.indices.length,
      Math.max(1, Math.floor(mediating.batch / indices.length)),
    )) {
      const metrics = await runCases(mediating, part, runs, cases);
      cases.forEach(({ run, to }, c) => {
        const found = metrics.subarray(c * indices.length, (c + 1) * indices.length);
        const at = run * width + from;
        if (to === 'base') found.forEach((metric, j) => (via[at + j] = runs.metric[run]! - metric));
        else found.forEach((metric, j) => (joint[at + j] = metric - base));
      });
    }
    from += indices.length;
  }
  return { ap, via, joint };
}

/** One run of the first group, with the second's components at one of two values. */
interface Case {
  readonly run: number;
  readonly to: 'base' | 'other';
}

function casesOf(count: number, most: number): Case[][] {
  const all = Array.from({ length: count }, (_, run): Case[] => [
    { run, to: 'base' },
    { run, to: 'other' },
  ]).flat();
  return evenParts(all, most);
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
  const goals = { base: row(base.values.get(start)!, 0), other: lastRows(whole, positions) };
  const given = cases.length * second.indices.length === 1 ? [cases[0]!, cases[0]!] : cases;
  const changes = given.map(({ run, to }) =>
    changesOf(goals[to], row(runs.values.get(start)!, run), second.indices, positions, width),
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
  const results = await chain.run([enter, ...(await stepsFrom(chain, start))], feeds, [METRIC]);
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

/** Pairs of one group: above the diagonal. */
async function pairsWithin(
  mediating: Mediating,
  group: Sources,
): Promise<Pick<PairEffects, 'via' | 'joint'>> {
  const { chain, batch, base } = mediating;
  const count = group.indices.length;
  const joint = new Float32Array(count * count);
  const pairs = group.indices.flatMap((_, a) =>
    group.indices.slice(a + 1).map((__, b) => [a, a + 1 + b] as const),
  );
  const start = startOf(chain, group.kind, group.layer);
  for (const part of evenParts(pairs, batch)) {
    const streams = part.map(([a, b]) =>
      patchedStream(mediating, { ...group, indices: [group.indices[a]!, group.indices[b]!] }),
    );
    const feeds = { [stateAt(start)]: stack(atLeastTwo(streams)) };
    const results = await chain.run(await stepsFrom(chain, start), feeds, [METRIC]);
    part.forEach(([a, b], i) => {
      joint[a * count + b] = results[METRIC]!.data[i]! - base.metric[0]!;
    });
  }
  return { via: new Float32Array(count * count), joint };
}

/** The base stream behind a layer's components, with some of them patched: [pos, d_model]. */
function patchedStream({ chain, source, base }: Mediating, { kind, layer, indices }: Sources): Tensor {
  const stream = row(base.streams.get(startOf(chain, kind, layer))!, 0);
  const patched = { shape: stream.shape, data: stream.data.slice() };
  for (const index of indices) {
    const write = lastRows(changeOfWrite(source, kind, layer, index), stream.shape[0]!);
    write.data.forEach((value, i) => (patched.data[i]! += value));
  }
  return patched;
}

/** From streams that enter a stage to F, with what pairs need of the groups behind it. */
async function recordedRun(
  chain: SuffixChain,
  start: number,
  streams: Tensor,
  groups: readonly Sources[],
): Promise<Recorded> {
  const kept = groups.map(({ kind, layer }) => ({ at: startOf(chain, kind, layer), hook: VALUES[kind] }));
  const values = new Map(kept.map(({ at, hook }) => [at - 1, hook]));
  const fetch = kept.flatMap(({ at, hook }) => [stateAt(at), valueAt(hook, at - 1)]);
  const steps = await stepsFrom(chain, start, values);
  const results = await chain.run(steps, { [stateAt(start)]: streams }, [METRIC, ...fetch]);
  return {
    metric: results[METRIC]!.data,
    streams: new Map(kept.map(({ at }) => [at, results[stateAt(at)]!])),
    values: new Map(kept.map(({ at, hook }) => [at, results[valueAt(hook, at - 1)]!])),
  };
}

/** The steps from a stage to F; `values`: hook points whose values come forward, by stage. */
async function stepsFrom(
  chain: SuffixChain,
  start: number,
  values: ReadonlyMap<number, BlockHook> = new Map(),
): Promise<Step[]> {
  const steps: Step[] = [];
  for (let index = start; index < chain.stages.length; index++) {
    const stage = chain.stages[index]!;
    const result = resultOf(stage);
    const outputs: Record<string, string> = { [result]: result === METRIC ? METRIC : stateAt(index + 1) };
    const hook = values.get(index);
    if (hook !== undefined) outputs[hook] = valueAt(hook, index);
    steps.push(await chain.step({ index, variant: carrying, from: stateAt(index), outputs }));
  }
  return steps;
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

/** As few parts as possible of at most `most`, of nearly equal size. */
function evenParts<T>(all: readonly T[], most: number): T[][] {
  const count = Math.ceil(all.length / most);
  const at = (part: number) => Math.floor((part * all.length) / count);
  return Array.from({ length: count }, (_, part) => all.slice(at(part), at(part + 1)));
}

function atLeastTwo<T>(all: readonly T[]): readonly T[] {
  return all.length === 1 ? [all[0]!, all[0]!] : all;
}
