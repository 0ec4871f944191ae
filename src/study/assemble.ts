/**
 * Joins the units of a study into its result files: arrays over all layers.
 */
import { isComplete, MAX_STEPS } from '../attribution/integrated-gradients.ts';
import { overPositions } from '../attribution/method.ts';
import type { ChunkStore } from '../chunk-store.ts';
import { arrayPath } from '../effects/store.ts';
import { componentsPerLayer, type ModelShape } from '../model/config.ts';
import { joinRows, stack, type Tensor, zeros } from '../tensor/tensor.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import type { StudyOptions } from './options.ts';
import { attributionName, patchUnits } from './units.ts';
import { type Direction, DIRECTIONS, type Kind } from '../terms.ts';

export interface AssembledIg {
  /** `ig.<direction>.<kind>` [layers, n] and `.positions` [layers, pos, n]. */
  readonly scores: Map<string, Tensor>;
  readonly gaps: Record<Direction, Partial<Record<Kind, number[]>>>;
  /** Layers whose gap was still too large where `auto` stopped. */
  readonly limited: number;
}

/** Joins the layers of integrated gradients; positions before the suffix are exactly 0. `d`: D of the pair. */
export async function assembleIg(
  config: ModelShape,
  folder: StudyFolder,
  options: StudyOptions,
  length: number,
  d: number,
): Promise<AssembledIg> {
  const scores = new Map<string, Tensor>();
  const gaps: AssembledIg['gaps'] = { noising: {}, denoising: {} };
  let limited = 0;
  for (const direction of DIRECTIONS) {
    for (const kind of options.components) {
      const size = componentsPerLayer(config, kind);
      const positions = zeros([config.nLayers, length, size]);
      const sums = zeros([config.nLayers, size]);
      const layerGaps: number[] = [];
      for (let layer = 0; layer < config.nLayers; layer++) {
        const unit = await folder.load(attributionName(direction, kind, layer));
        const own = unit.get('positions') as Tensor;
        const gap = unit.get('gap')!.data[0]!;
        positions.data.set(own.data, (layer + 1) * length * size - own.data.length);
        sums.data.set(overPositions(own), layer * size);
        layerGaps.push(Math.abs(gap));
        const stopped = options.steps === 'auto' && unit.get('steps')!.data[0] === MAX_STEPS;
        if (stopped && !isComplete({ positions: own, gap }, d)) limited++;
      }
      scores.set(`ig.${direction}.${kind}.positions`, positions);
      scores.set(`ig.${direction}.${kind}`, sums);
      gaps[direction][kind] = layerGaps;
    }
  }
  return { scores, gaps, limited };
}

export interface AssembledPatching {
  /** `ap`, `gain`, `ledger` by direction and kind. */
  readonly scores: Map<string, Tensor>;
  /** Norms of the sources' own changes: `<direction>.<kind>` [layers, n]. */
  readonly own: Map<string, Tensor>;
}

/** What is kept of a layer's summaries; the lists of strongest targets are as large as all of these many times over. */
const KEPT = ['ap', 'gain', 'ledger', 'own'] as const;

/** Joins the patching units into arrays of scores, and writes the store's summaries. */
export async function assemblePatching(
  config: ModelShape,
  folder: StudyFolder,
  store: ChunkStore,
  options: StudyOptions,
): Promise<AssembledPatching> {
  const scores = new Map<string, Tensor>();
  const own = new Map<string, Tensor>();
  for (const direction of options.directions) {
    for (const kind of options.components) {
      const layers: Tensors[] = [];
      for (let layer = 0; layer < config.nLayers; layer++) {
        const merged = await layerSummaries(config, folder, direction, kind, layer);
        await writeSummaries(store, options, direction, kind, layer, merged);
        layers.push(new Map(KEPT.map((name) => [name, merged.get(name)!])));
      }
      const all = (name: (typeof KEPT)[number]) => stack(layers.map((layer) => layer.get(name) as Tensor));
      for (const name of ['ap', 'gain', 'ledger'] as const)
        scores.set(`${name}.${direction}.${kind}`, all(name));
      own.set(`${direction}.${kind}`, all('own'));
    }
  }
  return { scores, own };
}

async function layerSummaries(
  config: ModelShape,
  folder: StudyFolder,
  direction: Direction,
  kind: Kind,
  layer: number,
): Promise<Tensors> {
  const parts: Tensors[] = [];
  for (const unit of patchUnits(config, direction, kind, layer)) parts.push(await folder.load(unit.name));
  const names = [...parts[0]!.keys()];
  return new Map(names.map((name) => [name, joinRows(parts.map((part) => part.get(name)!))]));
}

async function writeSummaries(
  store: ChunkStore,
  options: StudyOptions,
  direction: Direction,
  kind: Kind,
  layer: number,
  summaries: Tensors,
): Promise<void> {
  for (const target of options.components) {
    const name = `${kind}_to_${target}`;
    const write = (what: string, at: number[]) =>
      store.writeChunk(arrayPath(direction, `${name}_${what}`), at, summaries.get(`${target}_${what}`)!.data);
    await write('by_layer', [layer, 0, 0]);
    await write('top_index', [layer, 0, 0, 0]);
    await write('top_value', [layer, 0, 0]);
  }
}
