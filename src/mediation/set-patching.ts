/**
 * Activation patching of whole sets, of any layers, many sets of one pair in a batch.
 *
 *   F(run in which every component of the set has its value of the other run at all positions)
 *
 * 1. In every stage the values of a set's members are replaced as recorded, whatever earlier members do.
 * 2. Each row of a batch has a set of its own: a mask for each stage says which members it replaces.
 *
 * A set of one gives F(base run) + AP of that component. `ablate` does the same for one set, with values of all kinds.
 */
import { edit } from '../compile/edit.ts';
import type { ProbeSource } from '../effects/measures.ts';
import { throwIfCancelled } from '../errors.ts';
import { componentsPerLayer } from '../model/config.ts';
import { type BlockHook, blockSite } from '../model/sites.ts';
import { evenParts, twiceIfAlone } from '../patch/batches.ts';
import { forwardSteps, type SpecialStage } from '../patch/forward-runs.ts';
import { METRIC } from '../patch/metric-graph.ts';
import { stateAt } from '../patch/round-trip.ts';
import type { SuffixChain, Variant } from '../patch/suffix.ts';
import { carrying } from '../patch/variants.ts';
import { batched, lastRows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import type { Kind } from '../terms.ts';

/** Members by their place in [layers, heads or neurons], flat. */
export type FlatSet = readonly number[];

/** Rows of a batch. */
const BATCH = 64;
/** Inputs of a replacing stage: 1 where a row's set has the member; what members get. */
const [MEMBERS, RECORDED] = ['members', 'recorded'] as const;
/** Registers of what members get: gone when the work on the model ends, however that comes. */
const KEPT = 'patch.recorded.';
const HOOKS = { heads: 'attn.hook_z', neurons: 'mlp.hook_post' } as const satisfies Record<Kind, BlockHook>;

/** F of each set of one kind, patched in the base run of `source`. */
export async function metricsOfSets(
  chain: SuffixChain,
  source: ProbeSource,
  kind: Kind,
  sets: readonly FlatSet[],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const metrics = new Float64Array(sets.length);
  const special = await recordedStages(chain, source, kind);
  const steps = await forwardSteps(chain, 0, special);
  let done = 0;
  for (const part of evenParts(sets, BATCH)) {
    throwIfCancelled(signal);
    const rows = twiceIfAlone(part);
    const start = source.base.states[0]!;
    const feeds = { [stateAt(0)]: stack(rows.map(() => start)), ...masksOf(chain, kind, rows) };
    const found = (await chain.run(steps, feeds, [METRIC]))[METRIC]!.data;
    metrics.set(found.subarray(0, part.length), done);
    done += part.length;
  }
  await chain.model.engine.drop(KEPT);
  return metrics;
}

/** Gives the engine the values of the other run, and says how the stages of the kind run. */
async function recordedStages(
  chain: SuffixChain,
  { other }: ProbeSource,
  kind: Kind,
): Promise<Map<number, SpecialStage>> {
  const values = kind === 'heads' ? other.z : other.post;
  const special = new Map<number, SpecialStage>();
  const recorded: Record<string, Tensor> = {};
  values.forEach((value, layer) => {
    const index = chain.indexOf(kind === 'heads' ? 'attn' : 'mlp', layer);
    const register = `${KEPT}${layer}`;
    // In the last layer only the last token counts.
    recorded[register] = batched(lastRows(value, chain.positionsAt(index + 1)));
    const inputs = { [MEMBERS]: maskRegister(layer), [RECORDED]: register };
    special.set(index, { variant: REPLACING[kind], inputs });
  });
  await chain.model.engine.put(recorded);
  return special;
}

const maskRegister = (layer: number): string => `${MEMBERS}.${layer}`;

/** For each layer which members each row replaces: [batch, 1, heads, 1] or [batch, 1, neurons]. */
function masksOf(chain: SuffixChain, kind: Kind, sets: readonly FlatSet[]): Record<string, Tensor> {
  const { config } = chain.model;
  const size = componentsPerLayer(config, kind);
  const shape = [sets.length, 1, size, ...(kind === 'heads' ? [1] : [])];
  const masks = Array.from({ length: config.nLayers }, () => zeros(shape));
  sets.forEach((set, row) => {
    for (const member of set) masks[Math.floor(member / size)]!.data[row * size + (member % size)] = 1;
  });
  return Object.fromEntries(masks.map((mask, layer) => [maskRegister(layer), mask]));
}

const REPLACING: Readonly<Record<Kind, Variant>> = {
  heads: replacing('heads'),
  neurons: replacing('neurons'),
};

function replacing(kind: Kind): Variant {
  return {
    key: `replacing ${kind}`,
    arena: true,
    build: (graph, stage) => {
      if (!('layer' in stage)) throw new RangeError(`expected a stage of a block, got ${stage.kind}`);
      const edited = edit(graph, blockSite(stage.layer, HOOKS[kind]), (b, own) => {
        const [, positions, count, ...width] = b.dims(own);
        const mask = b.input(MEMBERS, ['batch', 1, count!, ...width.map(() => 1)]);
        return b.where(mask, b.input(RECORDED, [1, positions!, count!, ...width]), own);
      });
      return carrying.build(edited, stage);
    },
  };
}
