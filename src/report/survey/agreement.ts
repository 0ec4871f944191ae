/** Tables of a survey's page: how far approximate methods agree with exact patching, where not, and which does better. */
import { componentName, formatCount, formatNumber } from '../../plots/text.ts';
import type {
  Interval,
  SurveyAgreementJson,
  MethodComparisonJson,
  SurveyDisagreementJson,
  SurveyJson,
  SurveySetJson,
} from '../../results/survey-json.ts';
import { float, number, words } from '../html/columns.ts';
import { type CellValue, escape, tableHtml } from '../html/html.ts';
import { limits, PAIRS_COLUMN, SET_NAMES } from './words.ts';

/** Means over pairs; below the table, why numbers are missing. */
export function agreementHtml({ sets }: SurveyJson): string {
  const rows = sets.flatMap(({ set, agreement }) => agreement.map((one) => agreementRow(set, one)));
  if (rows.length === 0) return '';
  const table = tableHtml({
    id: 'table-agreement',
    caption: 'Approximate methods against exact patching, within each pair',
    columns: [
      PAIRS_COLUMN,
      words('method'),
      words('direction'),
      words('kind'),
      number('n'),
      number('clusters'),
      float('Pearson', 'mean over pairs'),
      words('interval'),
      float('Spearman', 'correlation of ranks of scores, mean over pairs'),
      words('interval'),
      float('order of sizes', 'Spearman’s correlation of |score|, mean over pairs'),
      words('interval'),
      float(
        'calibration',
        'exact effects are so many times the scores: slope through the origin, mean over pairs',
      ),
      words('interval'),
      float('overlap', 'Jaccard overlap of what both highlight, mean over pairs'),
      words('interval'),
      float('by chance', 'overlap of two random sets of the same sizes'),
      words('wrong signs'),
    ],
    rows,
  });
  return [table, ...missingNotes(sets)].join('\n');
}

function agreementRow(set: SurveySetJson['set'], one: SurveyAgreementJson): CellValue[] {
  const both = (interval?: Interval): CellValue[] =>
    interval ? [interval.mean, limits(interval)] : [Number.NaN, '–'];
  return [
    SET_NAMES[set],
    one.method,
    one.direction,
    one.kind,
    one.n,
    one.pearson.clusters,
    ...both(one.pearson),
    ...both(one.spearman),
    ...both(one.spearman_size),
    ...both(one.slope),
    ...both(one.jaccard),
    one.jaccard_expected,
    one.signed ? `${one.wrong_signs} of ${one.wrong_signs_of}` : 'has no signs',
  ];
}

/** Pairs without a correlation, and why; methods without signs. */
function missingNotes(sets: readonly SurveySetJson[]): string[] {
  const all = sets.find(({ set }) => set === 'all')?.agreement ?? [];
  const flat = all
    .filter(({ n, pearson }) => pearson.n < n)
    .map(
      ({ method, direction, kind, n, pearson }) =>
        `${method}, ${direction}, ${kind}: ${n - pearson.n} of ${n} pairs have no correlation, as all scores of the method or all of exact patching are equal there; they are left out of its mean.`,
    );
  const sizes = [...new Set(all.filter(({ signed }) => !signed).map(({ method }) => method))].map(
    (method) => `${method} gives sizes alone: it is compared with the sizes of exact effects.`,
  );
  return [...flat, ...sizes].map((text) => `<p>${escape(text)}</p>`);
}

/** Components on which a method and exact patching are furthest apart, by pooled effects. */
export function disagreementHtml({ sets }: SurveyJson): string {
  const all = sets.flatMap(({ set, disagreements }) => disagreements.map((one) => ({ set, one })));
  if (all.length === 0) return '';
  const rows = all.flatMap(({ set, one }) =>
    one.components.map(({ component, exact, approximate, difference }): CellValue[] => [
      SET_NAMES[set],
      one.method,
      one.direction,
      one.kind,
      componentName(one.kind, component),
      exact,
      approximate,
      difference,
    ]),
  );
  const counted = all
    .filter(({ set }) => set === 'all')
    .map(({ one }) => `<li>${escape(countWords(one))}</li>`);
  const table =
    rows.length === 0
      ? ''
      : tableHtml({
          id: 'table-disagreements',
          caption: 'Where the method and exact patching disagree most',
          columns: [
            PAIRS_COLUMN,
            words('method'),
            words('direction'),
            words('kind'),
            words('component'),
            float('exact', 'pooled effect by exact patching'),
            float('method', 'pooled effect by the method'),
            float('difference', 'method less exact'),
          ],
          rows,
        });
  return `<h3>Where the method and exact patching disagree most</h3>
<p>Components whose difference of pooled effects stands far from that of the others: outside the median ± 3.5 robust standard deviations. At most ten are listed for each method, direction and kind. Effects have heavy tails: such a component is one to look at, not an error.</p>
<ul>${counted.join('\n')}</ul>
${table}`;
}

function countWords({ method, direction, kind, n, low, high, outliers }: SurveyDisagreementJson): string {
  const about = `${method}, ${direction}, ${kind}`;
  if (n === 0) return `${about}: no differences, as D is small on average and there are no pooled effects.`;
  if (Number.isNaN(low))
    return `${about}: more than half of ${formatCount(n)} differences are equal, so nothing stands out from them.`;
  return `${about}: ${formatCount(outliers)} of ${formatCount(n)} lie outside ${formatNumber(low)} to ${formatNumber(high)}.`;
}

/** Paired tests between methods, and between directions. */
export function comparisonsHtml({ sets }: SurveyJson): string {
  const rows = sets.flatMap(({ set, comparisons }) => comparisons.map((one) => comparisonRow(set, one)));
  if (rows.length === 0) return '';
  return `<h3>Which agrees better with exact patching?</h3>
<p>Difference of Pearson’s correlation within each pair, first less second. Above 0 the first agrees better. A pair that is an earlier one turned round is left out. Under 8 clusters there is no p.</p>
${tableHtml({
  id: 'table-comparisons',
  caption: 'Which agrees better with exact patching',
  columns: [
    PAIRS_COLUMN,
    words('kind'),
    words('first'),
    words('second'),
    number('n'),
    number('clusters'),
    float('mean', 'difference of correlations'),
    float('low', '95% interval over clusters'),
    float('high', '95% interval over clusters'),
    float('r', 'matched-pairs rank-biserial correlation over clusters'),
    float('low, r', '95% interval over clusters'),
    float('high, r', '95% interval over clusters'),
    float('p', 'two-sided sign-flip test over clusters'),
    float('adjusted p', 'Benjamini-Hochberg over all rows of these pairs'),
  ],
  rows,
})}`;
}

function comparisonRow(set: SurveySetJson['set'], one: MethodComparisonJson): CellValue[] {
  const side = ({ method, direction }: MethodComparisonJson['first']) => `${method}, ${direction}`;
  return [
    SET_NAMES[set],
    one.kind,
    side(one.first),
    side(one.second),
    one.n,
    one.clusters,
    one.mean,
    one.low,
    one.high,
    one.r,
    one.r_low,
    one.r_high,
    one.p,
    one.p_adjusted,
  ];
}
