/**
 * What a patched source moves in its own layer: itself, so that a matrix holds each source's own change in its own
 * entry. A source that is all components at one position (`published.ts`) moves every member of its layer there.
 */
import { atPosition, ownChanges } from './changes.ts';
import { dot, headProbe, headWrite, neuronProbe } from './measures.ts';
import { type AnyMeasure, sizeOfKind, type Sources, type UnitContext } from './unit.ts';

/** A member of the source's own layer and its change under a measure. */
export interface OwnEntry {
  readonly target: number;
  readonly value: number;
}

/** One member's value under a measure, from the layer's changes [pos, members (, d_head)]. */
type Reader = (change: Float32Array, member: number) => number;

/** The own entries of each source under a measure. */
export function ownEntries(
  context: UnitContext,
  { kind, layer, indices }: Sources,
  measure: AnyMeasure,
): OwnEntry[][] {
  const { source } = context.patching;
  const { positionOf } = source;
  const change = ownChanges(source, kind, layer);
  const read = kind === 'heads' ? headReader(context, layer, measure) : neuronReader(context, layer, measure);
  if (!positionOf) return indices.map((index) => [{ target: index, value: read(change.data, index) }]);
  const members = Array.from({ length: sizeOfKind(context, kind) }, (_, member) => member);
  const known = new Map<number, OwnEntry[]>();
  return indices.map((index) => {
    const position = positionOf(kind, index);
    const there = atPosition(change, position).data;
    const entries = known.get(position) ?? members.map((target) => ({ target, value: read(there, target) }));
    known.set(position, entries);
    return entries;
  });
}

/** The block of an effect matrix at the sources' own layer: own entries, else 0. [sources, members] */
export function ownBlock(context: UnitContext, sources: Sources, measure: AnyMeasure): Float32Array {
  const size = sizeOfKind(context, sources.kind);
  const block = new Float32Array(sources.indices.length * size);
  ownEntries(context, sources, measure).forEach((entries, i) => {
    for (const { target, value } of entries) block[i * size + target] = value;
  });
  return block;
}

function headReader({ patching }: UnitContext, layer: number, measure: AnyMeasure): Reader {
  const { model } = patching.chain;
  const { nHeads, dHead } = model.config;
  if (measure === 'change' || measure === 'l2') {
    return (change, head) => {
      const from = change.length - (nHeads - head) * dHead;
      const write = headWrite(model, layer, head, change.subarray(from, from + dHead));
      return Math.sqrt(dot(write, write));
    };
  }
  const probe = headProbe(patching.source, layer, measure).data;
  return (change, head) => strided(change, probe, head, dHead, nHeads * dHead);
}

function neuronReader(context: UnitContext, layer: number, measure: AnyMeasure): Reader {
  const { source, chain } = context.patching;
  const { dMlp } = chain.model.config;
  const last: Reader = (change, neuron) => change[change.length - dMlp + neuron]!;
  if (measure === 'change') return last;
  if (measure === 'l2') return (change, n) => Math.abs(last(change, n)) * context.norms[layer]![n]!;
  if (measure !== 'through') return (change, n) => last(change, n) * context.factors(measure, layer)[n]!;
  const probe = neuronProbe(source, layer, measure).data;
  return (change, neuron) => strided(change, probe, neuron, 1, dMlp);
}

/** sum of a x b over `width` entries of member `index` in each row of `stride`. */
function strided(a: Float32Array, b: Float32Array, index: number, width: number, stride: number): number {
  let sum = 0;
  for (let from = index * width; from < a.length; from += stride) {
    for (let k = 0; k < width; k++) sum += a[from + k]! * b[from + k]!;
  }
  return sum;
}
