/**
 * The exact effects that `through` is compared with: `via` of every head by every head of a later layer
 * (docs/definitions.md). The runs are those of a study's mediation, without the half that only interaction needs.
 */
import type { PairMeasure } from '../mediation/pairs.ts';
import type { ModelShape } from '../model/config.ts';
import type { OpenPair } from '../patch/open-pair.ts';
import { assembleVia } from '../study/assemble-mediation.ts';
import type { StudyFolder } from '../study/folder.ts';
import { mediateAll } from '../study/mediate.ts';
import type { StudyOptions } from '../study/options.ts';
import type { Done } from '../study/phases.ts';
import { type MediationUnit, mediationUnits } from '../study/units.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Direction } from '../terms.ts';
import { type AuditOptions, THROUGH } from './options.ts';

/** All that is measured of a pair of heads. */
export const VIA: readonly PairMeasure[] = ['via'];

/** Of which pairs: as a study is asked. */
export function mediated({
  directions,
}: Pick<AuditOptions, 'directions'>): Pick<StudyOptions, 'mediation' | 'directions'> {
  return { mediation: 'heads', directions };
}

/** `via` by direction: [layers, heads, layers, heads]. */
export type Via = ReadonlyMap<Direction, Tensor>;

type Asked = Pick<AuditOptions, 'methods' | 'directions'>;

/** The units of the pair with this number; none where `through` is not compared. */
export function viaUnits(shape: ModelShape, pair: number, options: Asked): MediationUnit[] {
  if (!options.methods.includes(THROUGH.name)) return [];
  const units = mediationUnits(shape, mediated(options), VIA);
  return units.map((unit) => ({ ...unit, name: `${pair}.${unit.name}` }));
}

export interface ViaWork {
  readonly folder: StudyFolder;
  readonly directions: readonly Direction[];
  /** Runs of one batch at most. */
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
}

/** Runs what the folder does not have yet. */
export async function runVia(
  { folder, directions, batch, signal }: ViaWork,
  { chain, runs, metric }: OpenPair,
  units: readonly MediationUnit[],
  done: Done,
): Promise<void> {
  const options = { ...mediated({ directions }), batch };
  await mediateAll({ chain, runs, metric, folder, options, measures: VIA }, units, done, signal);
  await chain.release();
}

/** Reads back what `runVia` kept; nothing where `through` is not compared. */
export async function readVia(
  shape: ModelShape,
  folder: StudyFolder,
  pair: number,
  options: Asked,
): Promise<Via> {
  const via = new Map<Direction, Tensor>();
  if (!options.methods.includes(THROUGH.name)) return via;
  for (const direction of options.directions) {
    const units = viaUnits(shape, pair, { ...options, directions: [direction] });
    via.set(direction, await assembleVia(shape, folder, units));
  }
  return via;
}
