/**
 * The units of work of a study: one layer of integrated gradients, or up to 64 sources to patch. They follow from the
 * model's shape and the options alone, never from what remains. A unit's file says that all of it is there.
 */
import { CHUNK_SOURCES } from '../effects/store.ts';
import type { Sources } from '../effects/unit.ts';
import { PAIR_MEASURES, type PairMeasure } from '../mediation/pairs.ts';
import { componentsPerLayer, type ModelShape } from '../model/config.ts';
import { type Direction, DIRECTIONS, type Kind } from '../terms.ts';
import { mediatedOf } from './mediation-option.ts';
import { DEFAULT_STEPS, type StudyOptions } from './options.ts';

export const ATTRIBUTION = 'integrated gradients';
export const PATCHING = 'patching';
export const MEDIATION = 'mediation';
/** The file, beside those of units, that holds the logits of both runs. */
export const LOGITS = 'logits';

/** What units of every phase have. */
interface Work<Phase extends string> {
  /** The name of its file. */
  readonly name: string;
  readonly phase: Phase;
  /** How much work it is, compared with others. */
  readonly weight: number;
  /** How much of its phase's progress it makes. */
  readonly size: number;
}

/** One layer of integrated gradients. */
export interface AttributionUnit extends Work<typeof ATTRIBUTION> {
  readonly direction: Direction;
  readonly kind: Kind;
  readonly layer: number;
}

/** Sources to patch, all of one layer. */
export interface PatchUnit extends Work<typeof PATCHING>, Sources {
  readonly direction: Direction;
  /** Number of the chunk of sources within the layer. */
  readonly chunk: number;
}

/** Components of one layer and kind. */
export interface Group {
  readonly kind: Kind;
  readonly layer: number;
}

/** All pairs of two groups of components, the second at the same place or behind the first. */
export interface MediationUnit extends Work<typeof MEDIATION> {
  readonly direction: Direction;
  readonly first: Group;
  readonly second: Group;
}

export type Unit = AttributionUnit | PatchUnit | MediationUnit;

/** All units of a study, in the order in which they run. */
export function unitsOf(shape: ModelShape, options: StudyOptions): Unit[] {
  const { components, directions } = options;
  const layers = Array.from({ length: shape.nLayers }, (_, layer) => layer);
  return [
    // Both directions of a layer use the same sessions. Integrated gradients always run in both.
    ...components.flatMap((kind) =>
      layers.flatMap((layer) =>
        DIRECTIONS.map((direction) => attributionUnit(shape, options, direction, kind, layer)),
      ),
    ),
    ...components.flatMap((kind) =>
      directions.flatMap((direction) => layers.flatMap((layer) => patchUnits(shape, direction, kind, layer))),
    ),
    ...mediationUnits(shape, options, PAIR_MEASURES),
  ];
}

/** Those of one phase. */
export function ofPhase<P extends Unit['phase']>(
  units: readonly Unit[],
  phase: P,
): Extract<Unit, { phase: P }>[] {
  return units.filter((unit): unit is Extract<Unit, { phase: P }> => unit.phase === phase);
}

/** The name of a layer's unit of integrated gradients. */
export function attributionName(direction: Direction, kind: Kind, layer: number): string {
  return `ig.${direction}.${kind}.${layer}`;
}

function attributionUnit(
  shape: ModelShape,
  { steps }: StudyOptions,
  direction: Direction,
  kind: Kind,
  layer: number,
): AttributionUnit {
  const points = steps === 'auto' ? DEFAULT_STEPS : steps;
  const weight = weightOf(shape, kind, layer, points);
  const name = attributionName(direction, kind, layer);
  return { name, phase: ATTRIBUTION, weight, size: 1, direction, kind, layer };
}

/** The patching units of one layer, in order of their chunks. */
export function patchUnits(shape: ModelShape, direction: Direction, kind: Kind, layer: number): PatchUnit[] {
  const count = componentsPerLayer(shape, kind);
  const length = kind === 'heads' ? count : CHUNK_SOURCES;
  return Array.from({ length: Math.ceil(count / length) }, (_, chunk) => {
    const size = Math.min(length, count - chunk * length);
    return {
      name: `patch.${direction}.${kind}.${layer}.${chunk}`,
      phase: PATCHING,
      weight: weightOf(shape, kind, layer, size),
      size,
      direction,
      kind,
      layer,
      chunk,
      indices: Array.from({ length: size }, (_, i) => chunk * length + i),
    };
  });
}

/** The groups of which pairs are made, in the order of computation. */
export function mediatedGroups(shape: ModelShape, options: Pick<StudyOptions, 'mediation'>): Group[] {
  const { heads, neurons } = mediatedOf(options.mediation);
  const kinds: Kind[] = neurons > 0 ? ['heads', 'neurons'] : heads ? ['heads'] : [];
  return Array.from({ length: shape.nLayers }, (_, layer) => kinds.map((kind) => ({ kind, layer }))).flat();
}

/**
 * The units of all pairs, by direction: a first group's one after the other, as they share its runs. Pairs within one
 * group have a joint effect alone.
 */
export function mediationUnits(
  shape: ModelShape,
  options: Pick<StudyOptions, 'mediation' | 'directions'>,
  measures: readonly PairMeasure[],
): MediationUnit[] {
  const groups = mediatedGroups(shape, options);
  const own = measures.includes('joint') ? 0 : 1;
  const all = groups.flatMap((first, i) => groups.slice(i + own).map((second) => ({ first, second })));
  return options.directions.flatMap((direction) =>
    all.map(({ first, second }): MediationUnit => {
      const size = mediatedRuns(shape, options, first, second, measures);
      return {
        name: mediationName(direction, first, second),
        phase: MEDIATION,
        weight: weightOf(shape, second.kind, second.layer, size),
        size,
        direction,
        first,
        second,
      };
    }),
  );
}

/** The name of the unit of two groups. */
function mediationName(direction: Direction, first: Group, second: Group): string {
  return `mediation.${direction}.${first.kind}.${first.layer}.${second.kind}.${second.layer}`;
}

/** Components of a group: all heads of a layer, or the expected number of its neurons. */
export function mediatedSize(
  { nHeads, nLayers }: ModelShape,
  { mediation }: Pick<StudyOptions, 'mediation'>,
  kind: Kind,
): number {
  return kind === 'heads' ? nHeads : mediatedOf(mediation).neurons / nLayers;
}

/** Runs of a unit: one for each measure of each pair of different groups. Of neurons the expected number, as if spread evenly. */
function mediatedRuns(
  shape: ModelShape,
  options: Pick<StudyOptions, 'mediation'>,
  first: Group,
  second: Group,
  measures: readonly PairMeasure[],
): number {
  const [firsts, seconds] = [first, second].map(({ kind }) => mediatedSize(shape, options, kind)) as [
    number,
    number,
  ];
  const isSame = first.kind === second.kind && first.layer === second.layer;
  return isSame ? Math.max(0, (firsts * (firsts - 1)) / 2) : measures.length * firsts * seconds;
}

/** Runs times the stages (attention or MLP of a block, unembedding) that each goes through. */
function weightOf({ nLayers }: ModelShape, kind: Kind, layer: number, runs: number): number {
  const stages = 2 * nLayers + 1;
  const start = 2 * layer + (kind === 'heads' ? 1 : 2);
  return runs * (stages - start);
}
