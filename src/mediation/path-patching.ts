/**
 * Path patching (Goldowsky-Dill et al. 2023, "Localizing Model Behavior with Path Patching"; Wang et al. 2022): how much
 * of a sender's effect on F goes straight into a receiver's queries, keys or values.
 *
 * 1. The sender takes its value of the other run at all positions; all other heads keep their base values, MLPs are
 *    recomputed, or frozen too. This changes the stream that the receiver's block reads, and so its q (k, v).
 * 2. That q (k, v), at all positions, replaces the receiver's own in the base run; everything else is recomputed.
 * 3. score = F - F of the base run, in units of F.
 *
 * Several receivers are replaced together, each by what step 1 gave it, whatever earlier receivers then do. A sender
 * that lies in no earlier layer than any receiver scores exactly 0. Scores sum to nothing: q is a norm and a product
 * away from the stream, and the attention behind it is a softmax.
 *
 * With grouped key-value heads (Llama) a receiver's k (v) is that of the key-value head that its group of query heads
 * shares: replacing it changes what every head of the group reads.
 */
import { edit } from '../compile/edit.ts';
import { prune } from '../compile/prune.ts';
import { patchedStreams } from '../effects/changes.ts';
import { InputError } from '../errors.ts';
import { componentsPerLayer, type ModelConfig } from '../model/config.ts';
import { type BlockHook, blockSite, type Stage } from '../model/sites.ts';
import { forwardSteps, type SpecialStage } from '../patch/forward-runs.ts';
import { METRIC } from '../patch/metric-graph.ts';
import type { Model } from '../patch/model.ts';
import { withPair } from '../patch/open-pair.ts';
import { stateAt } from '../patch/round-trip.ts';
import type { SuffixChain, Variant } from '../patch/suffix.ts';
import type { Feeds, Step } from '../runtime/engine.ts';
import type { Pair } from '../tasks/pair.ts';
import { stack, type Tensor, zeros } from '../tensor/tensor.ts';
import { type Component, type Direction, type Kind } from '../terms.ts';
import { batchesOf, twiceIfAlone } from '../patch/batches.ts';
import {
  type FrozenHeads,
  frozenPassage,
  openFrozenHeads,
  preRegister,
  releaseFrozenHeads,
} from './frozen-heads.ts';
import { checkComponents, checkWord, type KindScores, sourceOf } from './source.ts';
import type { ProbeSource } from '../effects/measures.ts';

export const INPUTS = ['q', 'k', 'v'] as const;
/** What a receiver reads: its queries, keys or values. */
export type ReceiverInput = (typeof INPUTS)[number];
export const MLP_MODES = ['recomputed', 'frozen'] as const;
export type MlpMode = (typeof MLP_MODES)[number];

export interface Receivers {
  /** Heads [layer, head]; all of them receive at once. */
  readonly receivers: readonly Component[];
  readonly input: ReceiverInput;
  /** MLPs between sender and receiver; default recomputed. */
  readonly mlps?: MlpMode;
}

export interface PathOptions extends Receivers {
  /** Default: noising. */
  readonly direction?: Direction;
  /** Which senders; default heads. */
  readonly kinds?: readonly Kind[];
}

/**
 * The effect of every sender on F by way of the receivers' q, k or v, in units of F: heads [layers, heads], neurons
 * [layers, neurons]. Throws InputError for unknown receivers or options, a pair that does not fit, and a model that is
 * in use.
 */
export async function pathPatching(model: Model, pair: Pair, options: PathOptions): Promise<KindScores> {
  checkReceivers(options, model.config);
  const { direction = 'noising', kinds = ['heads'] } = options;
  return withPair(model, pair, async (open) => {
    const source = sourceOf(open, direction);
    const scores: { -readonly [K in Kind]?: Tensor } = {};
    for (const kind of kinds) scores[kind] = await pathScores(open.chain, source, kind, options);
    return scores;
  });
}

/** Throws InputError for receivers that the model does not have, and unknown words. */
export function checkReceivers(
  { receivers, input, mlps = 'recomputed' }: Receivers,
  config: ModelConfig,
): void {
  checkWord('input', input, INPUTS);
  checkWord('mlps', mlps, MLP_MODES);
  if (receivers.length === 0)
    throw new InputError('expected at least one receiver, got none; name heads as layer.head');
  checkComponents('receivers', 'heads', receivers, config);
}

/** One kind of senders: [layers, heads or neurons]. */
export async function pathScores(
  chain: SuffixChain,
  source: ProbeSource,
  kind: Kind,
  { receivers, input, mlps = 'recomputed' }: Receivers,
): Promise<Tensor> {
  const { config, engine } = chain.model;
  const layers = [...new Set(receivers.map(([layer]) => layer))].sort((a, b) => a - b);
  const frozen = await openFrozenHeads(chain, source, chain.size, layers.at(-1)!);
  await engine.put(
    Object.fromEntries(
      layers.map((layer) => [chosenRegister(layer), chosenHeads(receivers, layer, input, config)]),
    ),
  );
  const count = componentsPerLayer(config, kind);
  const scores = zeros([config.nLayers, count]);
  const path = { frozen, input, mlps };
  for (let layer = 0; layer < layers.at(-1)!; layer++) {
    const reached = layers.filter((each) => each > layer);
    const base = await baseMetric(path, reached);
    for (const indices of batchesOf(count)) {
      const metrics = await sent(path, kind, layer, indices, reached);
      scores.data.set(
        metrics.map((metric) => metric - base),
        layer * count + indices[0]!,
      );
    }
  }
  await releaseFrozenHeads(frozen);
  return scores;
}

interface Path {
  readonly frozen: FrozenHeads;
  readonly input: ReceiverInput;
  readonly mlps: MlpMode;
}

const RECEIVED = 'received';
const CHOSEN = 'chosen';
const receivedRegister = (layer: number): string => `received.${layer}`;
const chosenRegister = (layer: number): string => `frozen.chosen.${layer}`;

/** F of senders, each in a run of its own. */
async function sent(
  path: Path,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  reached: readonly number[],
): Promise<Float32Array> {
  const { frozen, mlps } = path;
  const rows = twiceIfAlone(indices);
  const { feeds, steps } =
    mlps === 'recomputed'
      ? await frozenPassage(frozen, kind, layer, rows, reached.at(-1)!)
      : { feeds: besideMlps(frozen, kind, layer, rows, reached), steps: [] };
  return (await received(path, feeds, steps, rows.length, reached)).subarray(0, indices.length);
}

/** Streams of the receivers' blocks where nothing but the sender's own write changes them. */
function besideMlps(
  { source, pre }: FrozenHeads,
  kind: Kind,
  layer: number,
  indices: readonly number[],
  reached: readonly number[],
): Feeds {
  const streams = (to: number) => patchedStreams(source, kind, layer, indices, pre[to]!);
  return Object.fromEntries(reached.map((to) => [preRegister(to), streams(to)]));
}

/** F where the receivers get what they had anyway, through the same sessions. */
async function baseMetric(path: Path, reached: readonly number[]): Promise<number> {
  const { pre } = path.frozen;
  const feeds = reached.map((layer) => [preRegister(layer), stack([pre[layer]!, pre[layer]!])]);
  return (await received(path, Object.fromEntries(feeds), [], 2, reached))[0]!;
}

/** Step 2: the base run from the first receiver on, with what the receivers read on the given streams. */
async function received(
  { frozen, input }: Path,
  feeds: Feeds,
  before: readonly Step[],
  count: number,
  reached: readonly number[],
): Promise<Float32Array> {
  const { chain, source } = frozen;
  const steps = [...before];
  const special = new Map<number, SpecialStage>();
  for (const layer of reached) {
    const index = chain.indexOf('attn', layer);
    const outputs = { [RECEIVED]: receivedRegister(layer) };
    steps.push(await chain.step({ index, variant: reads(input), from: preRegister(layer), outputs }));
    const inputs = { [RECEIVED]: receivedRegister(layer), [CHOSEN]: chosenRegister(layer) };
    special.set(index, { variant: receives(input), inputs });
  }
  const start = chain.indexOf('attn', reached[0]!);
  const state = source.base.states[start]!;
  const starts = { [stateAt(start)]: stack(Array.from({ length: count }, () => state)) };
  const all = [...steps, ...(await forwardSteps(chain, start, special))];
  return (await chain.run(all, { ...feeds, ...starts }, [METRIC]))[METRIC]!.data as Float32Array;
}

/** Gives what all heads of a stage read, [batch, pos, heads, d_head]; before any rotation. */
function reads(input: ReceiverInput): Variant {
  return {
    key: `reads ${input}`,
    arena: true,
    build: (graph, stage) => prune(graph, new Map([[RECEIVED, graph.sites.get(siteOf(stage, input))!]])),
  };
}

/** Takes what the chosen heads read from an input. */
function receives(input: ReceiverInput): Variant {
  return {
    key: `receives ${input}`,
    arena: true,
    build: (graph, stage) =>
      prune(
        edit(graph, siteOf(stage, input), (b, own) => {
          const dims = b.dims(own);
          return b.where(b.input(CHOSEN, [1, 1, dims[2]!, 1]), b.input(RECEIVED, dims), own);
        }),
      ),
  };
}

function siteOf(stage: Stage, input: ReceiverInput): string {
  const hook: BlockHook = `attn.hook_${input}`;
  return blockSite((stage as Extract<Stage, { kind: 'attn' }>).layer, hook);
}

/** 1 at the receivers of a layer, by query head for q, by key-value head for k and v: [1, 1, heads, 1]. */
function chosenHeads(
  receivers: readonly Component[],
  layer: number,
  input: ReceiverInput,
  { nHeads, nKvHeads }: ModelConfig,
): Tensor {
  const heads = input === 'q' ? nHeads : nKvHeads;
  const chosen = zeros([1, 1, heads, 1]);
  for (const [own, head] of receivers) {
    if (own === layer) chosen.data[Math.floor((head * heads) / nHeads)] = 1;
  }
  return chosen;
}
