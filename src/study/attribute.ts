/**
 * The attribution phase: integrated gradients of a layer, kind and direction.
 */
import {
  type LayerScores,
  layerIntegratedGradients,
  refinedScores,
} from '../attribution/integrated-gradients.ts';
import { baseAndOther, type PairRuns } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Tensors } from './folder.ts';
import { DEFAULT_STEPS, type StudyOptions } from './options.ts';
import type { AttributionUnit } from './units.ts';

/** One layer of one kind and direction. */
export async function attributeUnit(
  chain: SuffixChain,
  runs: PairRuns,
  { direction, kind, layer }: AttributionUnit,
  { steps, rows }: StudyOptions,
): Promise<Tensors> {
  const { base, other } = baseAndOther(runs, direction);
  const run = (points: number) => layerIntegratedGradients(chain, layer, kind, base, other, points, rows);
  const d = runs.clean.metric - runs.corrupted.metric;
  return stored(steps === 'auto' ? await refinedScores(run, DEFAULT_STEPS, d) : await run(steps));
}

function stored(scores: LayerScores): Tensors {
  return new Map([
    ['positions', scores.positions],
    ['gap', tensor(Float32Array.of(scores.gap), [1])],
    ['steps', tensor(Float32Array.of(scores.steps), [1])],
  ]);
}
