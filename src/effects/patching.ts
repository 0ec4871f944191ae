/**
 * Activation patching with all its effects, for a batch of sources of one layer and kind.
 *
 * 1. A source's new value (from the other run, at all positions) enters the residual stream linearly: the run starts
 *    behind its layer's attention or MLP, from the base stream plus the change of the source's write (`entrance.ts`).
 * 2. Every later stage observes its heads or neurons against the base run (`observe.ts`).
 * 3. F at the end gives the source's AP score.
 */
import { twiceIfAlone } from '../patch/batches.ts';
import { METRIC } from '../patch/metric-graph.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Step } from '../runtime/engine.ts';
import { batched, lastRows, rows, type Tensor } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import {
  type Entrance,
  observedAt,
  type Observing,
  openEntrance,
  patchedFeeds,
  probeRegister,
  startOf,
  stepThrough,
  wayOf,
} from './entrance.ts';
import { headFactors } from './head-factors.ts';
import { headProbe, type LinearMeasure, neuronProbe, type ProbeSource } from './measures.ts';
import { FACTOR, observe } from './observe.ts';

/** One direction of one pair, made ready: the engine keeps its probes and base runs. */
export interface Patching extends Observing {
  /** Opened on first use, by name. */
  readonly entrances: Map<string, Promise<Entrance>>;
}

/** What patching a batch of sources changed. */
export interface Observation {
  /** F(patched) - F(base): [sources]. */
  readonly ap: Float32Array;
  /** Per reached target layer: measure -> [sources, heads or neurons], `change` among them. */
  readonly heads: ReadonlyMap<number, ReadonlyMap<string, Tensor>>;
  readonly neurons: ReadonlyMap<number, ReadonlyMap<string, Tensor>>;
}

/** Keeps what observing one direction needs. */
export async function preparePatching(
  chain: SuffixChain,
  source: ProbeSource,
  headMeasures: readonly LinearMeasure[],
  neuronMeasures: readonly 'through'[],
): Promise<Patching> {
  const variant = observe(chain.model.config, headMeasures, neuronMeasures);
  const patching = { chain, source, variant, headMeasures, neuronMeasures, entrances: new Map() };
  await keepProbes(patching);
  return patching;
}

/** Forgets what the engine keeps for a direction. */
export async function releasePatching({ chain }: Patching): Promise<void> {
  await chain.model.engine.drop('patch.');
}

async function keepProbes({ chain, source, headMeasures, neuronMeasures }: Observing): Promise<void> {
  const kept: Record<string, Tensor> = {};
  for (const [index, stage] of chain.stages.entries()) {
    if (stage.kind === 'unembed' || stage.kind === 'embed') continue;
    const all = chain.positionsAt(index + 1);
    const measures = stage.kind === 'attn' ? headMeasures : neuronMeasures;
    const probe = stage.kind === 'attn' ? headProbe : neuronProbe;
    for (const measure of measures) {
      // All but `through` are measures of the last token.
      const positions = measure === 'through' ? all : 1;
      kept[probeRegister(measure, index)] = batched(lastRows(probe(source, stage.layer, measure), positions));
    }
    if (stage.kind === 'attn') kept[probeRegister(FACTOR, index)] = headFactors(chain.model, stage.layer);
  }
  await chain.model.engine.put(kept);
}

/** Patches sources `indices` of a layer, each in a run of its own, and observes everything behind them. */
export async function patchSources(
  patching: Patching,
  kind: Kind,
  layer: number,
  indices: readonly number[],
): Promise<Observation> {
  const observation = await patchRows(patching, kind, layer, twiceIfAlone(indices));
  return indices.length === 1 ? firstOf(observation) : observation;
}

function entranceOf(patching: Patching, kind: Kind, layer: number): Promise<Entrance> {
  const { chain, entrances } = patching;
  const way = wayOf(chain, kind, layer);
  const entrance = entrances.get(way.name) ?? openEntrance(patching, way);
  entrances.set(way.name, entrance);
  return entrance;
}

async function patchRows(
  patching: Patching,
  kind: Kind,
  layer: number,
  indices: readonly number[],
): Promise<Observation> {
  const { chain } = patching;
  const entrance = await entranceOf(patching, kind, layer);
  const start = startOf(chain, kind, layer);
  const steps: Step[] = [];
  const fetch: string[] = [METRIC];
  for (let index = start; index < chain.stages.length; index++) {
    const outputs = Object.fromEntries(observedAt(patching, index).map((m) => [m, `${m}.${index}`]));
    fetch.push(...Object.values(outputs));
    steps.push(await stepThrough(patching, entrance, index, outputs));
  }
  const feeds = patchedFeeds(patching, entrance, kind, layer, indices);
  const results = await chain.run(steps, feeds, fetch);
  const heads = new Map<number, Map<string, Tensor>>();
  const neurons = new Map<number, Map<string, Tensor>>();
  for (let index = start; index < chain.stages.length - 1; index++) {
    const stage = chain.stages[index] as { kind: 'attn' | 'mlp'; layer: number };
    const measured = observedAt(patching, index).map((m): [string, Tensor] => [m, results[`${m}.${index}`]!]);
    (stage.kind === 'attn' ? heads : neurons).set(stage.layer, new Map(measured));
  }
  return { ap: results[METRIC]!.data.map((metric) => metric - entrance.baseMetric), heads, neurons };
}

/** What the first source alone changed. */
function firstOf({ ap, heads, neurons }: Observation): Observation {
  const first = (layers: Observation['heads']): Observation['heads'] =>
    new Map(
      [...layers].map(([layer, measures]) => [
        layer,
        new Map([...measures].map(([m, all]) => [m, rows(all, 0, 1)])),
      ]),
    );
  return { ap: ap.subarray(0, 1), heads: first(heads), neurons: first(neurons) };
}
