/**
 * Bytes that a study writes: exact for arrays. Metadata (headers, zarr.json) and figures are apart, as their texts vary.
 */
import { matrixName } from '../../effects/store.ts';
import { TOP } from '../../effects/strongest.ts';
import { layersKept } from '../../effects/unit.ts';
import { PAIR_MEASURES, type PairMeasure } from '../../mediation/pairs.ts';
import { componentsPerLayer, type ModelConfig } from '../../model/config.ts';
import { DIRECTIONS, type Kind } from '../../terms.ts';
import { planEffects } from '../effects-plan.ts';
import type { StudyOptions } from '../options.ts';
import { mediatedOf } from '../mediation-option.ts';
import { mediatedSize, mediationUnits, ofPhase, PATCHING, unitsOf } from '../units.ts';
import type { Extent } from './flop.ts';

const VALUE_BYTES = 4;
/** Parts of the ledger: own direct, by heads, by neurons, norm. */
const LEDGER_PARTS = 4;
/** SVG, PNG and page: 2 to 5 MB measured. */
export const PAGE_BYTES = 5e6;

export interface Written {
  readonly files: number;
  readonly bytes: number;
}

export interface MediationDisk {
  /** Units in `.work`. */
  readonly work: Written;
  /** Arrays of mediation.safetensors. */
  readonly file: number;
}

export interface DiskPlan {
  /** Chunks of effects.zarr: those of unreachable layers are not there. */
  readonly effects: number;
  readonly effectFiles: number;
  /** Arrays of scores.safetensors. */
  readonly scores: number;
  /** Units in `.work`, which goes when the study ends. */
  readonly attributionWork: Written;
  readonly patchingWork: Written;
  readonly mediation: MediationDisk;
  readonly page: number;
}

export function diskPlan(config: ModelConfig, extent: Extent, options: StudyOptions): DiskPlan {
  return {
    ...effects(config, options),
    scores: scoreBytes(config, extent, options),
    attributionWork: attributionWork(config, extent, options),
    patchingWork: patchingWork(config, options),
    mediation: mediationDisk(config, options, PAIR_MEASURES),
    page: options.figures ? PAGE_BYTES : 0,
  };
}

/** Pairs of a source layer and a target layer whose chunk is written. */
function layerPairs(nLayers: number, source: Kind, target: Kind): number {
  let pairs = 0;
  for (let layer = 0; layer < nLayers; layer++)
    pairs += layersKept({ kind: source, layer }, target, nLayers).length;
  return pairs;
}

function effects(config: ModelConfig, options: StudyOptions): { effects: number; effectFiles: number } {
  const pairs = new Map<string, number>();
  for (const source of options.components)
    for (const target of options.components)
      for (const measure of ['change', ...options.measures] as const)
        pairs.set(matrixName(source, target, measure), layerPairs(config.nLayers, source, target));
  let bytes = 0;
  let files = 0;
  for (const { name, shape, chunks } of planEffects(config, options, '').arrays) {
    const sources = Math.ceil(shape[1]! / chunks[1]!);
    // A summary has one chunk for each source layer.
    const count = sources * (pairs.get(name) ?? config.nLayers);
    files += count;
    bytes += count * VALUE_BYTES * chunks.reduce((product, size) => product * size, 1);
  }
  const directions = options.directions.length;
  return { effects: directions * bytes, effectFiles: directions * files };
}

function scoreBytes(config: ModelConfig, { length }: Extent, options: StudyOptions): number {
  const { nLayers, vocabulary } = config;
  const directions = options.directions.length;
  const asymmetry = options.asPublished ? 0 : 1;
  let floats = 2 * vocabulary;
  for (const kind of options.components) {
    const all = nLayers * componentsPerLayer(config, kind);
    const attribution = DIRECTIONS.length * (1 + length) + asymmetry;
    // AP, gain and ledger; asymmetry of AP where both directions are there.
    const patching = directions * (2 + LEDGER_PARTS) + (directions === DIRECTIONS.length ? asymmetry : 0);
    floats += all * (attribution + patching);
  }
  return VALUE_BYTES * floats;
}

/** Scores by position, gap and number of points of each layer. */
function attributionWork(
  config: ModelConfig,
  { length, first }: Extent,
  { components }: StudyOptions,
): Written {
  const units = DIRECTIONS.length * config.nLayers;
  const floats = components.reduce((sum, kind) => {
    const size = componentsPerLayer(config, kind);
    return sum + units * ((length - first) * size + 2);
  }, 0);
  return { files: units * components.length, bytes: VALUE_BYTES * floats };
}

/** AP, own change, gain, ledger; for each kind of target means by layer, and the strongest with layer and index. */
function patchingWork(config: ModelConfig, options: StudyOptions): Written {
  const units = ofPhase(unitsOf(config, options), PATCHING);
  const perSource = 3 + LEDGER_PARTS + options.components.length * (config.nLayers + 3 * TOP);
  const sources = units.reduce((sum, { indices }) => sum + indices.length, 0);
  return { files: units.length, bytes: VALUE_BYTES * sources * perSource };
}

/** What measures of all pairs take. */
export function mediationDisk(
  config: ModelConfig,
  options: Pick<StudyOptions, 'mediation' | 'directions'>,
  measures: readonly PairMeasure[],
): MediationDisk {
  const { length } = measures;
  const units = mediationUnits(config, options, measures);
  // AP of the first components; each measure of all pairs.
  const floats = units.reduce((sum, { first, second }) => {
    const [firsts, seconds] = [first, second].map(({ kind }) => mediatedSize(config, options, kind));
    return sum + firsts! * (1 + length * seconds!);
  }, 0);
  const work = { files: units.length, bytes: Math.round(VALUE_BYTES * floats) };
  return { work, file: mediationBytes(config, options, length) };
}

/** All heads in each measure and direction; with neurons the list of components, and all of them too. */
function mediationBytes(
  { nLayers, nHeads }: ModelConfig,
  { mediation, directions }: Pick<StudyOptions, 'mediation' | 'directions'>,
  measures: number,
): number {
  const { heads, neurons } = mediatedOf(mediation);
  if (!heads) return 0;
  const ofHeads = nLayers * nHeads;
  const all = neurons > 0 ? ofHeads + neurons : 0;
  return VALUE_BYTES * (measures * directions.length * (ofHeads ** 2 + all ** 2) + 3 * all);
}
