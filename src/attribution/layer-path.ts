/**
 * The path of layer integrated gradients: the activations of one layer and kind move in a straight line from the base
 * run to the other. Both kinds enter the residual stream linearly, so the stream behind them moves in a straight line
 * too: that is where runs start. The gradient of the stream, through W_O or W_out, is that of each component.
 */
import type { LoadedModel } from '../model/loaded.ts';
import { METRIC } from '../patch/metric-graph.ts';
import { difference, type Run } from '../patch/pair-runs.ts';
import { cotangentAt, roundTrip } from '../patch/round-trip.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { batched, lastRows, type Tensor, tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { gaussLegendre } from './quadrature.ts';

export interface LayerPath {
  readonly chain: SuffixChain;
  /** The stage that the stream enters. */
  readonly start: number;
  /** The stream at the base end, and what it moves by to the other end: [pos, d_model]. */
  readonly state: Tensor;
  readonly line: Tensor;
  /** Scores of the layer's components [pos, heads or neurons] from the gradient of the stream [pos, d_model]. */
  readonly scores: (gradient: Float64Array) => Tensor;
}

/** The path of one layer and kind, from `base` to `other`. */
export function layerPath(chain: SuffixChain, layer: number, kind: Kind, base: Run, other: Run): LayerPath {
  const start = kind === 'heads' ? chain.indexOf('mlp', layer) : chain.indexOf('mlp', layer) + 1;
  const written = kind === 'heads' ? 'attnOut' : 'mlpOut';
  return {
    chain,
    start,
    state: base.states[start]!,
    line: difference(other[written][layer]!, base[written][layer]!),
    scores: (gradient) =>
      kind === 'heads'
        ? headScores(chain.model, layer, difference(other.z[layer]!, base.z[layer]!), gradient)
        : neuronScores(chain.model, layer, difference(other.post[layer]!, base.post[layer]!), gradient),
  };
}

/** A part of the path, in shares of its length. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export const WHOLE_PATH: Part = { from: 0, to: 1 };

export interface LayerScores {
  /** [pos of the suffix, heads or neurons] */
  readonly positions: Tensor;
  /** sum of scores - (F at the end of the part - F at its beginning). */
  readonly gap: number;
  readonly steps: number;
}

/** Integrated gradients over a part of the path; `most`: rows of one program. */
export async function partScores(
  path: LayerPath,
  { from, to }: Part,
  steps: number,
  most: number,
): Promise<LayerScores> {
  const { points, weights } = gaussLegendre(steps);
  const width = to - from;
  const rows = Array.from(points, (x, i): Row => ({ alpha: from + width * x, weight: width * weights[i]! }));
  const ends: Row[] = [
    { alpha: from, weight: 0 },
    { alpha: to, weight: 0 },
  ];
  const { gradient, metrics } = await weighted(path, [...rows, ...ends], most);
  const positions = path.scores(gradient);
  const sum = positions.data.reduce((total, score) => total + score, 0);
  return { positions, gap: sum - (metrics.at(-1)! - metrics.at(-2)!), steps };
}

/** F at places of the path. */
export async function metricsAt(
  path: LayerPath,
  places: readonly number[],
  most: number,
): Promise<readonly number[]> {
  const rows = places.map((alpha): Row => ({ alpha, weight: 0 }));
  return (await weighted(path, rows, most)).metrics;
}

interface Row {
  readonly alpha: number;
  readonly weight: number;
}

interface Weighted {
  /** The weighted sum of gradients of the stream: [pos, d_model], positions that do not matter 0. */
  readonly gradient: Float64Array;
  /** F of each row. */
  readonly metrics: readonly number[];
}

/** Runs the rows of a path forward and back. */
async function weighted(
  { chain, start, state, line }: LayerPath,
  rows: readonly Row[],
  most: number,
): Promise<Weighted> {
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
  return { gradient, metrics };
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
