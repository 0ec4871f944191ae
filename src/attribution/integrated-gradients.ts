/**
 * Layer integrated gradients (Sundararajan et al. 2017; per layer as in Captum's LayerIntegratedGradients).
 *
 *     score(c) = (other_c - base_c) . mean over alpha of dF/dc at base + alpha (other - base)
 *
 * For one layer and one kind (all heads together, or all neurons):
 * 1. what comes before is the base run's;
 * 2. the kind's activations move in a straight line from base to other. Both kinds enter the residual stream
 *    linearly, so the stream behind them moves in a straight line too: that is where the run starts;
 * 3. what follows is recomputed at each Gauss-Legendre point, forward and back;
 * 4. the mean gradient of the stream, through W_O or W_out, is that of each component.
 *
 * Scores of a layer sum to F(whole layer patched) - F(base), up to quadrature: the completeness gap says by how much
 * they miss. It is a joint score: layer-mates move together.
 */
import type { LoadedModel } from '../model/loaded.ts';
import { METRIC } from '../patch/metric-graph.ts';
import { difference, type Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { cotangentAt, roundTrip } from '../patch/round-trip.ts';
import { batched, lastRows, type Tensor, tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { gaussLegendre } from './quadrature.ts';

/** Rows of one program at most: points of the path, and its two ends. */
export const MAX_ROWS = 64;
/** Where `auto` stops doubling. */
export const MAX_STEPS = 1600;
/** `auto` doubles until the gap is below this share of max(|D|, sum of |scores|). */
export const AUTO_TOLERANCE = 1e-3;

export interface LayerScores {
  /** [pos of the suffix, heads or neurons] */
  readonly positions: Tensor;
  /** sum of scores - (F(layer patched) - F(base)). */
  readonly gap: number;
  readonly steps: number;
}

/** Scores of one layer and kind, from `base` to `other`; `most`: rows of one program. */
export async function layerIntegratedGradients(
  chain: SuffixChain,
  layer: number,
  kind: Kind,
  base: Run,
  other: Run,
  steps: number,
  most: number = MAX_ROWS,
): Promise<LayerScores> {
  const start = kind === 'heads' ? chain.indexOf('mlp', layer) : chain.indexOf('mlp', layer) + 1;
  const written = kind === 'heads' ? 'attnOut' : 'mlpOut';
  const line = difference(other[written][layer]!, base[written][layer]!);
  const { gradient, ends } = await meanGradient(chain, start, base.states[start]!, line, steps, most);
  const positions =
    kind === 'heads'
      ? headScores(chain.model, layer, difference(other.z[layer]!, base.z[layer]!), gradient)
      : neuronScores(chain.model, layer, difference(other.post[layer]!, base.post[layer]!), gradient);
  const sum = positions.data.reduce((total, score) => total + score, 0);
  return { positions, gap: sum - (ends.other - ends.base), steps };
}

/** Doubles the points until the gap is small against max(|D|, sum of |scores|), or MAX_STEPS are reached. */
export async function refinedScores(
  run: (steps: number) => Promise<LayerScores>,
  firstSteps: number,
  d: number,
): Promise<LayerScores> {
  let scores = await run(firstSteps);
  while (scores.steps < MAX_STEPS) {
    if (isComplete(scores, d)) break;
    scores = await run(Math.min(2 * scores.steps, MAX_STEPS));
  }
  return scores;
}

/** Whether the completeness gap is as small as `auto` wants it, for D = `d`. */
export function isComplete({ positions, gap }: Omit<LayerScores, 'steps'>, d: number): boolean {
  const size = positions.data.reduce((total, score) => total + Math.abs(score), 0);
  return Math.abs(gap) < AUTO_TOLERANCE * Math.max(Math.abs(d), size);
}

interface Row {
  readonly alpha: number;
  readonly weight: number;
}

interface MeanGradient {
  /** [pos, d_model], positions that do not matter 0. */
  readonly gradient: Float64Array;
  /** F at both ends of the path. */
  readonly ends: { readonly base: number; readonly other: number };
}

/** The weighted mean gradient of F along state + alpha line, entering stage `start`. */
async function meanGradient(
  chain: SuffixChain,
  start: number,
  state: Tensor,
  line: Tensor,
  steps: number,
  most: number,
): Promise<MeanGradient> {
  const { points, weights } = gaussLegendre(steps);
  const rows: Row[] = Array.from(points, (alpha, i) => ({ alpha, weight: weights[i]! }));
  rows.push({ alpha: 0, weight: 0 }, { alpha: 1, weight: 0 });
  const positions = chain.positionsAt(start);
  const [base, write] = [batched(lastRows(state, positions)), batched(lastRows(line, positions))];
  const used = base.data.length;
  const gradient = new Float64Array(line.data.length);
  const metrics: number[] = [];
  // Programs of nearly equal size: ONNX Runtime rounds products of one row differently, so none is left alone.
  const programs = Math.ceil(rows.length / most);
  for (let program = 0; program < programs; program++) {
    const at = (index: number) => Math.floor((index * rows.length) / programs);
    const batch = rows.slice(at(program), at(program + 1));
    const results = await roundTrip(chain, {
      start,
      ...(chain.takesLine(start) ? onLine(base, write, batch) : { states: pathStates(base, write, batch) }),
      cotangent: tensor(
        Float32Array.from(batch, ({ weight }) => weight),
        [batch.length],
      ),
    });
    metrics.push(...results[METRIC]!.data);
    const offset = gradient.length - used;
    results[cotangentAt(start)]!.data.forEach((value, i) => {
      gradient[offset + (i % used)]! += value;
    });
  }
  return { gradient, ends: { base: metrics.at(-2)!, other: metrics.at(-1)! } };
}

/** base + alpha write for each row, as the stage itself makes it. */
function onLine(base: Tensor, write: Tensor, rows: readonly Row[]) {
  const amount = tensor(
    Float32Array.from(rows, ({ alpha }) => alpha),
    [rows.length, 1, 1],
  );
  return { states: base, line: { amount, write } };
}

/** base + alpha write for each row: [rows, positions, d_model]. */
function pathStates(base: Tensor, write: Tensor, rows: readonly Row[]): Tensor {
  const size = base.data.length;
  const states = zeros([rows.length, ...base.shape.slice(1)]);
  rows.forEach(({ alpha }, row) => {
    for (let i = 0; i < size; i++) states.data[row * size + i] = base.data[i]! + alpha * write.data[i]!;
  });
  return states;
}

/** sum over d_model of (change of z through W_O) x gradient: [pos, heads]. */
function headScores(model: LoadedModel, layer: number, dz: Tensor, gradient: Float64Array): Tensor {
  const { dModel, nHeads, dHead } = model.config;
  const weight = model.parameters.get(`blocks.${layer}.attn.W_O`)!.data;
  const scores = zeros([dz.shape[0]!, nHeads]);
  const through = throughWeight(weight, gradient, dModel);
  for (let i = 0; i < scores.data.length; i++) {
    let sum = 0;
    for (let k = i * dHead; k < (i + 1) * dHead; k++) sum += dz.data[k]! * through[k]!;
    scores.data[i] = sum;
  }
  return scores;
}

/** change of activation x (its row of W_out . gradient): [pos, neurons]. */
function neuronScores(model: LoadedModel, layer: number, dpost: Tensor, gradient: Float64Array): Tensor {
  const weight = model.parameters.get(`blocks.${layer}.mlp.W_out`)!.data;
  const through = throughWeight(weight, gradient, model.config.dModel);
  return tensor(
    dpost.data.map((value, i) => value * through[i]!),
    dpost.shape,
  );
}

/** gradient [pos, d_model] through the rows of a writing weight [rows, d_model]: [pos, rows]. */
function throughWeight(weight: Float32Array, gradient: Float64Array, width: number): Float64Array {
  const rows = weight.length / width;
  const positions = gradient.length / width;
  const result = new Float64Array(positions * rows);
  for (let p = 0; p < positions; p++) {
    const g = gradient.subarray(p * width, (p + 1) * width);
    if (g.every((value) => value === 0)) continue;
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += weight[r * width + i]! * g[i]!;
      result[p * rows + r] = sum;
    }
  }
  return result;
}
