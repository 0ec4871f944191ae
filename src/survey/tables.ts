/**
 * A survey's tables, as Parquet files: `pairs.parquet`, one row a pair; `components.parquet`, one row a component of each
 * method, direction, kind and set of pairs. And what the page reads as arrays: `pooled.safetensors`, `pairs.safetensors`.
 * docs/survey.md describes all of it.
 */
import { labelName } from '../latent/labels.ts';
import { type ColumnSource, doubleColumn, parquet, textColumn, wholeColumn } from '../parquet.ts';
import { correlationName, PAIR_NUMBERS, pooledName } from '../results/survey-read.ts';
import type { NamedTensor } from '../tensor/safetensors.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Contrast } from '../terms.ts';
import type { ComponentRows } from './analysis/analyse.ts';
import type { Correlations } from './analysis/comparisons.ts';
import type { Facts, PairFacts } from './analysis/facts.ts';

export function pairTable({ pairs }: Facts): Uint8Array {
  const text = (name: string, pick: (one: PairFacts) => string): ColumnSource =>
    textColumn(name, pairs.map(pick));
  const whole = (name: string, pick: (one: PairFacts, i: number) => number): ColumnSource =>
    wholeColumn(name, pairs.map(pick));
  const real = (name: string, pick: (one: PairFacts) => number): ColumnSource =>
    doubleColumn(name, Float64Array.from(pairs, pick));
  return parquet([
    whole('pair', (_, i) => i),
    whole('row', ({ pair }) => pair.row),
    text('clean', ({ pair }) => pair.clean),
    text('corrupted', ({ pair }) => pair.corrupted),
    text('template', ({ pair }) => pair.template),
    whole('length', ({ pair }) => pair.length),
    real('metric_clean', ({ metric }) => metric.clean),
    real('metric_corrupted', ({ metric }) => metric.corrupted),
    whole('answer_rank', ({ rank }) => rank[0]),
    real('answer_probability', ({ probability }) => probability[0]),
    real('label_metric_clean', ({ logitMetric }) => logitMetric.clean),
    real('label_metric_corrupted', ({ logitMetric }) => logitMetric.corrupted),
    whole('cluster', ({ cluster }) => cluster),
    whole('solved', ({ solved }) => Number(solved)),
    whole('reversed', ({ pair }) => Number(pair.reversed)),
  ]);
}

export function componentTable(all: readonly ComponentRows[], contrast: Contrast): Uint8Array {
  const each = <T>(pick: (rows: ComponentRows, c: number) => T): T[] =>
    all.flatMap((rows) => Array.from(rows.mean, (_, c) => pick(rows, c)));
  const real = (name: string, pick: (rows: ComponentRows) => Float64Array): ColumnSource =>
    doubleColumn(name, Float64Array.from(each((rows, c) => pick(rows)[c]!)));
  return parquet([
    textColumn(
      'kind',
      each(({ kind }): string => kind),
    ),
    wholeColumn(
      'layer',
      each(({ perLayer }, c) => Math.floor(c / perLayer)),
    ),
    wholeColumn(
      'index',
      each(({ perLayer }, c) => c % perLayer),
    ),
    textColumn(
      'method',
      each(({ method }) => method),
    ),
    textColumn(
      'direction',
      each(({ direction }): string => direction),
    ),
    real('mean', ({ mean }) => mean),
    real('sd', ({ sd }) => sd),
    real('low', ({ low }) => low),
    real('high', ({ high }) => high),
    wholeColumn(
      'n',
      each(({ n }) => n),
    ),
    real('highlighted_share', ({ highlighted }) => highlighted),
    textColumn(
      'label',
      each(({ labels }, c) => {
        const label = labels?.[c];
        return label === undefined ? null : labelName(label, contrast);
      }),
    ),
    textColumn(
      'pairs',
      each(({ set }): string => set),
    ),
  ]);
}

/** `pooled.safetensors`: pooled effects and their limits, [layers, heads or neurons] each. */
export function pooledArrays(all: readonly ComponentRows[]): NamedTensor[] {
  return all.flatMap((rows) =>
    (['mean', 'low', 'high'] as const).map((what) => {
      const data = Float32Array.from(rows[what]);
      return {
        name: pooledName(what, rows),
        tensor: tensor(data, [data.length / rows.perLayer, rows.perLayer]),
      };
    }),
  );
}

/** `pairs.safetensors`: numbers of each pair, [pairs] each. `correlations` are of all pairs. */
export function pairArrays({ pairs }: Facts, correlations: readonly Correlations[]): NamedTensor[] {
  const pick: Record<(typeof PAIR_NUMBERS)[number], (one: PairFacts) => number> = {
    clean: ({ metric }) => metric.clean,
    corrupted: ({ metric }) => metric.corrupted,
    cluster: ({ cluster }) => cluster,
  };
  return [
    ...PAIR_NUMBERS.map((name) => ({
      name,
      tensor: tensor(Float32Array.from(pairs, pick[name]), [pairs.length]),
    })),
    ...correlations.map((one) => ({
      name: correlationName(one),
      tensor: tensor(Float32Array.from(one.pearson), [pairs.length]),
    })),
  ];
}
