/**
 * The audit's tables as Parquet files: `audit.parquet`, one row a comparison; `scores.parquet`, one row a component of
 * a pair and direction, with a column for each method; `head_pairs.parquet`, the same for pairs of heads.
 * Numbers that do not exist are NaN, words that do not exist are null. docs/definitions.md describes the columns.
 */
import { normalisedEffects } from '../latent/labels.ts';
import {
  type ColumnSource,
  doubleColumn,
  floatColumn,
  parquet,
  textColumn,
  wholeColumn,
} from '../parquet.ts';
import {
  type AuditJson,
  type AuditScores,
  type AuditComparisonJson,
  HEADLINE_AT,
  RECALL_AT,
  recallOf,
} from '../results/audit-json.ts';
import type { Direction } from '../terms.ts';

/** `audit.parquet`. */
export function comparisonTable({ comparisons }: AuditJson): Uint8Array {
  const text = (name: string, pick: (one: AuditComparisonJson) => string | null): ColumnSource =>
    textColumn(name, comparisons.map(pick));
  const whole = (name: string, pick: (one: AuditComparisonJson) => number): ColumnSource =>
    wholeColumn(name, comparisons.map(pick));
  const real = (name: string, pick: (one: AuditComparisonJson) => number): ColumnSource =>
    doubleColumn(name, Float64Array.from(comparisons, pick));
  return parquet([
    whole('pair', ({ pair }) => pair),
    text('direction', ({ direction }) => direction),
    text('kind', ({ kind }) => kind),
    text('method', ({ method }) => method),
    text('label', ({ label }) => label),
    whole('count', ({ count }) => count),
    ...HEADLINE_AT.map((k) => real(`recall_${k}`, (one) => recallOf(one, RECALL_AT.indexOf(k)))),
    real('spearman_size', (one) => one.spearman_size),
    real('spearman_signed', (one) => one.spearman_signed),
    real('pearson', (one) => one.pearson),
    real('signs_wrong', (one) => one.signs_wrong),
    real('signs_of', (one) => one.signs_of),
    real('slope', (one) => one.slope),
    ...HEADLINE_AT.flatMap((k) => {
      const missed = (one: AuditComparisonJson) => one.missed.find((miss) => miss.k === k);
      return [
        text(`missed_${k}`, (one) => missed(one)?.component.join('.') ?? null),
        real(`missed_${k}_exact`, (one) => missed(one)?.exact ?? Number.NaN),
        real(`missed_${k}_approximate`, (one) => missed(one)?.approximate ?? Number.NaN),
      ];
    }),
  ]);
}

/** Effects of a pair and direction on its own scale: `e`. */
export interface Scale {
  readonly pair: number;
  readonly clean: number;
  readonly corrupted: number;
}

/** `scores.parquet`, of heads and neurons. */
export function scoreTable(scores: readonly AuditScores[], metrics: readonly Scale[]): Uint8Array {
  const list = scores.filter(({ kind }) => kind !== 'head_pairs');
  return parquet([
    ...whichColumns(list, ['layer', 'index']),
    floatColumn(
      'exact',
      list.map(({ exact }) => exact),
    ),
    floatColumn(
      'e',
      list.map((one) => effectOf(one, metrics)),
    ),
    ...methodColumns(list),
  ]);
}

/** `head_pairs.parquet`: via is exact. */
export function headPairTable(scores: readonly AuditScores[]): Uint8Array {
  const list = scores.filter(({ kind }) => kind === 'head_pairs');
  return parquet([
    ...whichColumns(list, ['source_layer', 'source_head', 'target_layer', 'target_head']),
    floatColumn(
      'via',
      list.map(({ exact }) => exact),
    ),
    ...methodColumns(list),
  ]);
}

function effectOf({ pair, direction, exact }: AuditScores, metrics: readonly Scale[]): Float32Array {
  const metric = metrics.find((one) => one.pair === pair)!;
  return Float32Array.from(normalisedEffects(exact, metric, direction));
}

/** Pair, direction, kind, place and label of every row. */
function whichColumns(list: readonly AuditScores[], places: readonly string[]): ColumnSource[] {
  const repeated = <T>(pick: (one: AuditScores) => T): T[] =>
    list.flatMap((one) => new Array<T>(one.exact.length).fill(pick(one)));
  return [
    wholeColumn(
      'pair',
      repeated(({ pair }) => pair),
    ),
    textColumn(
      'direction',
      repeated(({ direction }): Direction => direction),
    ),
    textColumn(
      'kind',
      repeated(({ kind }): string => kind),
    ),
    ...places.map((name, at) =>
      wholeColumn(
        name,
        list.flatMap(({ components: { data } }) => [...data].filter((_, i) => i % places.length === at)),
      ),
    ),
    textColumn(
      'label',
      list.flatMap(({ labels, exact }): (string | null)[] => [
        ...(labels ?? new Array<null>(exact.length).fill(null)),
      ]),
    ),
  ];
}

function methodColumns(list: readonly AuditScores[]): ColumnSource[] {
  const names = [...new Set(list.flatMap(({ methods }) => [...methods.keys()]))];
  return names.map((name) =>
    floatColumn(
      name,
      list.map(({ methods }) => methods.get(name)!),
    ),
  );
}
