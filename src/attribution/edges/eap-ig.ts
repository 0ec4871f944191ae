/**
 * Edge attribution patching with integrated gradients (Hanna et al. 2024, "Have Faith in Faithfulness"; endpoints and
 * points as in its code, github.com/hannamw/EAP-IG, `get_scores_eap_ig` and `get_scores_ig_activations`).
 *
 *     score(u -> v) = sum over positions of <other_u - base_u, mean over runs of dF/d(input of v)>
 *
 * `inputs`: the runs' embeddings lie on the straight line between those of the two prompts, at other + alpha (base -
 * other). The official points are alpha = k/m, k = 0..m-1: from the other run on, the base run left out. The midpoint
 * rule, (k + 1/2)/m, converges faster.
 *
 * `activations`: one group of nodes moves at a time, the embeddings, all heads of a layer, or an MLP. It is given
 * alpha base + (1 - alpha) other, what comes before is the base run's, what follows is recomputed.
 * 1. Officially alpha = k/m, k = 1..m: up to the base run, which counts.
 * 2. The mean is over all (2 layers + 1) m runs, whatever moves; a receiver before the moving group has a gradient that
 *    goes round the group, which is held; what the group itself reads has none.
 * 3. Before the group all runs of a pair are the base run and gradients add up: one way back serves them all.
 *
 * A score estimates F(edge patched) - F(base), as attribution patching does; a node's score is the sum of its edges.
 * With `inputs` the edges out of `input` sum to F(other) - F(base) as m grows. Nothing else does: other nodes' changes
 * are not those of the path, and `activations` averages over paths of which each moves another group.
 */
import { InputError } from '../../errors.ts';
import { difference, type Run } from '../../patch/pair-runs.ts';
import { cotangentAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { full, rows, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Kind } from '../../terms.ts';
import { lastRows, MAX_ROWS } from '../integrated-gradients.ts';
import {
  type ComponentScores,
  componentScores,
  type EdgeScores,
  edgeScores,
  oneRow,
  type Path,
} from './edge-scores.ts';
import { addGradients, addRows, emptySums, type GradientSums } from './gradient-sums.ts';

export type Variant = 'inputs' | 'activations';

export interface EapIgOptions {
  readonly variant?: Variant;
  /** m; default 5. */
  readonly points?: number;
  /** Where on the way the points lie; default `official`. */
  readonly rule?: 'official' | 'midpoint';
  /** Rows of one program at most. */
  readonly most?: number;
}

/** What the official code's examples use. */
export const DEFAULT_POINTS = 5;

/** Scores of all edges, gradients averaged along a path. Throws InputError for points that are no whole number from 1 on. */
export async function edgeIntegratedGradients(
  chain: SuffixChain,
  base: Run,
  other: Run,
  options: EapIgOptions = {},
): Promise<EdgeScores> {
  const path = pathOf(options);
  const sums = emptySums(chain, true);
  await addAlong(chain, sums, base, other, path, options.most);
  return edgeScores(chain, base, other, sums.receivers!, path);
}

/** Scores of heads and neurons, from the same gradients: for heads, the sum of their edges. */
export async function nodeIntegratedGradients(
  chain: SuffixChain,
  base: Run,
  other: Run,
  kinds: readonly Kind[],
  options: EapIgOptions = {},
): Promise<ComponentScores> {
  const sums = emptySums(chain, false);
  await addAlong(chain, sums, base, other, pathOf(options), options.most);
  return componentScores(base, other, sums, kinds);
}

/** The points of a path. Throws InputError as above. */
export function pathOf({ variant = 'inputs', points = DEFAULT_POINTS, rule = 'official' }: EapIgOptions): Path {
  if (!Number.isInteger(points) || points < 1) {
    throw new InputError(`expected points to be a whole number from 1 on, got ${points}; EAP-IG's own default is 5`);
  }
  const offset = rule === 'midpoint' ? 0.5 : variant === 'inputs' ? 0 : 1;
  const alphas = Array.from({ length: points }, (_, k) => (k + offset) / points);
  return { moved: variant, points, alphas, zero: 'other' };
}

function addAlong(
  chain: SuffixChain,
  sums: GradientSums,
  base: Run,
  other: Run,
  path: Path,
  most: number = MAX_ROWS,
): Promise<unknown> {
  const write = difference(other.states[0]!, base.states[0]!);
  return path.moved === 'inputs'
    ? addLine(chain, sums, { start: 0, state: base.states[0]!, write, path, weight: 1 / path.points, most })
    : addGroups(chain, sums, base, other, path, most);
}

interface Line {
  /** The stage that the states enter. */
  readonly start: number;
  /** Their end at share 1, and what is added to it by share 0: [pos, d_model]. */
  readonly state: Tensor;
  readonly write: Tensor;
  readonly path: Path;
  readonly weight: number;
  readonly most: number;
}

/** Adds gradients along a line, and gives the one of the state that enters: [positions there, d_model]. */
async function addLine(
  chain: SuffixChain,
  sums: GradientSums,
  { start, state, write, path, weight, most }: Line,
): Promise<Tensor> {
  const positions = chain.positionsAt(start);
  const [end, added] = [lastRows(state, positions).data, lastRows(write, positions).data];
  const { dModel } = chain.model.config;
  const states = zeros([path.points, positions, dModel]);
  path.alphas.forEach((alpha, k) => {
    for (let i = 0; i < end.length; i++) states.data[k * end.length + i] = end[i]! + (1 - alpha) * added[i]!;
  });
  const sum = zeros([positions, dModel]);
  const programs = Math.ceil(path.points / most);
  const at = (program: number) => Math.floor((program * path.points) / programs);
  for (let program = 0; program < programs; program++) {
    const batch = rows(states, at(program), at(program + 1));
    const trip = { start, states: batch, cotangent: full([batch.shape[0]!], weight) };
    addRows(sum, (await addGradients(chain, sums, trip))[cotangentAt(start)]!);
  }
  return sum;
}

/** Moves one group of nodes after the other: the embeddings, then what each stage writes. */
async function addGroups(
  chain: SuffixChain,
  sums: GradientSums,
  base: Run,
  other: Run,
  path: Path,
  most: number,
): Promise<void> {
  const groups = chain.stages.length;
  const weight = 1 / (groups * path.points);
  /** By stage: the gradient of the state that enters it, in the runs in which what is written right before it moves. */
  const own: Tensor[] = [];
  for (let start = 0; start < groups; start++) {
    const write = writeBefore(chain, base, other, start);
    own.push(await addLine(chain, sums, { start, state: base.states[start]!, write, path, weight, most }));
  }
  let later: Tensor | undefined;
  for (let index = groups - 2; index >= 0; index--) {
    later = await backThrough(chain, sums, base, index, own[index + 1]!, later);
  }
}

/** The change of what enters the stream right before a stage: [pos, d_model]. */
function writeBefore(chain: SuffixChain, base: Run, other: Run, start: number): Tensor {
  const stage = start === 0 ? undefined : chain.stages[start - 1]!;
  if (stage?.kind === 'attn') return difference(other.attnOut[stage.layer]!, base.attnOut[stage.layer]!);
  if (stage?.kind === 'mlp') return difference(other.mlpOut[stage.layer]!, base.mlpOut[stage.layer]!);
  return difference(other.states[0]!, base.states[0]!);
}

/**
 * Back through one stage of the base run. `own`: the gradient behind it of the runs in which its own write moves: it
 * reaches the stage's nodes, and goes round the stage. `later`: that of groups further on, which goes through.
 * Gives the gradient of the state that enters.
 */
async function backThrough(
  chain: SuffixChain,
  sums: GradientSums,
  base: Run,
  index: number,
  own: Tensor,
  later: Tensor | undefined,
): Promise<Tensor> {
  const states = lastRows(base.states[index]!, chain.positionsAt(index));
  const trip = { start: index, until: index + 1, states };
  const { z, post } = sums;
  await addGradients(chain, { z, post }, { ...trip, cotangent: oneRow(own) });
  const before = zeros([chain.positionsAt(index), chain.model.config.dModel]);
  addRows(before, oneRow(own));
  if (later === undefined) return before;
  const through = await addGradients(chain, sums, { ...trip, cotangent: oneRow(later) });
  addRows(before, through[cotangentAt(index)]!);
  return before;
}
