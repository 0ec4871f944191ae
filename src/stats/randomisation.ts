/**
 * The randomisation rank: where an observed group stands among matched sets of controls.
 *
 * A matched set holds one control for each member of the group, drawn independently from that member's pool: a control
 * that two pools share may serve twice. If the pools allow at most `draws` different choices, every one is taken
 * exactly once; otherwise `draws` seeded choices are. Compared are the means.
 *
 * On one pair it is no p-value: nothing here says how another pair would turn out. Over many pairs see
 * `survey/analysis/stand-ins.ts`.
 */
import { seededRandom } from './random.ts';

/** Matched sets that are drawn where there are more choices than this. */
export const MATCHED_SETS = 10_000;

/** Sums nearer than this (relative) count as equal: the same numbers added in another order. */
const EQUAL_TOLERANCE = 1e-12;

export interface RandomisationRank {
  /** N: how many matched sets the group was compared with. */
  readonly sets: number;
  /** Whether these are all the sets that the pools allow. */
  readonly exhaustive: boolean;
  /** Sets whose mean is above the group's. */
  readonly exceededBy: number;
  /** Sets whose mean is below the group's. The group's rank from the top, as a fraction: (1 + N - exceeds) / (N + 1). */
  readonly exceeds: number;
  /** 1 / (N + 1): the rank of a group that exceeds every set. No data could give a smaller one. */
  readonly smallestRank: number;
}

/**
 * Ranks the mean of `group` [m] among the means of matched sets from `pools` [m], none of them empty.
 * Throws RangeError for an empty group or pool, or where the two differ in number.
 */
export function randomisationRank(
  group: ArrayLike<number>,
  pools: readonly ArrayLike<number>[],
  seed: number,
  draws: number = MATCHED_SETS,
): RandomisationRank {
  if (group.length === 0 || pools.length !== group.length || pools.some((pool) => pool.length === 0)) {
    throw new RangeError(
      'expected one pool of at least one control for each member of a group that is not empty',
    );
  }
  const choices = pools.reduce((product, pool) => product * pool.length, 1);
  const exhaustive = choices <= draws;
  const sums = exhaustive ? everySum(pools, choices) : drawnSums(pools, seed, draws);
  const observed = sum(group);
  const tolerance = EQUAL_TOLERANCE * Math.max(1, Math.abs(observed));
  let [exceeds, exceededBy] = [0, 0];
  for (const other of sums) {
    if (observed - other > tolerance) exceeds++;
    else if (other - observed > tolerance) exceededBy++;
  }
  return { sets: sums.length, exhaustive, exceeds, exceededBy, smallestRank: 1 / (sums.length + 1) };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

/** The sum of every possible set: a counter whose i-th digit runs over pool i. */
function everySum(pools: readonly ArrayLike<number>[], choices: number): Float64Array {
  const digits = new Int32Array(pools.length);
  const sums = new Float64Array(choices);
  for (let c = 0; c < choices; c++) {
    sums[c] = pools.reduce((total, pool, i) => total + pool[digits[i]!]!, 0);
    for (let i = 0; i < digits.length; i++) {
      digits[i]!++;
      if (digits[i]! < pools[i]!.length) break;
      digits[i] = 0;
    }
  }
  return sums;
}

/** The sums of random sets. Pool by pool: each then stays in the processor's cache. */
function drawnSums(pools: readonly ArrayLike<number>[], seed: number, draws: number): Float64Array {
  const random = seededRandom(seed);
  const sums = new Float64Array(draws);
  for (const pool of pools) {
    for (let d = 0; d < draws; d++) sums[d]! += pool[random.below(pool.length)]!;
  }
  return sums;
}
