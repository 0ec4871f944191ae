/**
 * How a caller follows and stops a study, and what it gets at the end.
 */
import type { StudyJson } from '../results/study-json.ts';
import type { Lint } from '../tasks/lint.ts';
import type { Progress } from './phases.ts';

export interface StudyHandlers {
  /** Stops at the next batch; what is complete is kept. Rejects with CancelledError. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onWarning?: (warning: Lint) => void;
}

/** A finished study. */
export interface Study {
  readonly folder: string;
  readonly page: string;
  readonly json: StudyJson;
  /** True where the folder already held all of it. */
  readonly wasComplete: boolean;
}
