/**
 * Runs units in their order and keeps each as it finishes. While one is reduced and written, the engine runs the next.
 * A stop between two of them loses nothing.
 */
import { throwIfCancelled } from '../errors.ts';
import { oneAhead } from '../patch/one-ahead.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import type { Done } from './phases.ts';
import type { Unit } from './units.ts';

/** How the units of a phase are computed. */
export interface UnitWork<U, Seen> {
  /** What the engine makes of a unit. */
  readonly begin: (unit: U) => Promise<Seen>;
  /** What the unit's file holds; whatever else belongs to the unit is in place by then. */
  readonly finish: (unit: U, seen: Seen) => Promise<Tensors> | Tensors;
}

/** Computes what the folder does not have yet. `done` is told of the size of each unit that is there. */
export async function runUnits<U extends Unit, Seen>(
  units: readonly U[],
  folder: StudyFolder,
  { begin, finish }: UnitWork<U, Seen>,
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  const missing: U[] = [];
  for (const unit of units) {
    throwIfCancelled(signal);
    if (await folder.has(unit.name)) await done(unit.size);
    else missing.push(unit);
  }
  const keep = async (unit: U, seen: Seen) => {
    await folder.save(unit.name, await finish(unit, seen));
    await done(unit.size);
  };
  await oneAhead(missing, { begin, finish: keep }, signal);
}
