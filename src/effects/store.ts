/**
 * The arrays of `effects.zarr`: names, shapes and chunks.
 */
import { type ArrayPlan, chunkFile } from '../chunk-store.ts';
import type { AnyMeasure } from './unit.ts';
import type { Direction, Kind } from '../terms.ts';

/** Sources in one chunk of a matrix whose sources are neurons. */
export const CHUNK_SOURCES = 64;

/** Name of a matrix: `heads_to_neurons`, `heads_to_neurons_through`. */
export function matrixName(source: Kind, target: Kind, measure: AnyMeasure): string {
  return `${source}_to_${target}${measure === 'change' ? '' : `_${measure}`}`;
}

const singular = (kind: Kind) => (kind === 'heads' ? 'head' : 'neuron');

/** The plan of a whole matrix [layers, sources, layers, targets]. */
export function matrixPlan(
  source: Kind,
  target: Kind,
  measure: AnyMeasure,
  sizes: { readonly layers: number; readonly heads: number; readonly neurons: number },
  attributes: Readonly<Record<string, unknown>>,
): ArrayPlan {
  const [from, to] = [sizes[source], sizes[target]];
  return {
    name: matrixName(source, target, measure),
    shape: [sizes.layers, from, sizes.layers, to],
    chunks: [1, source === 'heads' ? from : Math.min(CHUNK_SOURCES, from), 1, to],
    dimensions: ['source_layer', `source_${singular(source)}`, 'target_layer', `target_${singular(target)}`],
    type: 'float32',
    attributes: { ...attributes, measure },
  };
}

/** Where an array lies within the store. */
export function arrayPath(direction: Direction, name: string): string {
  return `${direction}/${name}`;
}

/** Where a chunk lies within the store, with slashes. */
export function chunkPath(direction: Direction, name: string, at: readonly number[]): string {
  return chunkFile(arrayPath(direction, name), at);
}
