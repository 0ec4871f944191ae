/**
 * The attribution phase: integrated gradients of every layer, kind and direction, one file each.
 */
import {
  type LayerScores,
  layerIntegratedGradients,
  refinedScores,
} from '../attribution/integrated-gradients.ts';
import { throwIfCancelled } from '../errors.ts';
import type { Run } from '../patch/pair-runs.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { StudyFolder } from './folder.ts';
import { DEFAULT_STEPS, type StudyOptions } from './options.ts';
import { type Direction, DIRECTIONS, type Kind } from '../terms.ts';

/** Both runs of a pair. */
export interface PairRuns {
  readonly clean: Run;
  readonly corrupted: Run;
}

/** The edited run, and the one that gives the values. */
export function baseAndOther(runs: PairRuns, direction: Direction): { base: Run; other: Run } {
  return direction === 'noising'
    ? { base: runs.clean, other: runs.corrupted }
    : { base: runs.corrupted, other: runs.clean };
}

export function igUnit(direction: Direction, kind: Kind, layer: number): string {
  return `ig.${direction}.${kind}.${layer}`;
}

/** Computes what the folder does not have yet, always in both directions. `done` is told of each finished layer. */
export async function attribute(
  chain: SuffixChain,
  runs: PairRuns,
  folder: StudyFolder,
  options: StudyOptions,
  done: (count: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const d = runs.clean.metric - runs.corrupted.metric;
  for (const direction of DIRECTIONS) {
    const { base, other } = baseAndOther(runs, direction);
    for (const kind of options.components) {
      for (let layer = 0; layer < chain.model.config.nLayers; layer++) {
        throwIfCancelled(signal);
        const unit = igUnit(direction, kind, layer);
        if (!(await folder.has(unit))) {
          const run = (steps: number) =>
            layerIntegratedGradients(chain, layer, kind, base, other, steps, options.rows);
          const scores =
            options.steps === 'auto' ? await refinedScores(run, DEFAULT_STEPS, d) : await run(options.steps);
          await folder.save(unit, stored(scores));
        }
        done(1);
      }
    }
  }
}

function stored(scores: LayerScores): Map<string, Tensor> {
  return new Map([
    ['positions', scores.positions],
    ['gap', tensor(Float32Array.of(scores.gap), [1])],
    ['steps', tensor(Float32Array.of(scores.steps), [1])],
  ]);
}
