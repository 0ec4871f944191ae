/**
 * Runs units one after the other and keeps each as it finishes. A stop between two of them loses nothing.
 */
import { throwIfCancelled } from '../errors.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import type { Done } from './phases.ts';
import type { Unit } from './units.ts';

/** Computes what the folder does not have yet. `done` is told of the size of each unit that is there. */
export async function runUnits<U extends Unit>(
  units: readonly U[],
  folder: StudyFolder,
  compute: (unit: U) => Promise<Tensors>,
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const unit of units) {
    throwIfCancelled(signal);
    if (!(await folder.has(unit.name))) await folder.save(unit.name, await compute(unit));
    await done(unit.size);
  }
}
