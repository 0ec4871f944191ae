/**
 * Comparisons of an audit taken together: over its pairs and directions, for one kind and method, and one label or all.
 * Recalls, correlations and slopes are means over the comparisons that have them; counts are sums.
 */
import {
  AUDITED,
  AUDIT_LABELS,
  type Audited,
  type AuditJson,
  type AuditLabel,
  type AuditComparisonJson,
  HEADLINE_AT,
  type MissedJson,
  recallOf,
} from './audit-json.ts';

/** Components of one label that a comparison needs for its correlations to count. */
export const LEAST_CORRELATED = 5;

export interface Spread {
  /** NaN where no comparison has it. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** A miss, and in which comparison. */
export interface PooledMiss extends MissedJson {
  readonly pair: number;
  readonly direction: string;
}

export interface Pooled {
  readonly kind: Audited;
  readonly method: string;
  readonly label: AuditLabel | null;
  /** How many comparisons: pairs times directions. */
  readonly comparisons: number;
  /** Components of the first comparison; for a label, of all together. */
  readonly count: number;
  /** At each k of `recall_at`. */
  readonly recall: readonly Spread[];
  readonly found: readonly number[];
  readonly among: readonly number[];
  readonly spearmanSize: Spread;
  readonly spearmanSigned: Spread;
  readonly pearson: Spread;
  readonly slope: Spread;
  readonly signsWrong: number;
  readonly signsOf: number;
  /** Of each headline k, the miss of the largest exact score. */
  readonly missed: readonly PooledMiss[];
}

/** All kinds and methods of an audit in its order; `label` null: all components. */
export function pooledAudit(audit: AuditJson, label: AuditLabel | null = null): Pooled[] {
  return AUDITED.flatMap((kind) =>
    audit.methods.flatMap(({ name }) => {
      const list = audit.comparisons.filter(
        (one) => one.kind === kind && one.method === name && one.label === label,
      );
      return list.length === 0 ? [] : [pooled(list as [AuditComparisonJson, ...AuditComparisonJson[]])];
    }),
  );
}

/** The same for every label that occurs, methods within labels. */
export function pooledByLabel(audit: AuditJson): Pooled[] {
  return AUDIT_LABELS.flatMap((label) => pooledAudit(audit, label));
}

/** The headline k for so many components: the largest that is no more than a tenth of them; 10 at least. */
export function headlineFor(count: number): number {
  return HEADLINE_AT.findLast((k) => k <= count / 10) ?? HEADLINE_AT[0];
}

function pooled(list: readonly [AuditComparisonJson, ...AuditComparisonJson[]]): Pooled {
  const [{ kind, method, label, count, among }] = list;
  const sum = (pick: (one: AuditComparisonJson) => number) =>
    list.reduce((total, one) => total + pick(one), 0);
  const all = (pick: (one: AuditComparisonJson) => number) => spread(list.map(pick));
  const correlated = (pick: (one: AuditComparisonJson) => number) =>
    spread(list.filter(hasCorrelation).map(pick));
  const known = list.filter(({ signs_of }) => !Number.isNaN(signs_of));
  const signs = (pick: (one: AuditComparisonJson) => number) =>
    known.length === 0 ? Number.NaN : known.reduce((total, one) => total + pick(one), 0);
  return {
    kind,
    method,
    label,
    comparisons: list.length,
    count: label === null ? count : sum((one) => one.count),
    recall: among.map((_, at) => all((one) => recallOf(one, at))),
    found: among.map((_, at) => sum((one) => one.found[at]!)),
    among: among.map((_, at) => sum((one) => one.among[at]!)),
    spearmanSize: correlated((one) => one.spearman_size),
    spearmanSigned: correlated((one) => one.spearman_signed),
    pearson: correlated((one) => one.pearson),
    slope: all((one) => one.slope),
    signsWrong: signs((one) => one.signs_wrong),
    signsOf: signs((one) => one.signs_of),
    missed: HEADLINE_AT.flatMap((k) => worst(list, k)),
  };
}

/** Two components of one label always correlate by exactly 1 or -1: a few tell nothing. */
function hasCorrelation({ label, count }: AuditComparisonJson): boolean {
  return label === null || count >= LEAST_CORRELATED;
}

function spread(values: readonly number[]): Spread {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { mean: Number.NaN, least: Number.NaN, most: Number.NaN };
  const total = known.reduce((sum, value) => sum + value, 0);
  return { mean: total / known.length, least: Math.min(...known), most: Math.max(...known) };
}

function worst(list: readonly AuditComparisonJson[], k: number): PooledMiss[] {
  const all = list.flatMap(({ missed, pair, direction }) =>
    missed.filter((one) => one.k === k).map((one) => ({ ...one, pair, direction })),
  );
  const [first] = all.sort((a, b) => Math.abs(b.exact) - Math.abs(a.exact));
  return first ? [first] : [];
}
