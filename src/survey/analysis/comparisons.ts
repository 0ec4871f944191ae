/**
 * Which of two agrees better with exact patching, pair by pair: two methods in one direction, or one method in both. Paired
 * differences of Pearson's correlation within a pair (`stats/paired.ts`). A method without signs stands apart: its correlation is
 * with |exact|, another number.
 */
import type { MethodComparisonJson } from '../../results/survey-json.ts';
import { benjaminiHochberg } from '../../stats/multiple.ts';
import { paired } from '../../stats/paired.ts';
import type { Direction, Kind } from '../../terms.ts';
import type { Facts } from './facts.ts';

/** How well a method agrees on each pair among some. */
export interface Correlations {
  readonly method: string;
  readonly signed: boolean;
  readonly direction: Direction;
  readonly kind: Kind;
  readonly pearson: Float64Array;
}

/**
 * All comparisons, p adjusted over all of them. A pair that is an earlier one turned round is left out: it would count
 * the same runs twice.
 */
export function compareMethods(
  all: readonly Correlations[],
  facts: Facts,
  among: readonly number[],
  how: { readonly draws: number; readonly seed: number },
): MethodComparisonJson[] {
  const once = among.flatMap((pair, k) => (facts.pairs[pair]!.pair.reversed ? [] : [k]));
  const cluster = once.map((k) => facts.pairs[among[k]!]!.cluster);
  const signed = all.filter((one) => one.signed);
  const rows = signed.flatMap((first, i) =>
    signed
      .slice(i + 1)
      .filter((second) => isComparable(first, second))
      .map((second) => {
        const differences = once.map((k) => first.pearson[k]! - second.pearson[k]!);
        return {
          kind: first.kind,
          first: sideOf(first),
          second: sideOf(second),
          ...paired(differences, cluster, how),
        };
      }),
  );
  const adjusted = benjaminiHochberg(rows.map(({ p }) => p));
  return rows.map((row, i) => ({ ...row, p_adjusted: adjusted[i]! }));
}

function isComparable(a: Correlations, b: Correlations): boolean {
  return a.kind === b.kind && (a.method === b.method || a.direction === b.direction);
}

function sideOf({ method, direction }: Correlations): { method: string; direction: Direction } {
  return { method, direction };
}
