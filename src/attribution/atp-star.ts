/**
 * AtP* (Kramar, Lieberum, Shah and Nanda 2024, arXiv 2403.00745): attribution patching with its two corrections.
 *
 *     score(c) = 1 / (L - 1) sum over layers l of | I_l(c) |,    I_l(c) = sum over nodes n of c of change(n) . g_l(n)
 *
 * 1. Query-key correction: behind a patched query or key attention is recomputed exactly, and linear from there on; so
 *    the change of a head's vector z is that of `query-key.ts`, in place of other - base.
 * 2. GradDrop: g_l is the gradient at the base run with block l (attention and MLP) passing nothing back: what cancels
 *    through one block shows where that block is left out. In its own layer a node has no gradient left: hence L - 1.
 *    Layers before the node change nothing, so for them the plain gradient counts.
 *
 * Our choices, where the paper leaves room or scores other nodes than patching does:
 * - A head = its query, key and value nodes at all positions (the paper ranks each by itself): exact patching replaces a
 *   head at all positions, so they are summed with their signs within a layer drop, before the absolute value. Likewise
 *   a neuron = its nodes at all positions.
 * - Keys and values of grouped-query models count for each query head through that head alone.
 * - Rotary models: queries and keys after their rotation, which each position has of its own.
 * - One layer: there is nothing to drop, and the score is |I| of the plain gradient.
 *
 * Scores have no sign, and sum to nothing.
 */
import { throwIfCancelled } from '../errors.ts';
import type { BlockHook } from '../model/sites.ts';
import { difference, lastOf, type Run } from '../patch/pair-runs.ts';
import { gradientAt, roundTrip, valueAt } from '../patch/round-trip.ts';
import { pastRegister, type SuffixChain } from '../patch/suffix.ts';
import { batched, full, row, stack, tensor, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';
import { perComponent } from './attribution-patching.ts';
import { layerByLayer, type Method, type MethodInput, overPositions, type Scores } from './method.ts';
import { type Attended, correctedChange } from './query-key.ts';

/** Per layer: the change of heads' vectors [pos, heads, d_head], or of activations [pos, neurons]. */
type Changes = readonly Tensor[];

/** Per layer: the gradient of F where the changes are. */
type Gradients = readonly Tensor[];

/** AtP* of both kinds. Without `drops` only the query-key correction is made: the plain gradient, and a sign. */
export async function atpStar(input: MethodInput, drops = true): Promise<Scores> {
  const { chain, base, kinds, signal } = input;
  const { nLayers } = chain.model.config;
  const changes = await changesOf(input);
  const score = (kind: Kind, layer: number, gradients: Gradients) =>
    overPositions(perComponent(changes[kind]![layer]!, gradients[layer]!));
  if (!drops) {
    return layerByLayer(input, (kind, layer) =>
      perComponent(changes[kind]![layer]!, plainGradients(base, kind)[layer]!),
    );
  }
  const totals = kinds.map((kind) => {
    const gradients = plainGradients(base, kind);
    // One for each layer before; a model of one layer has nothing to drop.
    return changes[kind]!.map((_, layer) =>
      score(kind, layer, gradients).map((value) => Math.abs(value) * (nLayers === 1 ? 1 : layer)),
    );
  });
  for (let dropped = 1; dropped < nLayers; dropped++) {
    throwIfCancelled(signal);
    const gradients = await gradientsWithout(chain, base, dropped);
    for (const [i, kind] of kinds.entries()) {
      for (let layer = 0; layer < dropped; layer++) {
        const total = totals[i]![layer]!;
        score(kind, layer, gradients[kind]).forEach((value, c) => {
          total[c]! += Math.abs(value);
        });
      }
    }
  }
  return Object.fromEntries(kinds.map((kind, i) => [kind, joined(totals[i]!, Math.max(nLayers - 1, 1))]));
}

function plainGradients(base: Run, kind: Kind): Gradients {
  return kind === 'heads' ? base.gradZ : base.gradPost;
}

/** Rows / by: [layers, components]. */
function joined(rows: readonly Float64Array[], by: number): Tensor {
  const data = rows.flatMap((values) => Array.from(values, (value) => value / by));
  return tensor(Float32Array.from(data), [rows.length, rows[0]!.length]);
}

async function changesOf({
  chain,
  base,
  other,
  kinds,
}: MethodInput): Promise<Partial<Record<Kind, Changes>>> {
  const neurons = other.post.map((post, layer) => difference(post, base.post[layer]!));
  if (!kinds.includes('heads')) return { neurons };
  const attended = await attendedBy(chain, base, other);
  const heads = attended.map(([ofBase, ofOther]) => correctedChange(ofBase, ofOther));
  return { heads, neurons };
}

/** Queries, keys and values of both runs, per layer. */
async function attendedBy(
  chain: SuffixChain,
  base: Run,
  other: Run,
): Promise<(readonly [base: Attended, other: Attended])[]> {
  const { rotary, nLayers } = chain.model.config;
  const [q, k, v]: readonly BlockHook[] = rotary
    ? ['attn.hook_rot_q', 'attn.hook_rot_k', 'attn.hook_v']
    : ['attn.hook_q', 'attn.hook_k', 'attn.hook_v'];
  const hooks = [q!, k!, v!];
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const past = chain.range.from > 0 ? (['past_k', 'past_v'] as const) : [];
  const results = await roundTrip(chain, {
    start: 0,
    states: stack([base.states[0]!, other.states[0]!]),
    cotangent: full([2], 1),
    whole: true,
    captured: hooks,
    feeds: lastOf(chain, 2),
    fetch: layers.flatMap((layer) => [
      ...hooks.map((hook) => valueAt(hook, chain.indexOf('attn', layer))),
      ...past.map((name) => pastRegister(name, layer)),
    ]),
  });
  const of = (layer: number, run: number): Attended => {
    const value = (hook: BlockHook) => row(results[valueAt(hook, chain.indexOf('attn', layer))]!, run);
    const [pastK, pastV] = past.map((name) => results[pastRegister(name, layer)]!);
    return { q: value(q!), k: behind(pastK, value(k!)), v: behind(pastV, value(v!)) };
  };
  return layers.map((layer) => [of(layer, 0), of(layer, 1)]);
}

/** Past [heads, past, width] and own [pos, heads, width] as [past + pos, heads, width]. */
function behind(past: Tensor | undefined, own: Tensor): Tensor {
  if (!past) return own;
  const [heads, positions, width] = past.shape as [number, number, number];
  const all = zeros([positions + own.shape[0]!, heads, width]);
  for (let p = 0; p < positions; p++) {
    for (let h = 0; h < heads; h++) {
      const from = (h * positions + p) * width;
      all.data.set(past.data.subarray(from, from + width), (p * heads + h) * width);
    }
  }
  all.data.set(own.data, positions * heads * width);
  return all;
}

/** Gradients of the base run at the layers before `dropped`, whose block passes nothing back. */
async function gradientsWithout(
  chain: SuffixChain,
  base: Run,
  dropped: number,
): Promise<Record<Kind, Gradients>> {
  const layers = Array.from({ length: dropped }, (_, layer) => layer);
  const z = layers.map((layer) => gradientAt('attn.hook_z', chain.indexOf('attn', layer)));
  const post = layers.map((layer) => gradientAt('mlp.hook_post', chain.indexOf('mlp', layer)));
  const results = await roundTrip(chain, {
    start: 0,
    states: batched(base.states[0]!),
    cotangent: full([1], 1),
    whole: true,
    dropped: [dropped],
    feeds: lastOf(chain, 1),
    fetch: [...z, ...post],
  });
  const at = (names: readonly string[]) => names.map((name) => row(results[name]!, 0));
  return { heads: at(z), neurons: at(post) };
}

export const atpStarMethod: Method = {
  name: 'atp_star',
  title: 'AtP*',
  meaning:
    'The size of the change of F, attention exact and the rest linear, as a mean over runs back in which one block passes nothing.',
  sumsTo: 'Nothing.',
  sign: 'none',
  cost: 'One run forward and back of both prompts, and for each layer but the first one of the base prompt.',
  source: 'Kramar, Lieberum, Shah and Nanda 2024 (arXiv 2403.00745)',
  run: (input) => atpStar(input),
};
