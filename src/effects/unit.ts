/**
 * A unit of the plan: up to 64 sources of one layer, kind and direction. What patching observed becomes rows of the
 * effect matrices in `blocks.ts`, and the sources' summaries in `summaries.ts`.
 */
import { componentsPerLayer } from '../model/config.ts';
import { type Measure, neuronFactors, neuronNorms } from './measures.ts';
import type { Patching } from './patching.ts';
import type { Kind } from '../terms.ts';

/** `change` or one of the other measures. */
export type AnyMeasure = 'change' | Measure;

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

/** The layers of which an effect matrix has entries: those that the source reaches, and its own entries' layer. */
export function layersKept(source: { kind: Kind; layer: number }, target: Kind, nLayers: number): number[] {
  const behind = Array.from({ length: nLayers - source.layer }, (_, i) => source.layer + i);
  return behind.filter(
    (layer) => reaches(source, target, layer) || (layer === source.layer && target === source.kind),
  );
}
