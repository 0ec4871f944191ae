/**
 * One method against the exact scores of the same components. Nothing is fitted and nothing is left out.
 *
 * 1. Recall at k: of the exact top k by size, the share in the method's top k (`stats/recall.ts`). Where k reaches
 *    the number of components every method would find all of them: nothing is counted there.
 * 2. Order: Spearman's rank correlation of sizes, and of signed scores; Pearson's of the scores.
 * 3. Signs: of components with |exact| >= threshold, those whose two scores have opposite signs. A score of 0 has no sign.
 * 4. Calibration: the slope of exact on approximate, through the origin.
 * 5. What is missed: at each headline k the largest exact score of the exact top k that the method's leaves out.
 *
 * A method without signs is compared with |exact| in Pearson's correlation and the slope; 2's signed order and 3 are
 * absent (NaN). A score that is NaN makes correlations and slope NaN, and stands in no top.
 */
import {
  type AuditLabel,
  type AuditComparisonJson,
  HEADLINE_AT,
  type MissedJson,
  RECALL_AT,
} from '../results/audit-json.ts';
import { pearson, spearman } from '../stats/correlation.ts';
import { bySize, type Found, foundAt, placesIn } from '../stats/recall.ts';
import { slopeThroughOrigin } from '../stats/slope.ts';

/** A method's scores beside the exact ones, of the same components in the same order. */
export interface Scored {
  readonly exact: Float32Array;
  readonly approximate: Float32Array;
  /** False where the method scores sizes alone. */
  readonly signed: boolean;
  /** Signs count from this |exact| on; NaN where D is small. */
  readonly threshold: number;
  /** Of each component. Absent where there are none. */
  readonly labels?: readonly AuditLabel[];
}

/** The numbers of a comparison, for one group of components. */
export type Compared = Omit<AuditComparisonJson, 'pair' | 'direction' | 'kind' | 'method' | 'missed'> & {
  /** Positions in place of components. */
  readonly missed: readonly (Omit<MissedJson, 'component'> & { readonly position: number })[];
};

/** All components, then those of each label that occurs. Tops are always those of all components. */
export function compareAll(scored: Scored): Compared[] {
  const tops = topsOf(scored);
  const labels = [...new Set(scored.labels)].sort();
  return [null, ...labels].map((label) => compareGroup(scored, tops, label));
}

interface Tops {
  /** Positions, largest |exact| first. */
  readonly order: Uint32Array;
  /** The method's place of every position, from 0. */
  readonly places: Float64Array;
}

function topsOf({ exact, approximate }: Scored): Tops {
  return { order: bySize(exact), places: placesIn(bySize(approximate), exact.length) };
}

function compareGroup(scored: Scored, tops: Tops, label: AuditLabel | null): Compared {
  const { exact, signed, labels } = scored;
  const isMember = (position: number) => label === null || labels![position] === label;
  const counts = RECALL_AT.map(
    (k): Found => (k < exact.length ? foundAt(tops.order, tops.places, k, isMember) : { found: 0, among: 0 }),
  );
  const values = (list: Float32Array) => (label === null ? list : list.filter((_, i) => isMember(i)));
  const [own, other] = [values(exact), values(scored.approximate)];
  const sizes = own.map(Math.abs);
  const compared = signed ? own : sizes;
  return {
    label,
    count: own.length,
    among: counts.map(({ among }) => among),
    found: counts.map(({ found }) => found),
    spearman_size: spearman(sizes, other.map(Math.abs)),
    spearman_signed: signed ? spearman(own, other) : Number.NaN,
    pearson: pearson(compared, other),
    ...signsOf(own, other, scored),
    slope: slopeThroughOrigin(other, compared),
    missed: HEADLINE_AT.flatMap((k) => missedAt(scored, tops, k, isMember)),
  };
}

function signsOf(
  own: Float32Array,
  other: Float32Array,
  { signed, threshold }: Scored,
): Pick<Compared, 'signs_wrong' | 'signs_of'> {
  if (!signed || Number.isNaN(threshold)) return { signs_wrong: Number.NaN, signs_of: Number.NaN };
  let [wrong, all] = [0, 0];
  own.forEach((value, i) => {
    if (!(Math.abs(value) >= threshold)) return;
    all++;
    if (isSignError(value, other[i]!)) wrong++;
  });
  return { signs_wrong: wrong, signs_of: all };
}

/** Whether two scores have opposite signs. */
function isSignError(exact: number, approximate: number): boolean {
  return Math.sign(exact) * Math.sign(approximate) < 0;
}

function missedAt(
  { exact, approximate, labels }: Scored,
  { order, places }: Tops,
  k: number,
  isMember: (position: number) => boolean,
): Compared['missed'] {
  if (k >= exact.length) return [];
  const position = order.subarray(0, k).find((at) => isMember(at) && places[at]! >= k);
  if (position === undefined) return [];
  const place = places[position]!;
  return [
    {
      k,
      position,
      label: labels?.[position] ?? null,
      exact: exact[position]!,
      approximate: approximate[position]!,
      place: Number.isFinite(place) ? place + 1 : null,
    },
  ];
}
