/**
 * What set ablations can be asked to do.
 */
import { MAX_SEED } from '../../study/options.ts';
import { checkWhole } from '../checked.ts';

export interface SetAblationOptions {
  /** Random sets of each rule that a set is compared with. */
  readonly random: number;
  /** Pairs on which all heads are patched again while the labelled ones are ablated; 0 for none. */
  readonly takeover: number;
  /** Of random sets. */
  readonly seed: number;
  readonly figures: boolean;
  /** What reproduces it, for the record. */
  readonly command: string | undefined;
}

export const SET_ABLATION_DEFAULTS: SetAblationOptions = {
  random: 10,
  takeover: 8,
  seed: 0,
  figures: true,
  command: undefined,
};

/** More random sets than anybody waits for. */
export const MAX_RANDOM_SETS = 10_000;

/** Fills in defaults. Throws InputError for values out of range. */
export function resolveSetAblationOptions(given: Partial<SetAblationOptions>): SetAblationOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: SetAblationOptions = { ...SET_ABLATION_DEFAULTS, ...set };
  const { random, takeover, seed } = options;
  checkWhole('random', random, 1, MAX_RANDOM_SETS);
  checkWhole('takeover', takeover, 0);
  checkWhole('seed', seed, 0, MAX_SEED);
  return options;
}
