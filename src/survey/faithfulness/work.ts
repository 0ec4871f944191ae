/**
 * What the steps of a run hand on.
 */
import type { EdgeGraph } from '../../attribution/edges/edge-graph.ts';
import type { Model } from '../../patch/model.ts';
import type { Identity, StudyFolder } from '../../study/folder.ts';
import type { Phases } from '../../study/phases.ts';
import type { DataSet } from '../../tasks/item.ts';
import type { FaithfulnessOptions } from './options.ts';
import type { Split } from './split.ts';

export interface FaithfulnessWork {
  readonly model: Model;
  readonly data: DataSet;
  readonly options: FaithfulnessOptions;
  readonly graph: EdgeGraph;
  readonly split: Split;
  readonly folder: StudyFolder;
  readonly identity: Identity;
  readonly phases: Phases;
  readonly signal: AbortSignal | undefined;
}

/** Scores by the name of their plan, higher is better: [nodes, receivers] or [nodes]. */
export type ScoresByName = ReadonlyMap<string, ArrayLike<number>>;
