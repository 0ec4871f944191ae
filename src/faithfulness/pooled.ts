/**
 * Scores of a data set's edges from scores of its pairs, so that higher is better:
 *
 *     pooled(edge) = sum over pairs of (F(edge patched) - F(base)) / sum over pairs of D      (with - in noising)
 *
 * the share of the data set's effect that the edge carries, a ratio of sums. It has the sign of the benchmark's scores, and
 * orders edges as their mean does.
 */
import { edgeGraph } from '../attribution/edges/edge-graph.ts';
import type { EdgeScores } from '../attribution/edges/edge-scores.ts';
import { InputError, throwIfCancelled } from '../errors.ts';
import { baseAndOther } from '../patch/open-pair.ts';
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Direction } from '../terms.ts';
import type { PairSource, RunCircuitsOptions } from './run.ts';

/**
 * Scores of one pair's edges [nodes, receivers], or of its nodes [nodes]: estimates of F(patched) - F(base).
 * `edgeAttributionPatching`, `edgeIntegratedGradients` and `exactEdges` are such functions.
 */
export type PairScorer = (
  chain: SuffixChain,
  base: Run,
  other: Run,
  options: { readonly signal?: AbortSignal },
) => Promise<Tensor | Pick<EdgeScores, 'edges'>>;

export interface PooledOptions extends RunCircuitsOptions {
  /** Which run is edited; default noising, as the circuit's own runs are. */
  readonly direction?: Direction;
}

/**
 * Pooled scores, in the shape that the scorer gives.
 * Throws InputError for an empty data set and for one whose D sum to 0; CancelledError.
 */
export async function pooledScores(
  pairs: PairSource,
  scorer: PairScorer,
  { direction = 'noising', signal, onProgress }: PooledOptions = {},
): Promise<Float64Array> {
  if (pairs.size === 0) throw new InputError('expected at least one pair for the scores, got an empty list');
  let sums: Float64Array | undefined;
  let d = 0;
  let done = 0;
  await pairs.visit(async ({ chain, runs }) => {
    throwIfCancelled(signal);
    const { base, other } = baseAndOther(runs, direction);
    const scores = await scorer(chain, base, other, { signal });
    const { data } = 'edges' in scores ? scores.edges : scores;
    const all = (sums ??= new Float64Array(data.length));
    data.forEach((score, i) => {
      all[i]! += score;
    });
    d += runs.clean.metric - runs.corrupted.metric;
    onProgress?.(++done, pairs.size);
  });
  if (!(Math.abs(d) > 0)) throw new InputError(`expected pairs with an effect, got D that sum to ${d}`);
  return sums!.map((sum) => (direction === 'noising' ? -sum : sum) / d);
}

/**
 * Scores of nodes from scores of components: heads [layers, heads] as they are, an MLP's the sum of its neurons
 * [layers, neurons]. What has no score is NaN: always in.
 */
export function nodeScoresOf(
  shape: Parameters<typeof edgeGraph>[0],
  { heads, neurons }: { readonly heads?: Tensor; readonly neurons?: Tensor },
): Float64Array {
  const width = neurons?.shape[1] ?? 0;
  return Float64Array.from(edgeGraph(shape).nodes, (node) => {
    if (node.kind === 'head' && heads) return heads.data[node.layer * shape.nHeads + node.head]!;
    if (node.kind !== 'mlp' || !neurons) return Number.NaN;
    return neurons.data
      .subarray(node.layer * width, (node.layer + 1) * width)
      .reduce((sum, each) => sum + each, 0);
  });
}
