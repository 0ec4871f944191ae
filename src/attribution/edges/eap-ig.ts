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
import { InputError, throwIfCancelled } from '../../errors.ts';
import { difference, type Run } from '../../patch/pair-runs.ts';
import { cotangentAt } from '../../patch/round-trip.ts';
import type { SuffixChain } from '../../patch/suffix.ts';
import { batched, full, lastRows, rows, type Tensor, zeros } from '../../tensor/tensor.ts';
import { perComponent } from '../attribution-patching.ts';
import { MAX_ROWS } from '../integrated-gradients.ts';
import { layerByLayer, type Method, type MethodInput, type Scores } from '../method.ts';
import { type EdgeScores, edgeScores, type Path } from './edge-scores.ts';
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
  readonly signal?: AbortSignal;
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
  const { most, signal } = options;
  await addAlong({ chain, sums, base, other, path, ...(most && { most }), ...(signal && { signal }) });
  return edgeScores(chain, base, other, sums.receivers!, path);
}

/** Scores of heads and neurons from the same gradients: a head's is the sum of its edges, a layer's neurons share their MLP's. */
export async function nodeIntegratedGradients(
  input: MethodInput,
  options: Omit<EapIgOptions, 'most' | 'signal'> = {},
): Promise<Scores> {
  const { chain, base, other, steps, rows: most, signal } = input;
  const sums = emptySums(chain, false);
  const path = pathOf({ ...options, ...(steps !== undefined && { points: steps }) });
  await addAlong({ chain, sums, base, other, path, ...(most && { most }), ...(signal && { signal }) });
  return layerByLayer(input, (kind, layer) =>
    kind === 'heads'
      ? perComponent(difference(other.z[layer]!, base.z[layer]!), sums.z[layer]!)
      : perComponent(difference(other.post[layer]!, base.post[layer]!), sums.post[layer]!),
  );
}

/** The points of a path. Throws InputError as above. */
export function pathOf({
  variant = 'inputs',
  points = DEFAULT_POINTS,
  rule = 'official',
}: EapIgOptions): Path {
  if (!Number.isInteger(points) || points < 1) {
    throw new InputError(
      `expected points to be a whole number from 1 on, got ${points}; EAP-IG's own default is 5`,
    );
  }
  const offset = rule === 'midpoint' ? 0.5 : variant === 'inputs' ? 0 : 1;
  const alphas = Array.from({ length: points }, (_, k) => (k + offset) / points);
  return { moved: variant, points, alphas, zero: 'other' };
}

/** What is added up, and along which path. */
interface Along {
  readonly chain: SuffixChain;
  readonly sums: GradientSums;
  readonly base: Run;
  readonly other: Run;
  readonly path: Path;
  readonly most?: number;
  readonly signal?: AbortSignal;
}

async function addAlong(along: Along): Promise<void> {
  if (along.path.moved === 'activations') await addGroups(along);
  else await addLine(along, 0, 1 / along.path.points);
}

/**
 * Adds gradients of runs in which what is written right before stage `start` moves, each with a weight; gives the sum at
 * the state that enters there: [positions, d_model].
 */
async function addLine(along: Along, start: number, weight: number): Promise<Tensor> {
  const { chain, sums, path, most = MAX_ROWS, signal } = along;
  const states = pathStates(along, start);
  const sum = zeros(states.shape.slice(1));
  const programs = Math.ceil(path.points / most);
  const at = (program: number) => Math.floor((program * path.points) / programs);
  for (let program = 0; program < programs; program++) {
    throwIfCancelled(signal);
    const batch = rows(states, at(program), at(program + 1));
    const trip = { start, states: batch, cotangent: full([batch.shape[0]!], weight) };
    addRows(sum, (await addGradients(chain, sums, trip))[cotangentAt(start)]!);
  }
  return sum;
}

/** base + (1 - alpha) (other - base) of what is written right before a stage: [points, positions, d_model]. */
function pathStates({ chain, base, other, path }: Along, start: number): Tensor {
  const positions = chain.positionsAt(start);
  const end = lastRows(base.states[start]!, positions);
  const write = lastRows(writeBefore(chain, base, other, start), positions).data;
  const states = zeros([path.points, ...end.shape]);
  path.alphas.forEach((alpha, k) => {
    end.data.forEach((value, i) => {
      states.data[k * write.length + i] = value + (1 - alpha) * write[i]!;
    });
  });
  return states;
}

/** The change of what enters the stream right before a stage: [pos, d_model]. */
function writeBefore(chain: SuffixChain, base: Run, other: Run, start: number): Tensor {
  const stage = start === 0 ? undefined : chain.stages[start - 1]!;
  if (stage?.kind === 'attn') return difference(other.attnOut[stage.layer]!, base.attnOut[stage.layer]!);
  if (stage?.kind === 'mlp') return difference(other.mlpOut[stage.layer]!, base.mlpOut[stage.layer]!);
  return difference(other.states[0]!, base.states[0]!);
}

/** Moves one group of nodes after the other: the embeddings, then what each stage writes. */
async function addGroups(along: Along): Promise<void> {
  const groups = along.chain.stages.length;
  const weight = 1 / (groups * along.path.points);
  // By stage: the gradient of the state that enters it, of the runs in which what is written right before it moves.
  const own: Tensor[] = [];
  for (let start = 0; start < groups; start++) own.push(await addLine(along, start, weight));
  let later: Tensor | undefined;
  for (let index = groups - 2; index >= 0; index--) {
    later = await backThrough(along, index, own[index + 1]!, later);
  }
}

/**
 * Back through one stage of the base run. `own`: the gradient behind it of the runs in which its own write moves: it
 * reaches the stage's nodes, and goes round the stage. `later`: that of groups further on, which goes through.
 * Gives the gradient of the state that enters.
 */
async function backThrough(
  { chain, sums, base, signal }: Along,
  index: number,
  own: Tensor,
  later: Tensor | undefined,
): Promise<Tensor> {
  throwIfCancelled(signal);
  const states = batched(lastRows(base.states[index]!, chain.positionsAt(index)));
  const trip = { start: index, until: index + 1, states };
  const { z, post } = sums;
  await addGradients(chain, { z, post }, { ...trip, cotangent: batched(own) });
  const before = zeros(states.shape.slice(1));
  addRows(before, batched(own));
  if (later === undefined) return before;
  const through = await addGradients(chain, sums, { ...trip, cotangent: batched(later) });
  addRows(before, through[cotangentAt(index)]!);
  return before;
}

const SHARED = {
  sign: 'as ap',
  source: 'Hanna, Pezzelle and Belinkov 2024; points as in github.com/hannamw/EAP-IG',
} as const;

export const eapIgInputs: Method = {
  ...SHARED,
  name: 'eap_ig_inputs',
  title: 'EAP-IG, inputs (nodes)',
  meaning:
    'Change x the gradient averaged while the embeddings move from the other run to the base run: the sum of the component’s edges.',
  sumsTo: 'Nothing; the edges out of the embeddings sum to F(other) - F(base) as points grow.',
  cost: 'As many runs as points (5), forward and back.',
  run: (input) => nodeIntegratedGradients(input),
};

export const eapIgActivations: Method = {
  ...SHARED,
  name: 'eap_ig_activations',
  title: 'EAP-IG, activations (nodes)',
  meaning:
    'Change x the gradient averaged over runs in each of which one layer’s heads, one MLP or the embeddings move.',
  sumsTo: 'Nothing: an average over paths of which each moves another group.',
  cost: 'Per group (the embeddings, each layer’s heads, each MLP): as many runs of the layers behind as points (5), forward and back.',
  run: (input) => nodeIntegratedGradients(input, { variant: 'activations' }),
};
