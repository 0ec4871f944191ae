/**
 * A unit's rows of the effect matrices, from what patching observed: one block for each kind of targets, measure and
 * target layer that its sources reach.
 */
import type { Kind } from '../terms.ts';
import { MEASURES } from './measures.ts';
import { ownBlock } from './own.ts';
import type { Observation } from './patching.ts';
import { type AnyMeasure, reaches, type Sources, type UnitContext } from './unit.ts';

const ALL_MEASURES: readonly AnyMeasure[] = ['change', ...MEASURES];

/** One block of an effect matrix: these sources, one target layer: [sources, targets]. */
export interface Block {
  readonly target: Kind;
  readonly measure: AnyMeasure;
  readonly targetLayer: number;
  readonly data: Float32Array;
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
