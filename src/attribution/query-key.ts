/**
 * The change of a head's vector z, its queries, keys and values patched one node at a time, attention recomputed exactly
 * for each (AtP*'s correction of queries and keys; Kramar et al. 2024).
 *
 *     change of z_i = sum_t (a'_it - a_it) v_t                        its query i, patched
 *                   + sum over keys t of (p'_it - p_it) (v_t - m_it)  each key t, patched alone
 *                   + sum_t a_it (v'_t - v_t)                         values: z is linear in them
 *
 * a: attention of the base run; a': with query i patched; p_it = a_it, p'_it: with key t patched; m_it: the mean of the
 * other tokens' values, weighted by their attention. Patching one key changes one score, so that the others keep their
 * shares of what is left: no softmax is computed again.
 */
import { type Tensor, zeros } from '../tensor/tensor.ts';

/** What attention reads in one run of one layer; rotated, where the model rotates. */
export interface Attended {
  /** [pos of the suffix, heads, d_head] */
  readonly q: Tensor;
  /** [all tokens, kv heads, d_head] */
  readonly k: Tensor;
  readonly v: Tensor;
}

/** [pos of the suffix, heads, d_head]: the sum of what each query, key and value node changes alone. */
export function correctedChange(base: Attended, other: Attended): Tensor {
  const [positions, heads] = base.q.shape as [number, number];
  const [tokens, kvHeads] = base.k.shape as [number, number];
  const change = zeros(base.q.shape);
  for (let i = 0; i < positions; i++) {
    const seen = tokens - positions + i + 1;
    for (let head = 0; head < heads; head++) {
      const kvHead = Math.floor((head * kvHeads) / heads);
      const seenBy = ({ q, k, v }: Attended): Seen => ({
        query: vectorAt(q, i, head),
        keys: Array.from({ length: seen }, (_, t) => vectorAt(k, t, kvHead)),
        values: Array.from({ length: seen }, (_, t) => vectorAt(v, t, kvHead)),
      });
      const [own, patched] = [seenBy(base), seenBy(other)];
      const into = new Float64Array(own.query.length);
      ofQuery(own, patched, into);
      ofKeys(own, patched, into);
      ofValues(own, patched, into);
      vectorAt(change, i, head).set(into);
    }
  }
  return change;
}

/** One query of one head, with the keys and values that it sees. */
interface Seen {
  readonly query: Float32Array;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

/** Row [position, head] of [positions, heads, width], as a view. */
function vectorAt({ data, shape }: Tensor, position: number, head: number): Float32Array {
  const [, heads, width] = shape as [number, number, number];
  const from = (position * heads + head) * width;
  return data.subarray(from, from + width);
}

function ofQuery(own: Seen, patched: Seen, into: Float64Array): void {
  const before = weightsOf(scoresOf(own.query, own.keys));
  const after = weightsOf(scoresOf(patched.query, own.keys));
  own.values.forEach((value, t) => addTo(into, after[t]! - before[t]!, value));
}

function ofValues(own: Seen, patched: Seen, into: Float64Array): void {
  const weights = weightsOf(scoresOf(own.query, own.keys));
  weights.forEach((weight, t) => {
    addTo(into, weight, patched.values[t]!);
    addTo(into, -weight, own.values[t]!);
  });
}

function ofKeys(own: Seen, patched: Seen, into: Float64Array): void {
  // A query that sees one token alone looks at it whatever its key.
  if (own.keys.length === 1) return;
  const scores = scoresOf(own.query, own.keys);
  const newScores = scoresOf(own.query, patched.keys);
  const all = pooled(scores, own.values);
  own.values.forEach((value, t) => {
    if (scores[t] === newScores[t]) return;
    const others = without(all, t, scores, own.values);
    const moved = sigmoid(newScores[t]! - others.logSum) - sigmoid(scores[t]! - others.logSum);
    addTo(into, moved, value);
    addTo(into, -moved, others.mean);
  });
}

/** Tokens taken together: the log of the sum of exp(score), and the mean of their values under softmax. */
interface Pool {
  readonly logSum: number;
  readonly mean: Float64Array;
}

function pooled(scores: Float64Array, values: readonly Float32Array[]): Pool {
  const weights = weightsOf(scores);
  const mean = new Float64Array(values[0]!.length);
  values.forEach((value, t) => addTo(mean, weights[t]!, value));
  const top = largest(scores);
  return { logSum: top - Math.log(weights[scores.indexOf(top)]!), mean };
}

/** A pool without one of its tokens. */
function without(all: Pool, t: number, scores: Float64Array, values: readonly Float32Array[]): Pool {
  const weight = Math.exp(scores[t]! - all.logSum);
  // What is left of a token with most of the weight would be rounding: then the others are pooled anew.
  if (weight > 0.5) {
    return pooled(
      scores.filter((_, other) => other !== t),
      values.filter((_, other) => other !== t),
    );
  }
  const mean = all.mean.map((value, i) => (value - weight * values[t]![i]!) / (1 - weight));
  return { logSum: all.logSum + Math.log1p(-weight), mean };
}

/** query . key / sqrt(d_head) for each key. */
function scoresOf(query: Float32Array, keys: readonly Float32Array[]): Float64Array {
  return Float64Array.from(keys, (key) => {
    let sum = 0;
    for (let i = 0; i < key.length; i++) sum += query[i]! * key[i]!;
    return sum / Math.sqrt(query.length);
  });
}

function weightsOf(scores: Float64Array): Float64Array {
  const top = largest(scores);
  const exponentials = scores.map((score) => Math.exp(score - top));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** into += factor x vector */
function addTo(into: Float64Array, factor: number, vector: Float32Array | Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += factor * vector[i]!;
}
