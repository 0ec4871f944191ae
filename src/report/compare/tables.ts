/** The tables of a comparison's page. */
import { labelStyle, labelsText } from '../../plots/palette.ts';
import { componentName } from '../../plots/text.ts';
import type { ComparisonJson, Estimate, LabelTableJson } from '../../results/comparison-json.ts';
import { float, number, prose, words } from '../html/columns.ts';
import { type CellValue, type Column, escape, tableHtml } from '../html/html.ts';
import { comparedLabels } from '../survey/words.ts';

const INTERVAL = '95% interval over clusters';
/** A value and its limits. */
const ranged = (title: string, about = ''): Column[] => [
  float(title, about),
  float('low', INTERVAL),
  float('high', INTERVAL),
];
const cells = ({ value, low, high }: Estimate): CellValue[] => [value, low, high];

export function differencesTable({ differences, a, b }: ComparisonJson): string {
  if (differences.length === 0) return '<p>Nothing that their files tell differs.</p>';
  return tableHtml({
    id: 'table-differences',
    caption: 'What differs',
    columns: [words('what'), prose(a.name), prose(b.name)],
    rows: differences.map((row): CellValue[] => [row.what, row.a, row.b]),
  });
}

export function answersTable({ answers, a, b }: ComparisonJson): string {
  return tableHtml({
    id: 'table-answers',
    caption: 'How the models answer',
    groups: [
      ['', 1],
      [`${a.name}: n = ${a.n}, k = ${a.clusters}`, 3],
      [`${b.name}: n = ${b.n}, k = ${b.clusters}`, 3],
      ['A less B', 3],
    ],
    columns: [words('mean of'), ...ranged('A'), ...ranged('B'), ...ranged('A − B')],
    rows: answers.map((row): CellValue[] => [
      row.quantity,
      ...cells(row.a),
      ...cells(row.b),
      ...cells(row.difference),
    ]),
  });
}

export function componentsTable({ components }: ComparisonJson): string {
  if (components.length === 0) return '';
  return tableHtml({
    id: 'table-components',
    caption: 'Component by component',
    columns: [
      words('kind'),
      words('direction'),
      number('components'),
      ...ranged('Pearson'),
      ...ranged('Spearman of sizes'),
      ...ranged('Jaccard', 'of what both highlight'),
      float('by chance', 'mean overlap of two random sets of the same sizes'),
      ...ranged('A − B', 'mean over components'),
      float('2.5%', 'of the differences of components'),
      float('97.5%', 'of the differences of components'),
      float('halves of A', 'correlation of two halves of the clusters, for the whole length'),
      float('halves of B', 'correlation of two halves of the clusters, for the whole length'),
      number('draws'),
    ],
    rows: components.map((row): CellValue[] => [
      row.kind,
      row.direction,
      row.n,
      ...cells(row.pearson),
      ...cells(row.spearman_size),
      ...cells(row.jaccard),
      row.jaccard_expected,
      ...cells(row.difference.mean),
      row.difference.low,
      row.difference.high,
      row.reliability.a,
      row.reliability.b,
      row.draws,
    ]),
  });
}

/** Cross tables as heat maps, darker where there are more, and what they come to. */
export function labelTables({ labels, a, b }: ComparisonJson): string {
  return labels.map((table) => `${crossTable(table, a.name, b.name)}\n${keptTable(table)}`).join('\n');
}

function crossTable(found: LabelTableJson, nameA: string, nameB: string): string {
  const { kind, table, rows, columns } = found;
  const named = (label: string) => escape(labelStyle(label as Parameters<typeof labelStyle>[0]).name);
  const last = rows.length - 1;
  // Most components have no label in either: they would leave all other cells pale.
  const most = Math.max(1, ...table.flatMap((row, i) => row.filter((_, j) => i < last || j < last)));
  const body = table.map((row, i) => {
    const counts = row.map((count, j) => {
      const share = i === last && j === last ? 0 : count / most;
      const frame = i === j && i < last ? ' class="kept"' : '';
      return `<td${frame} style="background:rgba(11,92,143,${(0.75 * share).toFixed(2)})${share > 0.6 ? ';color:#fff' : ''}">${count}</td>`;
    });
    return `<tr><th scope="row" class="text">${named(rows[i]!)}</th>${counts.join('')}</tr>`;
  });
  return `<h3>${kind === 'heads' ? 'Heads' : 'Neurons'}: rows by ${escape(nameA)}, columns by ${escape(nameB)}</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Labels of ${kind}"><table class="cross" id="table-labels-${kind}">
<thead><tr><th class="text">A \\ B</th>${columns.map((label) => `<th scope="col">${named(label)}</th>`).join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`;
}

function keptTable({ kind, n, labelled, kept, share, share_expected, kappa, draws }: LabelTableJson): string {
  return tableHtml({
    id: `table-kept-${kind}`,
    caption: 'How many labels are kept',
    columns: [
      number('components'),
      number('labelled in A'),
      number('in B'),
      number('one label in both'),
      ...ranged('share of A’s'),
      float('at random', 'labels of B dealt to components at random'),
      ...ranged('share of B’s'),
      float('at random', 'labels of A dealt to components at random'),
      ...ranged('kappa', 'Cohen’s, over all components'),
      number('draws'),
    ],
    rows: [
      [
        n,
        labelled.a,
        labelled.b,
        kept,
        ...cells(share.a),
        share_expected.a,
        ...cells(share.b),
        share_expected.b,
        ...cells(kappa),
        draws,
      ],
    ],
  });
}

export function changesTable({ changed }: ComparisonJson): string {
  if (changed.length === 0) return '';
  const label = (name: Parameters<typeof labelStyle>[0] | null) => labelStyle(name ?? undefined).name;
  return tableHtml({
    id: 'table-changes',
    caption: 'Components that change most',
    columns: [
      words('kind'),
      words('component'),
      words('label in A'),
      words('in B'),
      words('direction'),
      ...ranged('e in A'),
      ...ranged('e in B'),
      ...ranged('A − B'),
    ],
    rows: changed.flatMap(({ kind, component, label: own, effects }) =>
      effects.map((row): CellValue[] => [
        kind,
        componentName(kind, component),
        label(own.a),
        label(own.b),
        row.direction,
        ...cells(row.a),
        ...cells(row.b),
        ...cells(row.difference),
      ]),
    ),
  });
}

export function countsTable({ label_counts }: ComparisonJson): string {
  if (label_counts.length === 0) return '';
  const total = (kind: string, side: 'a' | 'b') =>
    label_counts.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.count[side], 0);
  const name = (label: Parameters<typeof labelStyle>[0]) => labelStyle(label).name;
  return tableHtml({
    id: 'table-counts',
    caption: 'Labels counted',
    columns: [
      words('kind'),
      words('label in A'),
      words('in B'),
      number('count in A'),
      float('share in A'),
      number('count in B'),
      float('share in B'),
    ],
    rows: label_counts.map(({ kind, label, count }): CellValue[] => [
      kind,
      name(label.a),
      name(label.b),
      count.a,
      count.a / total(kind, 'a'),
      count.b,
      count.b / total(kind, 'b'),
    ]),
  });
}

export function gainsTable({ gains, a, b }: ComparisonJson): string {
  if (gains.length === 0)
    return '<p>Gains are not compared: <a href="#differences">what cannot be compared</a> says why.</p>';
  const rows = gains.filter((row) => row.a.matched > 0 || row.b.matched > 0);
  if (rows.length === 0) {
    const labels = [...new Set([a, b].map(({ contrast }) => comparedLabels(contrast)))].join(' or ');
    return `<p>Nothing to compare: in neither survey does a component that is ${labels} by the other clusters have a control.</p>`;
  }
  const side = (name: string): Column[] => [
    number(`n, ${name}`),
    number(`k, ${name}`),
    ...ranged(`mean, ${name}`, 'difference of log gains'),
    ...ranged(`r, ${name}`, 'matched-pairs rank-biserial correlation over clusters'),
    float(`adjusted p, ${name}`, 'Benjamini-Hochberg over all rows of the survey'),
    float(`p over components, ${name}`, 'share of sets of stand-ins that are as far out; not adjusted'),
  ];
  return tableHtml({
    id: 'table-gains',
    caption: 'Labelled components against controls',
    columns: [
      words('kind'),
      words('direction'),
      words('labels in A'),
      words('in B'),
      words('controls'),
      ...side('A'),
      ...side('B'),
      ...ranged('A − B', 'difference of the means'),
    ],
    rows: rows.map((row): CellValue[] => [
      row.kind,
      row.direction,
      labelsText(row.labels.a),
      labelsText(row.labels.b),
      row.controls.replaceAll('_', ' '),
      ...[row.a, row.b].flatMap(({ n, clusters, mean, r, p_adjusted, p_components }) => [
        n,
        clusters,
        ...cells(mean),
        ...cells(r),
        p_adjusted,
        p_components,
      ]),
      ...cells(row.difference),
    ]),
  });
}

export function agreementTable({ agreement }: ComparisonJson): string {
  if (agreement.length === 0) return '';
  return tableHtml({
    id: 'table-agreement',
    caption: 'Agreement with exact patching',
    columns: [
      words('kind'),
      words('direction'),
      words('method'),
      ...ranged('Pearson, A'),
      ...ranged('Pearson, B'),
    ],
    rows: agreement.map((row): CellValue[] => [
      row.kind,
      row.direction,
      row.method,
      ...cells(row.a),
      ...cells(row.b),
    ]),
  });
}
