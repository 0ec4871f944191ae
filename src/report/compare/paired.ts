/** What a comparison's page says of pairs that are in both surveys. */
import type { ComparisonJson, PairedTestJson } from '../../results/comparison-json.ts';
import { float, number, words } from '../html/columns.ts';
import { type CellValue, type Column, tableHtml } from '../html/html.ts';

/** Nothing where no pair is in both. */
export function pairedSection({ paired, same_model }: ComparisonJson): string {
  if (!paired) return '';
  const { n, clusters, answers, methods, exact } = paired;
  const parts = [
    `<p>${n} pairs in ${clusters} clusters are in both: differences are taken pair by pair, A less B.</p>`,
  ];
  // One model answers one pair in one way.
  if (!same_model || answers.some(({ difference }) => difference.mean.value !== 0))
    parts.push(
      tableHtml({
        id: 'table-paired-answers',
        caption: 'Answers, pair by pair',
        columns: [words('mean of'), ...testColumns()],
        rows: answers.map((row): CellValue[] => [row.quantity, ...testCells(row.difference)]),
      }),
    );
  if (exact.length > 0)
    parts.push(
      tableHtml({
        id: 'table-paired-exact',
        caption: 'Exact patching of A against that of B within a pair',
        columns: [
          words('kind'),
          words('direction'),
          number('n'),
          number('clusters'),
          float('Pearson', 'within a pair, mean over pairs'),
          float('low', '95% interval over clusters'),
          float('high', '95% interval over clusters'),
        ],
        rows: exact.map(({ kind, direction, n: own, clusters: k, pearson }): CellValue[] => [
          kind,
          direction,
          own,
          k,
          pearson.value,
          pearson.low,
          pearson.high,
        ]),
      }),
    );
  if (methods.length > 0)
    parts.push(
      tableHtml({
        id: 'table-paired-methods',
        caption: 'Agreement with exact patching, pair by pair',
        columns: [
          words('kind'),
          words('direction'),
          words('method in A'),
          words('in B'),
          float('Pearson, A', 'with exact patching, mean over pairs'),
          float('Pearson, B', 'with exact patching, mean over pairs'),
          ...testColumns(),
        ],
        rows: methods.map((row): CellValue[] => [
          row.kind,
          row.direction,
          row.method.a,
          row.method.b,
          row.agreement.a,
          row.agreement.b,
          ...testCells(row.difference),
        ]),
      }),
    );
  return parts.join('\n');
}

function testColumns(): Column[] {
  return [
    number('n'),
    number('clusters'),
    float('A − B', 'mean over pairs'),
    float('low', '95% interval over clusters'),
    float('high', '95% interval over clusters'),
    float('r', 'matched-pairs rank-biserial correlation over clusters'),
    float('p', 'two-sided sign-flip test over clusters; none under 8'),
    float('adjusted p', 'Benjamini-Hochberg over all rows of this table'),
  ];
}

function testCells({ n, clusters, mean, r, p, p_adjusted }: PairedTestJson): CellValue[] {
  return [n, clusters, mean.value, mean.low, mean.high, r.value, p, p_adjusted];
}
