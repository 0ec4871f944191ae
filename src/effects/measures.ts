/**
 * Measures of a target's change (docs/definitions.md). All but the norms are linear in the change, so each is a set of
 * coefficients: a probe. For a head the probe stands in front of W_O, [pos, heads, d_head]: what it gives is the same
 * as a product with the change of the head's output vector. For a neuron it is [pos, neurons].
 */
import { InputError } from '../errors.ts';
import type { LoadedModel } from '../model/loaded.ts';
import { difference, type Run } from '../patch/pair-runs.ts';
import { type Tensor, zeros } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import type { Kind } from '../terms.ts';

/** Measures beside `change`, as `--measures` names them. */
export const MEASURES = ['l2', 'through', 'direct', 'shift', 'mean'] as const;
export type Measure = (typeof MEASURES)[number];
/** Those that are probes; l2 is a norm. */
export type LinearMeasure = Exclude<Measure, 'l2'>;
export const LINEAR_MEASURES: readonly LinearMeasure[] = MEASURES.filter((measure) => measure !== 'l2');

/** What the probes of one direction are made of. */
export interface ProbeSource {
  readonly model: LoadedModel;
  readonly metric: Metric;
  readonly base: Run;
  readonly other: Run;
  /**
   * Absent: a source is one component, at all positions. Given: a source is all components of its layer at one position,
   * which this tells, counted from the first that is computed; below 0 nothing changes (`published.ts`).
   */
  readonly positionOf?: (kind: Kind, index: number) => number;
}

/** The coefficients of one measure at one layer's heads: [pos, heads, d_head]. */
export function headProbe(source: ProbeSource, layer: number, measure: LinearMeasure): Tensor {
  const { model, base, other } = source;
  const { nHeads, dHead } = model.config;
  if (measure === 'through') return base.gradZ[layer]!;
  const probe = zeros(base.z[layer]!.shape);
  const last = probe.data.subarray(probe.data.length - nHeads * dHead);
  if (measure === 'shift') {
    const change = difference(other.z[layer]!, base.z[layer]!);
    const lastChange = change.data.subarray(change.data.length - nHeads * dHead);
    for (let head = 0; head < nHeads; head++) {
      const vector = headWrite(model, layer, head, lastChange.subarray(head * dHead, (head + 1) * dHead));
      const square = dot(vector, vector);
      // No other value to move to: not a number, rather than 0.
      const scaled = vector.map((value) => (square === 0 ? Number.NaN : value / square));
      last.set(backThroughHead(model, layer, head, scaled), head * dHead);
    }
    return probe;
  }
  const direction = measure === 'direct' ? directDirection(source) : meanDirection(model);
  for (let head = 0; head < nHeads; head++)
    last.set(backThroughHead(model, layer, head, direction), head * dHead);
  return probe;
}

/** The coefficients of one measure at one layer's neurons: [pos, neurons]. Positions that do not count hold 0. */
export function neuronProbe(source: ProbeSource, layer: number, measure: LinearMeasure): Tensor {
  const { model, base } = source;
  if (measure === 'through') return base.gradPost[layer]!;
  const probe = zeros(base.post[layer]!.shape);
  probe.data.set(neuronFactors(source, layer, measure), probe.data.length - model.config.dMlp);
  return probe;
}

/** What a neuron's change at the last token is multiplied with: [neurons]. */
export function neuronFactors(
  source: ProbeSource,
  layer: number,
  measure: Exclude<LinearMeasure, 'through'>,
): Float32Array {
  const { model, base, other } = source;
  const { dMlp, dModel } = model.config;
  if (measure === 'mean') return new Float32Array(dMlp).fill(1);
  if (measure === 'shift') {
    const change = difference(other.post[layer]!, base.post[layer]!);
    return change.data.slice(-dMlp).map((value) => (value === 0 ? Number.NaN : 1 / value));
  }
  const weight = model.parameters.get(`blocks.${layer}.mlp.W_out`)!.data;
  const direction = directDirection(source);
  return Float32Array.from({ length: dMlp }, (_, n) =>
    dot(weight.subarray(n * dModel, (n + 1) * dModel), direction),
  );
}

/** Norms of the rows of W_out: [neurons]. */
export function neuronNorms(model: LoadedModel, layer: number): Float32Array {
  const { dMlp, dModel } = model.config;
  const weight = model.parameters.get(`blocks.${layer}.mlp.W_out`)!.data;
  return Float32Array.from({ length: dMlp }, (_, n) => {
    const row = weight.subarray(n * dModel, (n + 1) * dModel);
    return Math.sqrt(dot(row, row));
  });
}

/** A head's vector before W_O [d_head] as it stands in the residual stream [d_model]. */
export function headWrite(
  model: LoadedModel,
  layer: number,
  head: number,
  z: ArrayLike<number>,
): Float64Array {
  const { dHead, dModel } = model.config;
  const weight = model.parameters.get(`blocks.${layer}.attn.W_O`)!.data;
  const write = new Float64Array(dModel);
  for (let k = 0; k < dHead; k++) {
    const row = (head * dHead + k) * dModel;
    const value = z[k]!;
    if (value === 0) continue;
    for (let i = 0; i < dModel; i++) write[i]! += value * weight[row + i]!;
  }
  return write;
}

/** W_O of a head times a direction of the residual stream: [d_head]. */
function backThroughHead(
  model: LoadedModel,
  layer: number,
  head: number,
  direction: Float64Array,
): Float64Array {
  const { dHead, dModel } = model.config;
  const weight = model.parameters.get(`blocks.${layer}.attn.W_O`)!.data;
  return Float64Array.from({ length: dHead }, (_, k) => {
    const row = (head * dHead + k) * dModel;
    return dot(weight.subarray(row, row + dModel), direction);
  });
}

function meanDirection(model: LoadedModel): Float64Array {
  return new Float64Array(model.config.dModel).fill(1 / model.config.dModel);
}

/**
 * The unembedding direction of the metric, seen through the final norm with the base run's scale: gain included,
 * centred for LayerNorm. [d_model]
 * Throws InputError for any metric but a logit difference: no other is linear in what the final norm gives.
 */
export function directDirection({ model, metric, base }: ProbeSource): Float64Array {
  if (metric.name !== 'logit_difference')
    throw new InputError(
      `expected a logit difference for direct effects and the ledger, got ${metric.name}, which has no direction of its own in the residual stream; leave them out`,
    );
  const { dModel, family } = model.config;
  const unembed = model.parameters.get('unembed.W_U_T')!.data;
  const gain = model.parameters.get('ln_final.w')?.data;
  const scale = finalScale(model, base);
  const direction = Float64Array.from({ length: dModel }, (_, i) => {
    const difference = unembed[metric.answer * dModel + i]! - unembed[metric.wrong * dModel + i]!;
    return (difference * (gain?.[i] ?? 1)) / scale;
  });
  if (family !== 'gpt2') return direction;
  const mean = direction.reduce((sum, value) => sum + value, 0) / dModel;
  return direction.map((value) => value - mean);
}

/** The final norm's scale at the last token. */
function finalScale(model: LoadedModel, run: Run): number {
  const { dModel, family, normEps } = model.config;
  const last = run.states.at(-1)!.data.slice(-dModel);
  const mean = family === 'gpt2' ? last.reduce((sum, value) => sum + value, 0) / dModel : 0;
  const square = last.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dModel;
  return Math.sqrt(square + normEps);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
