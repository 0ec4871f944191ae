/**
 * Where patched streams enter the chain of stages, and the base run that they are compared with.
 *
 * Every entrance has a base run of its own, through the very sessions and from the very place that its sources take: so
 * a source without change changes nothing, bit for bit. There are two kinds:
 * - plain: the whole stream [sources, pos, d_model] enters before a stage;
 * - on a line: a source writes one vector, more or less of it at each position. The next stage reads that vector and
 *   the amounts, and projects the vector once in place of every position (`StageOptions.line`).
 */
import { METRIC } from '../patch/metric-graph.ts';
import { stateAt } from '../patch/round-trip.ts';
import type { SuffixChain, Variant } from '../patch/suffix.ts';
import { resultOf } from '../patch/variants.ts';
import type { Feeds, Step } from '../runtime/engine.ts';
import { batched, row, rows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { lineOf, patchedStreams } from './changes.ts';
import { LINEAR_MEASURES, type LinearMeasure, type ProbeSource } from './measures.ts';
import { BASE, CHANGE, FACTOR, VALUE } from './observe.ts';

/** How one direction's sources are run and observed. */
export interface Observing {
  readonly chain: SuffixChain;
  readonly source: ProbeSource;
  readonly variant: Variant;
  readonly headMeasures: readonly LinearMeasure[];
  readonly neuronMeasures: readonly 'through'[];
}

export interface Entrance {
  /** Before its registers. */
  readonly name: string;
  /** The first stage that its base run passes. */
  readonly first: number;
  readonly line: 'own' | undefined;
  /** F of the base run. */
  readonly baseMetric: number;
  /** The base run's state before each stage from `first` on: [pos, d_model]. */
  readonly states: ReadonlyMap<number, Tensor>;
}

export const probeRegister = (probe: string, index: number): string => `patch.${probe}.${index}`;
const baseRegister = (name: string, index: number) => `patch.base.${name}.${index}`;
const valueRegister = (index: number) => `value.${index}`;

/** The stage that the sources of a layer enter: the one behind what they belong to. */
export function startOf(chain: SuffixChain, kind: Kind, layer: number): number {
  return chain.indexOf('mlp', layer) + (kind === 'neurons' ? 1 : 0);
}

/** Which entrance the sources of a layer take. All plain ones share the base run of the whole chain. */
export function wayOf(
  chain: SuffixChain,
  kind: Kind,
  layer: number,
): Pick<Entrance, 'name' | 'first' | 'line'> {
  const start = startOf(chain, kind, layer);
  return kind === 'neurons' && chain.takesLine(start)
    ? { name: `line ${start}`, first: start, line: 'own' }
    : { name: 'plain', first: 0, line: undefined };
}

/** Runs the base run from an entrance and keeps what its sources are compared with. */
export async function openEntrance(
  observing: Observing,
  way: Pick<Entrance, 'name' | 'first' | 'line'>,
): Promise<Entrance> {
  const { chain, source } = observing;
  const { name, first, line } = way;
  const stages = chain.stages.map((_, index) => index).slice(first, -1);
  const keep = (values: (index: number) => Tensor) =>
    chain.model.engine.put(
      Object.fromEntries(stages.map((index) => [baseRegister(name, index), values(index)])),
    );
  // Until the base run is known, the run that makes it compares with 0.
  await keep((index) => nothingAt(observing, index));
  const steps: Step[] = [];
  for (let index = first; index < chain.stages.length; index++) {
    const values = index < chain.stages.length - 1 ? [[VALUE, valueRegister(index)]] : [];
    steps.push(await stepThrough(observing, way, index, Object.fromEntries(values)));
  }
  const base = source.base.states[first]!;
  // Two rows, as a source alone has: the bits of a batch.
  const feeds = line
    ? lineFeeds(first, base, zeros([2, base.shape[0]!, 1]), zeros([2, 1, base.shape[1]!]))
    : { [stateAt(first)]: stack([base, base]) };
  const states = stages.slice(1).concat(chain.stages.length - 1);
  const fetch = [...stages.map(valueRegister), ...states.map(stateAt)];
  const results = await chain.run(steps, feeds, [METRIC, ...fetch]);
  await keep((index) => rows(results[valueRegister(index)]!, 0, 1));
  const known = states.map((index): [number, Tensor] => [index, row(results[stateAt(index)]!, 0)]);
  return { ...way, baseMetric: results[METRIC]!.data[0]!, states: new Map([[first, base], ...known]) };
}

function nothingAt({ chain, source }: Observing, index: number): Tensor {
  const stage = chain.stages[index] as { kind: 'attn' | 'mlp'; layer: number };
  const { shape } = (stage.kind === 'attn' ? source.base.z : source.base.post)[stage.layer]!;
  return zeros([1, chain.positionsAt(index + 1), ...shape.slice(1)]);
}

/** The step through a stage behind an entrance, with its result in the next state and the given outputs beside it. */
export function stepThrough(
  { chain, variant }: Observing,
  { name, first, line }: Pick<Entrance, 'name' | 'first' | 'line'>,
  index: number,
  outputs: Readonly<Record<string, string>>,
): Promise<Step> {
  const stage = chain.stages[index]!;
  const probes = [...LINEAR_MEASURES, FACTOR];
  return chain.step({
    index,
    variant,
    line: index === first ? line : undefined,
    from: stateAt(index),
    outputs: { [resultOf(stage)]: stage.kind === 'unembed' ? METRIC : stateAt(index + 1), ...outputs },
    inputs: {
      [BASE]: baseRegister(name, index),
      ...Object.fromEntries(probes.map((probe) => [probe, probeRegister(probe, index)])),
    },
  });
}

/** What is observed at a stage: `change` and the measures. */
export function observedAt({ chain, headMeasures, neuronMeasures }: Observing, index: number): string[] {
  const { kind } = chain.stages[index]!;
  if (kind === 'unembed') return [];
  return [CHANGE, ...(kind === 'attn' ? headMeasures : neuronMeasures)];
}

/** The streams of sources of one layer, each patched alone, as they enter stage `start`. */
export function patchedFeeds(
  { chain, source }: Observing,
  { line, states }: Entrance,
  kind: Kind,
  layer: number,
  indices: readonly number[],
): Feeds {
  const start = startOf(chain, kind, layer);
  const base = states.get(start)!;
  if (line) {
    const lines = indices.map((index) => lineOf(source, layer, index));
    const [amounts, writes] = [lines.map(({ amount }) => amount), lines.map(({ write }) => write)];
    return lineFeeds(start, base, stack(amounts), stack(writes));
  }
  return { [stateAt(start)]: patchedStreams(source, kind, layer, indices, base) };
}

function lineFeeds(start: number, base: Tensor, amount: Tensor, write: Tensor): Feeds {
  return { [stateAt(start)]: batched(base), amount, write };
}
