/**
 * Runs units in their order and keeps each as it finishes. While one is reduced and written, the engine runs the next.
 * A stop between two of them loses nothing.
 */
import { throwIfCancelled } from '../errors.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import type { Done } from './phases.ts';
import type { Unit } from './units.ts';

/** Units that the engine has before it while an earlier one is finished. */
const AHEAD = 1;

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
  const begun: { readonly unit: U; readonly seen: Promise<Seen> }[] = [];
  const finishOne = async () => {
    const { unit, seen } = begun[0]!;
    const given = await seen;
    begun.shift();
    await folder.save(unit.name, await finish(unit, given));
    await done(unit.size);
  };
  try {
    for (const unit of units) {
      throwIfCancelled(signal);
      if (await folder.has(unit.name)) {
        await done(unit.size);
        continue;
      }
      begun.push({ unit, seen: begin(unit) });
      if (begun.length > AHEAD) await finishOne();
    }
    while (begun.length > 0) await finishOne();
  } finally {
    // The engine is left idle, and no failure unheard.
    await Promise.allSettled(begun.map(({ seen }) => seen));
  }
}
