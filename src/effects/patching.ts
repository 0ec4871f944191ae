/**
 * Activation patching with all its effects, for a batch of sources of one layer and kind.
 *
 * 1. A source's new value (from the other run, at all positions) enters the residual stream linearly: the run starts
 *    behind its layer's attention or MLP, from the base stream plus the change of the source's write.
 * 2. Every later stage observes its heads or neurons against the base run, which went through the same sessions:
 *    a source without change changes nothing, bit for bit.
 * 3. F at the end gives the source's AP score.
 */
import { METRIC } from '../patch/metric-graph.ts';
import { difference } from '../patch/pair-runs.ts';
import type { SuffixChain, Variant } from '../patch/suffix.ts';
import { resultOf } from '../patch/variants.ts';
import type { Step } from '../runtime/engine.ts';
import { row, rows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import { headProbe, headWrite, type LinearMeasure, neuronProbe, type ProbeSource } from './measures.ts';
import { headFactors } from './head-factors.ts';
import { BASE, CHANGE, FACTOR, observe, VALUE } from './observe.ts';
import type { Kind } from '../terms.ts';

/** One direction of one pair, made ready: base run and probes are kept in the engine. */
export interface Patching {
  readonly chain: SuffixChain;
  readonly source: ProbeSource;
  readonly variant: Variant;
  readonly headMeasures: readonly LinearMeasure[];
  readonly neuronMeasures: readonly 'through'[];
  /** F of the base run through these sessions. */
  readonly baseMetric: number;
  /** The base run's state before each stage: [pos, d_model]. */
  readonly states: readonly Tensor[];
}

/** What patching a batch of sources changed. */
export interface Observation {
  /** F(patched) - F(base): [sources]. */
  readonly ap: Float32Array;
  /** Per reached target layer: measure -> [sources, heads or neurons], `change` among them. */
  readonly heads: ReadonlyMap<number, ReadonlyMap<string, Tensor>>;
  readonly neurons: ReadonlyMap<number, ReadonlyMap<string, Tensor>>;
}

const baseRegister = (index: number) => `patch.base.${index}`;
const probeRegister = (measure: string, index: number) => `patch.${measure}.${index}`;

/** Runs the base run through the observing sessions and keeps what they compare with. */
export async function preparePatching(
  chain: SuffixChain,
  source: ProbeSource,
  start: Tensor,
  headMeasures: readonly LinearMeasure[],
  neuronMeasures: readonly 'through'[],
): Promise<Patching> {
  const variant = observe(chain.model.config, headMeasures, neuronMeasures);
  await keepProbes(chain, source, headMeasures, neuronMeasures);
  const { metric, states, values } = await baseRun(chain, variant, start);
  await chain.model.engine.put(Object.fromEntries(values));
  return { chain, source, variant, headMeasures, neuronMeasures, baseMetric: metric, states };
}

/** Forgets what the engine keeps for a direction. */
export async function releasePatching({ chain }: Patching): Promise<void> {
  await chain.model.engine.drop('patch.');
}

async function keepProbes(
  chain: SuffixChain,
  source: ProbeSource,
  headMeasures: readonly LinearMeasure[],
  neuronMeasures: readonly 'through'[],
): Promise<void> {
  const kept: Record<string, Tensor> = {};
  for (const [index, stage] of chain.stages.entries()) {
    if (stage.kind === 'unembed' || stage.kind === 'embed') continue;
    const positions = chain.positionsAt(index + 1);
    const measures = stage.kind === 'attn' ? headMeasures : neuronMeasures;
    const probe = stage.kind === 'attn' ? headProbe : neuronProbe;
    for (const measure of measures) {
      kept[probeRegister(measure, index)] = batched(lastRows(probe(source, stage.layer, measure), positions));
    }
    // Until the base run is known: the run that makes it compares with 0.
    const shape = (stage.kind === 'attn' ? source.base.z : source.base.post)[stage.layer]!.shape;
    kept[baseRegister(index)] = zeros([1, positions, ...shape.slice(1)]);
    if (stage.kind === 'attn') kept[probeRegister(FACTOR, index)] = headFactors(chain.model, stage.layer);
  }
  await chain.model.engine.put(kept);
}

async function baseRun(
  chain: SuffixChain,
  variant: Variant,
  start: Tensor,
): Promise<{ metric: number; states: Tensor[]; values: [string, Tensor][] }> {
  const steps: Step[] = [];
  const fetch: string[] = [];
  const bases: string[] = [];
  for (const [index, stage] of chain.stages.entries()) {
    const outputs: Record<string, string> = { [resultOf(stage)]: `state.${index + 1}` };
    if (stage.kind !== 'unembed') {
      outputs[VALUE] = `value.${index}`;
      bases.push(`value.${index}`);
    }
    fetch.push(`state.${index + 1}`);
    steps.push(
      await chain.step({
        index,
        variant,
        from: `state.${index}`,
        outputs,
        inputs: inputsOf(index),
      }),
    );
  }
  // Twice the same run, as a source alone: the bits of a batch.
  const twice = stack([row(start, 0), row(start, 0)]);
  const results = await chain.run(steps, { 'state.0': twice }, [...fetch, ...bases]);
  const count = chain.stages.length;
  return {
    metric: results[`state.${count}`]!.data[0]!,
    states: chain.stages.map((_, index) => row(index === 0 ? start : results[`state.${index}`]!, 0)),
    values: bases.map((name, index) => [baseRegister(index), rows(results[name]!, 0, 1)]),
  };
}

function inputsOf(index: number): Record<string, string> {
  const probes = ['through', 'direct', 'shift', 'mean', FACTOR];
  return {
    [BASE]: baseRegister(index),
    ...Object.fromEntries(probes.map((probe) => [probe, probeRegister(probe, index)])),
  };
}

/** Patches sources `indices` of a layer, each in a run of its own, and observes everything behind them. */
export async function patchSources(
  patching: Patching,
  kind: Kind,
  layer: number,
  indices: readonly number[],
): Promise<Observation> {
  if (indices.length !== 1) return patchRows(patching, kind, layer, indices);
  // ONNX Runtime rounds products of one row differently: a source alone runs twice, so that bits do not depend on the batch.
  return firstOf(await patchRows(patching, kind, layer, [indices[0]!, indices[0]!]));
}

async function patchRows(
  patching: Patching,
  kind: Kind,
  layer: number,
  indices: readonly number[],
): Promise<Observation> {
  const { chain, variant, baseMetric } = patching;
  const start = chain.indexOf('mlp', layer) + (kind === 'neurons' ? 1 : 0);
  const steps: Step[] = [];
  const fetch: string[] = [METRIC];
  for (let index = start; index < chain.stages.length; index++) {
    const stage = chain.stages[index]!;
    const outputs: Record<string, string> = {};
    outputs[resultOf(stage)] = stage.kind === 'unembed' ? METRIC : `state.${index + 1}`;
    for (const measure of observedAt(patching, index)) {
      outputs[measure] = `${measure}.${index}`;
      fetch.push(`${measure}.${index}`);
    }
    steps.push(
      await chain.step({ index, variant, from: `state.${index}`, outputs, inputs: inputsOf(index) }),
    );
  }
  const states = patchedStates(patching, kind, layer, indices, start);
  const results = await chain.run(steps, { [`state.${start}`]: states }, fetch);
  const heads = new Map<number, Map<string, Tensor>>();
  const neurons = new Map<number, Map<string, Tensor>>();
  for (let index = start; index < chain.stages.length - 1; index++) {
    const stage = chain.stages[index] as { kind: 'attn' | 'mlp'; layer: number };
    const measured = observedAt(patching, index).map((m): [string, Tensor] => [m, results[`${m}.${index}`]!]);
    (stage.kind === 'attn' ? heads : neurons).set(stage.layer, new Map(measured));
  }
  return { ap: results[METRIC]!.data.map((metric) => metric - baseMetric), heads, neurons };
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

function observedAt({ chain, headMeasures, neuronMeasures }: Patching, index: number): string[] {
  const { kind } = chain.stages[index]!;
  if (kind === 'unembed') return [];
  return [CHANGE, ...(kind === 'attn' ? headMeasures : neuronMeasures)];
}

/** The base stream plus each source's change of write: [sources, pos, d_model]. */
function patchedStates(
  { chain, source, states }: Patching,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  start: number,
): Tensor {
  const { dModel } = chain.model.config;
  const state = states[start]!;
  const positions = state.shape[0]!;
  const patched = zeros([indices.length, positions, dModel]);
  indices.forEach((index, i) => {
    const write = lastRows(changeOfWrite(source, kind, layer, index), positions);
    const rowData = patched.data.subarray(i * write.data.length, (i + 1) * write.data.length);
    for (let j = 0; j < rowData.length; j++) rowData[j] = state.data[j]! + write.data[j]!;
  });
  return patched;
}

/** other - base of what one source writes into the residual stream: [pos, d_model]. */
export function changeOfWrite(
  { model, base, other }: ProbeSource,
  kind: Kind,
  layer: number,
  index: number,
): Tensor {
  const { dModel, dMlp, nHeads, dHead } = model.config;
  const positions = base.post[layer]!.shape[0]!;
  const write = zeros([positions, dModel]);
  for (let p = 0; p < positions; p++) {
    const target = write.data.subarray(p * dModel, (p + 1) * dModel);
    if (kind === 'neurons') {
      const at = p * dMlp + index;
      const change = other.post[layer]!.data[at]! - base.post[layer]!.data[at]!;
      const weight = model.parameters.get(`blocks.${layer}.mlp.W_out`)!.data;
      for (let i = 0; i < dModel; i++) target[i] = change * weight[index * dModel + i]!;
    } else {
      const at = (p * nHeads + index) * dHead;
      const z = Float64Array.from(
        { length: dHead },
        (_, k) => other.z[layer]!.data[at + k]! - base.z[layer]!.data[at + k]!,
      );
      target.set(headWrite(model, layer, index, z));
    }
  }
  return write;
}

/** The last rows of a tensor's first axis, as a view. */
function lastRows(t: Tensor, count: number): Tensor {
  const size = (t.data.length / t.shape[0]!) * count;
  return { shape: [count, ...t.shape.slice(1)], data: t.data.subarray(t.data.length - size) };
}

function batched(t: Tensor): Tensor {
  return { shape: [1, ...t.shape], data: t.data };
}

/** other - base of a source's own value, for each layer: z [pos, heads, d_head] or activations [pos, neurons]. */
export function ownChanges({ base, other }: ProbeSource, kind: Kind, layer: number): Tensor {
  return kind === 'heads'
    ? difference(other.z[layer]!, base.z[layer]!)
    : difference(other.post[layer]!, base.post[layer]!);
}
