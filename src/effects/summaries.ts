/**
 * Summaries of a unit's sources, which are kept whatever is kept of the effect matrices: AP, gain, ledger, means by
 * layer, strongest targets. One pass over what patching observed, in float64.
 */
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { KINDS, type Kind } from '../terms.ts';
import { gainOf, reachesTargets } from './gains.ts';
import { dot } from './measures.ts';
import { changeOfWrite } from './changes.ts';
import type { Observation } from './patching.ts';
import { Ranked, TOP } from './strongest.ts';
import { ownEntries } from './own.ts';
import { reaches, sizeOfKind, type Sources, type UnitContext } from './unit.ts';

/** What one kind of targets adds up to, for each source. */
interface Reduced {
  /** l2: mean by layer [sources, layers]. */
  readonly means: Float32Array;
  /** Sum of l2 squared. */
  readonly squares: Float64Array;
  /** Sum of `direct`. */
  readonly direct: Float64Array;
  /** [sources, TOP, 2] and [sources, TOP]. */
  readonly topIndex: Int32Array;
  readonly topValue: Float32Array;
}

/** All summaries, each with a leading axis of sources; a ledger where `direct` is observed. */
export function summariesOf(
  context: UnitContext,
  seen: Observation,
  sources: Sources,
): Map<string, Tensor | Tensor<Int32Array>> {
  const n = sources.indices.length;
  const { nLayers } = context.patching.chain.model.config;
  const reduced = new Map(KINDS.map((target) => [target, reduce(context, seen, sources, target)]));
  const summaries = new Map<string, Tensor | Tensor<Int32Array>>();
  summaries.set('ap', tensor(seen.ap, [n]));
  if (hasLedger(context)) summaries.set('ledger', ledgerOf(context, seen, sources, reduced));
  const squares = new Float64Array(n);
  for (const target of context.targets) {
    const { means, topIndex, topValue, squares: own } = reduced.get(target)!;
    summaries.set(`${target}_by_layer`, tensor(means, [n, nLayers]));
    summaries.set(`${target}_top_index`, tensor(topIndex, [n, TOP, 2]));
    summaries.set(`${target}_top_value`, tensor(topValue, [n, TOP]));
    own.forEach((sum, i) => {
      squares[i]! += sum;
    });
  }
  const { own, gain } = gainsOf(context, sources, squares);
  return summaries.set('own', own).set('gain', gain);
}

function hasLedger({ patching }: UnitContext): boolean {
  return patching.headMeasures.includes('direct');
}

function reduce(context: UnitContext, seen: Observation, sources: Sources, target: Kind): Reduced {
  const { nLayers } = context.patching.chain.model.config;
  const n = sources.indices.length;
  const size = sizeOfKind(context, target);
  const reduced: Reduced = {
    means: new Float32Array(n * nLayers),
    squares: new Float64Array(n),
    direct: new Float64Array(n),
    topIndex: new Int32Array(n * TOP * 2).fill(-1),
    topValue: new Float32Array(n * TOP),
  };
  const ranked = new Ranked();
  for (let i = 0; i < n; i++) {
    ranked.clear();
    for (let layer = sources.layer; layer < nLayers; layer++) {
      if (!reaches(sources, target, layer)) continue;
      const row = { ranked, layer, from: i * size, size };
      const sums = target === 'heads' ? headRow(seen, row) : neuronRow(context, seen, row);
      reduced.means[i * nLayers + layer] = sums.l2 / size;
      reduced.squares[i]! += sums.squares;
      reduced.direct[i]! += sums.direct;
    }
    ranked.write(
      reduced.topIndex.subarray(i * TOP * 2, (i + 1) * TOP * 2),
      reduced.topValue.subarray(i * TOP, (i + 1) * TOP),
    );
  }
  return reduced;
}

/** One source's targets of one layer. */
interface Row {
  readonly ranked: Ranked;
  readonly layer: number;
  readonly from: number;
  readonly size: number;
}

interface Sums {
  readonly l2: number;
  readonly squares: number;
  readonly direct: number;
}

function headRow(seen: Observation, { ranked, layer, from, size }: Row): Sums {
  const measures = seen.heads.get(layer)!;
  const change = measures.get('change')!.data;
  const directs = measures.get('direct')?.data;
  let l2 = 0;
  let squares = 0;
  let direct = 0;
  for (let t = 0; t < size; t++) {
    const norm = change[from + t]!;
    l2 += norm;
    squares += norm * norm;
    direct += directs?.[from + t] ?? 0;
    if (norm > ranked.least) ranked.offer(norm, layer, t);
  }
  return { l2, squares, direct };
}

function neuronRow(context: UnitContext, seen: Observation, { ranked, layer, from, size }: Row): Sums {
  const changes = seen.neurons.get(layer)!.get('change')!.data;
  const norms = context.norms[layer]!;
  const factors = hasLedger(context) ? context.factors('direct', layer) : undefined;
  const own = changes.subarray(from, from + size);
  let l2 = 0;
  let squares = 0;
  let direct = 0;
  let least = ranked.least;
  for (let t = 0; t < size; t++) {
    const change = own[t]!;
    // As float32, in which l2 is stored.
    const norm = Math.fround(Math.abs(change) * norms[t]!);
    l2 += norm;
    squares += norm * norm;
    if (factors) direct += change * factors[t]!;
    if (norm > least) least = ranked.offer(norm, layer, t);
  }
  return { l2, squares, direct };
}

/**
 * The ledger of each source: own direct, by heads, by neurons, norm; they sum to AP. The norm's part is what is left:
 * what the final norm's scale does.
 */
function ledgerOf(
  context: UnitContext,
  seen: Observation,
  sources: Sources,
  reduced: ReadonlyMap<Kind, Reduced>,
): Tensor {
  const ledger = new Float32Array(sources.indices.length * 4);
  ownEntries(context, sources, 'direct').forEach((entries, i) => {
    const own = entries.reduce((sum, { value }) => sum + value, 0);
    const [heads, neurons] = [reduced.get('heads')!.direct[i]!, reduced.get('neurons')!.direct[i]!];
    ledger.set([own, heads, neurons, seen.ap[i]! - own - heads - neurons], i * 4);
  });
  return tensor(ledger, [sources.indices.length, 4]);
}

function gainsOf(
  context: UnitContext,
  sources: Sources,
  squares: Float64Array,
): { own: Tensor; gain: Tensor } {
  const { kind, layer, indices } = sources;
  const { source, chain } = context.patching;
  const reaching = reachesTargets(kind, layer, chain.model.config.nLayers, context.targets);
  const own = Float64Array.from(indices, (index) => {
    const write = changeOfWrite(source, kind, layer, index).data;
    return Math.sqrt(dot(write, write));
  });
  const gain = own.map((norm, i) => (reaching ? gainOf(squares[i]!, norm) : Number.NaN));
  return {
    own: tensor(Float32Array.from(own), [indices.length]),
    gain: tensor(Float32Array.from(gain), [indices.length]),
  };
}
