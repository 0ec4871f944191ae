/**
 * Direct effects: what a source's change does to F without other components, by three definitions.
 *
 *   direct        <change of the write at the last token, unembedding direction>, the final norm's scale held at base
 *   frozen-all    F(base final stream + change of the write at the last token) - F(base): all other components at their
 *                 base values, the final norm recomputed
 *   frozen-heads  all other heads at their base values, MLPs and final norm recomputed (Wang et al. 2022,
 *                 "Interpretability in the Wild")
 *   mediated      ap - frozen-all: what is left, interaction included
 *
 * 1. Both runs of the pair give the change of the source's write at the last token.
 * 2. It is added to the base run's stream: the final one, or, for frozen-heads, the one behind the source, which then
 *    passes the later MLPs of the last position (`frozen-heads.ts`).
 * 3. F of that stream less F of the base run through the same sessions.
 *
 * Scores are in units of F. They sum to nothing: `direct` of all components adds up to F up to the norm's scale (the
 * ledger), the others only where the model is linear behind the source. `mediated` is no share of ap: the parts may
 * differ in sign.
 */
import { changeOfWrite, patchedStreams } from '../effects/changes.ts';
import { directDirection, dot, type ProbeSource } from '../effects/measures.ts';
import { patchSources, preparePatching, releasePatching } from '../effects/patching.ts';
import { componentsPerLayer } from '../model/config.ts';
import { metricsFrom } from '../patch/forward-runs.ts';
import { METRIC } from '../patch/metric-graph.ts';
import type { Model } from '../patch/model.ts';
import { withPair } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { carrying } from '../patch/variants.ts';
import type { Pair } from '../tasks/pair.ts';
import { lastRows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import { type Direction, type Kind, KINDS } from '../terms.ts';
import { batchesOf, twiceIfAlone } from '../patch/batches.ts';
import { frozenPassage, openFrozenHeads, preRegister, releaseFrozenHeads } from './frozen-heads.ts';
import { checkWord, type KindScores, sourceOf } from './source.ts';

export const DEFINITIONS = ['direct', 'frozen-all', 'frozen-heads', 'mediated'] as const;
/** What counts as direct; see the top of the file. */
export type DirectDefinition = (typeof DEFINITIONS)[number];

export interface DirectOptions {
  readonly definition: DirectDefinition;
  /** Default: noising. */
  readonly direction?: Direction;
  /** Which sources; default both. */
  readonly kinds?: readonly Kind[];
}

/**
 * Direct effects of all heads [layers, heads] and neurons [layers, neurons] on F, in units of F.
 * Throws InputError for unknown options, a pair that does not fit, and a model that is in use.
 */
export async function directEffects(model: Model, pair: Pair, options: DirectOptions): Promise<KindScores> {
  const { definition, direction = 'noising', kinds = KINDS } = options;
  checkWord('definition', definition, DEFINITIONS);
  return withPair(model, pair, async (open) => {
    const source = sourceOf(open, direction);
    const scores: { -readonly [K in Kind]?: Tensor } = {};
    for (const kind of kinds) scores[kind] = await directScores(open.chain, source, kind, definition);
    return scores;
  });
}

/** The direct effects of one kind and direction: [layers, heads or neurons]. */
export async function directScores(
  chain: SuffixChain,
  source: ProbeSource,
  kind: Kind,
  definition: DirectDefinition,
): Promise<Tensor> {
  switch (definition) {
    case 'direct':
      return ledgerDirect(source, kind);
    case 'frozen-all':
      return frozenAll(chain, source, kind);
    case 'frozen-heads':
      return frozenHeads(chain, source, kind);
    case 'mediated':
      return mediated(await totalEffects(chain, source, kind), await frozenAll(chain, source, kind));
  }
}

/** Total effects: activation patching, as the study does it. [layers, heads or neurons] */
export async function totalEffects(chain: SuffixChain, source: ProbeSource, kind: Kind): Promise<Tensor> {
  const patching = await preparePatching(chain, source, [], []);
  const scores = await filled(chain, kind, async (layer, indices) => {
    return (await patchSources(patching, kind, layer, indices)).ap;
  });
  await releasePatching(patching);
  return scores;
}

/** total - direct, element by element. */
export function mediated(total: Tensor, direct: Tensor): Tensor {
  return { shape: total.shape, data: total.data.map((value, i) => value - direct.data[i]!) };
}

function ledgerDirect(source: ProbeSource, kind: Kind): Promise<Tensor> {
  const direction = directDirection(source);
  const { dModel } = source.model.config;
  return filled({ model: source.model }, kind, async (layer, indices) =>
    indices.map((index) => dot(changeOfWrite(source, kind, layer, index).data.subarray(-dModel), direction)),
  );
}

async function frozenAll(chain: SuffixChain, source: ProbeSource, kind: Kind): Promise<Tensor> {
  const end = chain.stages.length - 1;
  const final = lastRows(source.base.states[end]!, 1);
  const [base] = await metricsFrom(chain, end, stack([final]));
  return filled(chain, kind, async (layer, indices) => {
    const metrics = await metricsFrom(chain, end, patchedStreams(source, kind, layer, indices, final));
    return metrics.map((metric) => metric - base!);
  });
}

async function frozenHeads(chain: SuffixChain, source: ProbeSource, kind: Kind): Promise<Tensor> {
  const { nLayers } = chain.model.config;
  const end = chain.stages.length - 1;
  const frozen = await openFrozenHeads(chain, source, 1, nLayers);
  const [base] = await metricsFrom(chain, end, stack([frozen.pre[nLayers]!]));
  const outputs = { [METRIC]: METRIC };
  const last = await chain.step({ index: end, variant: carrying, from: preRegister(nLayers), outputs });
  const scores = await filled(chain, kind, async (layer, indices) => {
    const { feeds, steps } = await frozenPassage(frozen, kind, layer, twiceIfAlone(indices), nLayers);
    const results = await chain.run([...steps, last], feeds, [METRIC]);
    return results[METRIC]!.data.subarray(0, indices.length).map((metric) => metric - base!);
  });
  await releaseFrozenHeads(frozen);
  return scores;
}

/** Scores of every component of a kind, batch by batch: [layers, heads or neurons]. */
async function filled(
  { model }: Pick<SuffixChain, 'model'>,
  kind: Kind,
  score: (layer: number, indices: number[]) => Promise<ArrayLike<number>>,
): Promise<Tensor> {
  const count = componentsPerLayer(model.config, kind);
  const scores = zeros([model.config.nLayers, count]);
  for (let layer = 0; layer < model.config.nLayers; layer++) {
    for (const indices of batchesOf(count)) {
      scores.data.set(await score(layer, indices), layer * count + indices[0]!);
    }
  }
  return scores;
}
