/**
 * A unit of the plan: up to 64 sources of one layer, kind and direction. What patching observed becomes rows of the
 * effect matrices here, and the sources' summaries in `summaries.ts`.
 */
import { componentsPerLayer } from '../model/config.ts';
import {
  dot,
  headProbe,
  headWrite,
  type Measure,
  MEASURES,
  neuronFactors,
  neuronNorms,
  neuronProbe,
} from './measures.ts';
import { ownChanges } from './changes.ts';
import type { Observation, Patching } from './patching.ts';
import type { Kind } from '../terms.ts';

/** `change` or one of the other measures. */
export type AnyMeasure = 'change' | Measure;

const ALL_MEASURES: readonly AnyMeasure[] = ['change', ...MEASURES];

/** What one direction's units share. */
export interface UnitContext {
  readonly patching: Patching;
  /** Kinds of targets that are kept. */
  readonly targets: readonly Kind[];
  /** Norms of W_out's rows, per layer. */
  readonly norms: readonly Float32Array[];
  /** What a neuron's last change is multiplied with for a measure at a layer. */
  readonly factors: (measure: 'direct' | 'shift' | 'mean', layer: number) => Float32Array;
}

export interface Sources {
  readonly kind: Kind;
  readonly layer: number;
  /** Indices of the sources, ascending. */
  readonly indices: readonly number[];
}

/** One block of an effect matrix: these sources, one target layer: [sources, targets]. */
export interface Block {
  readonly target: Kind;
  readonly measure: AnyMeasure;
  readonly targetLayer: number;
  readonly data: Float32Array;
}

export function unitContext(patching: Patching, targets: readonly Kind[]): UnitContext {
  const { model } = patching.chain;
  const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
  const cache = new Map<string, Float32Array>();
  return {
    patching,
    targets,
    norms: layers.map((layer) => neuronNorms(model, layer)),
    factors: (measure, layer) => {
      const key = `${measure} ${layer}`;
      if (!cache.has(key)) cache.set(key, neuronFactors(patching.source, layer, measure));
      return cache.get(key)!;
    },
  };
}

export function sizeOfKind(context: UnitContext, kind: Kind): number {
  return componentsPerLayer(context.patching.chain.model.config, kind);
}

/** Whether a source's change can reach targets of a layer: later ones, and from a head the neurons of its own. */
export function reaches(source: { kind: Kind; layer: number }, target: Kind, targetLayer: number): boolean {
  if (targetLayer > source.layer) return true;
  return targetLayer === source.layer && source.kind === 'heads' && target === 'neurons';
}

/** A measure's values at one target layer: [sources, targets]. */
function observed(
  context: UnitContext,
  seen: Observation,
  target: Kind,
  measure: AnyMeasure,
  layer: number,
): Float32Array {
  const measures = seen[target].get(layer)!;
  const change = measures.get('change')!.data;
  if (measure === 'change' || (target === 'heads' && measure === 'l2')) return change;
  if (target === 'heads' || measure === 'through') return measures.get(measure)!.data;
  if (measure !== 'l2') return scaledRows(change, context.factors(measure, layer));
  const scaled = scaledRows(change, context.norms[layer]!);
  for (let i = 0; i < scaled.length; i++) scaled[i] = Math.abs(scaled[i]!);
  return scaled;
}

/** Each row of a matrix times the same factors, element by element. */
function scaledRows(matrix: Float32Array, factors: Float32Array): Float32Array {
  const scaled = new Float32Array(matrix.length);
  for (let from = 0; from < matrix.length; from += factors.length) {
    for (let t = 0; t < factors.length; t++) scaled[from + t] = matrix[from + t]! * factors[t]!;
  }
  return scaled;
}

/** The sources' own entries in a matrix: each one's own change under the measure. */
export function ownEntries(
  context: UnitContext,
  { kind, layer, indices }: Sources,
  measure: AnyMeasure,
): number[] {
  const { source, chain } = context.patching;
  const { nHeads, dHead, dMlp } = chain.model.config;
  const change = ownChanges(source, kind, layer).data;
  if (kind === 'neurons') {
    const last = indices.map((index) => change[change.length - dMlp + index]!);
    if (measure === 'change') return last;
    if (measure === 'l2')
      return last.map((value, i) => Math.abs(value) * context.norms[layer]![indices[i]!]!);
    if (measure !== 'through')
      return last.map((value, i) => value * context.factors(measure, layer)[indices[i]!]!);
    const probe = neuronProbe(source, layer, measure).data;
    return indices.map((index) => strided(change, probe, index, 1, dMlp));
  }
  if (measure === 'change' || measure === 'l2') {
    return indices.map((index) => {
      const from = change.length - (nHeads - index) * dHead;
      const write = headWrite(chain.model, layer, index, change.subarray(from, from + dHead));
      return Math.sqrt(dot(write, write));
    });
  }
  const probe = headProbe(source, layer, measure).data;
  return indices.map((index) => strided(change, probe, index, dHead, nHeads * dHead));
}

/** sum of a x b over `width` entries of member `index` in each row of `stride`. */
function strided(a: Float32Array, b: Float32Array, index: number, width: number, stride: number): number {
  let sum = 0;
  for (let from = index * width; from < a.length; from += stride) {
    for (let k = 0; k < width; k++) sum += a[from + k]! * b[from + k]!;
  }
  return sum;
}

/** The blocks of the kept effect matrices that a unit fills, unreachable ones left out, own entries in place. */
export function* blocksOf(
  context: UnitContext,
  seen: Observation,
  sources: Sources,
  isKept: (target: Kind, measure: AnyMeasure) => boolean,
): Generator<Block> {
  const { nLayers } = context.patching.chain.model.config;
  for (const target of context.targets) {
    for (const measure of ALL_MEASURES.filter((each) => isKept(target, each))) {
      if (target === sources.kind) {
        yield { target, measure, targetLayer: sources.layer, data: ownBlock(context, sources, measure) };
      }
      for (let layer = sources.layer; layer < nLayers; layer++) {
        if (!reaches(sources, target, layer)) continue;
        yield { target, measure, targetLayer: layer, data: observed(context, seen, target, measure, layer) };
      }
    }
  }
}

/** A unit's own layer: nothing but each source's own entry. */
function ownBlock(context: UnitContext, sources: Sources, measure: AnyMeasure): Float32Array {
  const size = sizeOfKind(context, sources.kind);
  const block = new Float32Array(sources.indices.length * size);
  ownEntries(context, sources, measure).forEach((entry, i) => {
    block[i * size + sources.indices[i]!] = entry;
  });
  return block;
}
