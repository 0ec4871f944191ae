/**
 * How long work takes on a machine: seconds for each piece that a study repeats. They are measured (`measure.ts`), or
 * assumed where a study is too small to be worth it.
 */
import type { ModelConfig } from '../../model/config.ts';
import type { Kind } from '../../terms.ts';

/**
 * Programs of one kind. What starts in the last layer has a time of its own; from the layer before it on, time goes
 * with FLOP, and each block further adds its own.
 */
export interface ProgramRates {
  /** Seconds for one row that starts in the last layer. */
  readonly last: number;
  /** Seconds for each FLOP of what starts in the layer before. */
  readonly second: number;
  /** Seconds for each FLOP of every block further. */
  readonly block: number;
}

export interface Rates {
  readonly source: 'measured' | 'assumed';
  readonly patching: Readonly<Record<Kind, ProgramRates>>;
  readonly attribution: Readonly<Record<Kind, ProgramRates>>;
  /** Seconds for each byte of the blocks' matrices: both runs with their sessions. */
  readonly bothRuns: number;
  /** Sessions of integrated gradients. */
  readonly attributionSessions: number;
  /** Sessions of patching. */
  readonly patchingSessions: number;
  /** What each direction of patching begins with. */
  readonly direction: number;
}

const cautious: ProgramRates = { last: 5e-4, second: 1 / 10e9, block: 1 / 30e9 };

/** A slow machine of two cores; used where all the work is a few seconds. */
export const ASSUMED: Rates = {
  source: 'assumed',
  patching: { heads: cautious, neurons: cautious },
  attribution: { heads: cautious, neurons: cautious },
  bothRuns: 2e-8,
  attributionSessions: 2e-8,
  patchingSessions: 1e-8,
  direction: 1e-8,
};

/** Seconds of `rows` rows from a layer; `flopOf` gives their FLOP together. */
export function programSeconds(
  rates: ProgramRates,
  { nLayers }: Pick<ModelConfig, 'nLayers'>,
  layer: number,
  rows: number,
  flopOf: (layer: number) => number,
): number {
  if (layer >= nLayers - 1) return rows * rates.last;
  const second = flopOf(nLayers - 2);
  return rates.second * second + rates.block * (flopOf(layer) - second);
}
