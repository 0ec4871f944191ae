/**
 * Where a method and exact patching disagree most: components whose difference of pooled effects stands far from that of the
 * others (`stats/outliers.ts`). Both effects are in one unit, shares of D, so only methods with signs are compared.
 */
import { maxIndex } from 'd3-array';
import type { DisagreementJson, SurveyDisagreementJson } from '../../results/survey-json.ts';
import { outliers } from '../../stats/outliers.ts';
import type { Direction, Kind } from '../../terms.ts';

/** Components listed for each method, direction and kind. */
const LISTED = 10;

export interface DisagreementRequest {
  readonly method: string;
  readonly direction: Direction;
  readonly kind: Kind;
  readonly perLayer: number;
  readonly tau: number;
  /** Pooled effects of all components: [components]. */
  readonly approximate: Float64Array;
  readonly exact: Float64Array;
}

/** The limits of the differences, how many lie outside, and those furthest out; the largest, and how many reach tau. */
export function describeDisagreement(request: DisagreementRequest): SurveyDisagreementJson {
  const { method, direction, kind, perLayer, tau, approximate, exact } = request;
  const differences = approximate.map((e, c) => e - exact[c]!);
  const { median, low, high, places, n } = outliers(differences);
  const distance = (c: number): number => Math.abs(differences[c]! - median);
  const describe = (c: number): DisagreementJson => ({
    component: [Math.floor(c / perLayer), c % perLayer],
    exact: exact[c]!,
    approximate: approximate[c]!,
    difference: differences[c]!,
  });
  const components = places
    .toSorted((a, b) => distance(b) - distance(a) || a - b)
    .slice(0, LISTED)
    .map(describe);
  const sizes = differences.map(Math.abs);
  const most = maxIndex(sizes);
  return {
    method,
    direction,
    kind,
    n,
    median,
    low,
    high,
    outliers: places.length,
    components,
    largest: n > 0 ? describe(most!) : undefined,
    reach_tau: sizes.filter((size) => size >= tau).length,
  };
}
