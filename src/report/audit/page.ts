/** `report.html` of an audit. */
import type { Figure } from '../../plots/figure.ts';
import { labelStyle } from '../../plots/palette.ts';
import { formatCount, formatNumber } from '../../plots/text.ts';
import { AUDITED, type AuditJson, type AuditLabel, HEADLINE_AT } from '../../results/audit-json.ts';
import { LEAST_CORRELATED, type Pooled, pooledAudit, pooledByLabel } from '../../results/audit-summary.ts';
import type { PromptJson } from '../../results/run-json.ts';
import { capital } from '../../words.ts';
import { AUDITED_NAMES, overText, RECALL_FIGURE } from './figures.ts';
import { float, number, prose, words } from '../html/columns.ts';
import { figuresHtml } from '../html/figure-html.ts';
import { type CellValue, type Column, definitionsHtml, escape, tableHtml } from '../html/html.ts';
import { commandHtml, provenanceTable } from '../html/provenance.ts';
import { shellHtml } from '../html/shell.ts';

/** The whole page. */
export function auditPageHtml(audit: AuditJson, figures: readonly Figure[]): string {
  const isRecall = ({ name }: Figure) => name === RECALL_FIGURE;
  return shellHtml({
    title: `Audit of approximations: ${audit.model.id}`,
    lead: 'What fast attribution methods say of each component, against the exact answer of patching it.',
    facts: [
      ['pairs', String(audit.pairs.length)],
      ['methods', String(audit.methods.length)],
      ['directions', audit.options.directions.join(', ')],
      ['layers × heads', `${audit.shape.layers} × ${audit.shape.heads}`],
      ...(audit.options.components.includes('neurons')
        ? ([['neurons a layer', formatCount(audit.shape.neurons)]] as const)
        : []),
      ['tau', String(audit.options.tau)],
    ],
    sections: [
      { id: 'findings', title: 'What was found', html: findingsHtml(audit) },
      { id: 'warnings', title: 'Warnings', html: warningsHtml(audit) },
      { id: 'overview', title: 'Overview', html: overviewHtml(audit) },
      { id: 'recall', title: 'Recall', html: figuresHtml(figures.filter(isRecall)) },
      {
        id: 'scores',
        title: 'Approximate against exact',
        html: figuresHtml(figures.filter((each) => !isRecall(each))),
      },
      { id: 'labels', title: 'By label', html: byLabelHtml(audit) },
      { id: 'labelling', title: 'Labels from approximate scores', html: labellingHtml(audit) },
      { id: 'misses', title: 'What is missed', html: missesHtml(audit) },
      { id: 'methods', title: 'The methods', html: methodsHtml(audit) },
      { id: 'pairs', title: 'The pairs', html: pairsHtml(audit) },
      { id: 'reading', title: 'How to read this', html: readingHtml(audit) },
      { id: 'provenance', title: 'Provenance', html: provenanceHtml(audit) },
    ],
    version: audit.versions.mediators ?? '',
  });
}

function findingsHtml(audit: AuditJson): string {
  return AUDITED.map((kind) => {
    const own = audit.findings.filter((one) => one.kind === kind);
    if (own.length === 0) return '';
    const lines = own.map(
      ({ method, text }) => `<li><strong>${escape(titleOf(audit, method))}.</strong> ${escape(text)}</li>`,
    );
    return `<h3>${AUDITED_NAMES[kind]}</h3>\n<ul>${lines.join('\n')}</ul>`;
  }).join('\n');
}

/** What a reader should know of each pair; the pair is named by its number and clean prompt. */
function warningsHtml({ pairs }: AuditJson): string {
  const notices = pairs.flatMap(({ pair, lint }, i) =>
    lint.map(
      ({ code, message }) =>
        `<p class="notice">Pair ${i + 1}, “${escape(promptText(pair.clean))}”: <code>${escape(code)}</code> ${escape(message)}</p>`,
    ),
  );
  return notices.length > 0 ? notices.join('\n') : '<p>None.</p>';
}

function promptText({ text, ids }: PromptJson): string {
  return text ?? `ids ${ids.join(' ')}`;
}

/** Columns that a row of any table of pooled comparisons has; `few` tells which correlations are left out. */
const measuredColumns = (few = ''): readonly Column[] => [
  ...HEADLINE_AT.map((k) => float(`recall ${k}`, `share of the exact top ${k} in the method’s top ${k}`)),
  float('order, sizes', `Spearman’s rank correlation of |score|${few}`),
  float('order, signed', `Spearman’s rank correlation of signed scores${few}`),
  float('Pearson', `Pearson’s correlation of scores${few}`),
  { title: 'wrong signs', kind: 'text', about: 'of the components with |e| of tau or more' },
  float('slope', 'exact on approximate, least squares through the origin'),
];

const FEW = `; pairs and directions with fewer than ${LEAST_CORRELATED} components of the label are left out`;

function measured({ recall_at }: AuditJson, one: Pooled): CellValue[] {
  return [
    ...HEADLINE_AT.map((k) => one.recall[recall_at.indexOf(k)]?.mean ?? Number.NaN),
    one.spearmanSize.mean,
    one.spearmanSigned.mean,
    one.pearson.mean,
    one.signsOf > 0 ? `${one.signsWrong} of ${one.signsOf}` : '–',
    one.slope.mean,
  ];
}

function titleOf({ methods }: AuditJson, method: string): string {
  return methods.find(({ name }) => name === method)?.title ?? method;
}

function labelName(label: AuditLabel | null): string {
  return label === null ? '' : labelStyle(label).name;
}

function overviewHtml(audit: AuditJson): string {
  return `<p>${escape(capital(overText(audit)))}. Every comparison by itself is in <code>audit.parquet</code>.</p>
${tableHtml({
  id: 'table-overview',
  caption: 'Methods against exact scores',
  columns: [words('kind'), words('method'), ...measuredColumns()],
  rows: pooledAudit(audit).map((one) => [
    AUDITED_NAMES[one.kind],
    titleOf(audit, one.method),
    ...measured(audit, one),
  ]),
})}`;
}

function byLabelHtml(audit: AuditJson): string {
  const rows = pooledByLabel(audit);
  if (rows.length === 0)
    return '<p>There are no labels: they need both directions, and a D that is not small.</p>';
  return `<p>The same numbers for the components of each exact label. Recall: of the exact top k with this label, the share in the method’s top k of all components. Correlations leave out pairs and directions with fewer than ${LEAST_CORRELATED} components of the label: two components always give exactly 1 or −1.</p>
${tableHtml({
  id: 'table-labels',
  caption: 'Methods by label',
  columns: [words('kind'), words('method'), words('label'), number('count'), ...measuredColumns(FEW)],
  rows: rows.map((one) => [
    AUDITED_NAMES[one.kind],
    titleOf(audit, one.method),
    labelName(one.label),
    one.count,
    ...measured(audit, one),
  ]),
})}`;
}

function labellingHtml(audit: AuditJson): string {
  const { labellings } = audit;
  if (labellings.length === 0) return '';
  const labels = [...new Set(labellings.flatMap(({ labelled }) => Object.keys(labelled) as AuditLabel[]))];
  const keys = new Map(labellings.map((row) => [`${row.kind} ${row.method} ${row.label}`, row]));
  const rows = [...keys.values()].map(({ kind, method, label }): CellValue[] => {
    const own = labellings.filter((row) => row.kind === kind && row.method === method && row.label === label);
    const counts = labels.map((to) => own.reduce((sum, row) => sum + (row.labelled[to] ?? 0), 0));
    return [AUDITED_NAMES[kind], titleOf(audit, method), labelName(label), ...counts];
  });
  return `<p>The rule of the labels, applied to each signed method’s own scores. A row is one exact label; its columns count which labels the method’s scores would give.</p>
${tableHtml({
  id: 'table-labelling',
  caption: 'Labels from approximate scores',
  columns: [
    words('kind'),
    words('method'),
    words('exact label'),
    ...labels.map((label) => number(labelName(label))),
  ],
  rows,
})}`;
}

function missesHtml(audit: AuditJson): string {
  const rows = audit.comparisons
    .filter(({ label }) => label === null)
    .flatMap(({ kind, method, pair, direction, missed }) =>
      missed.map(({ k, component, label, exact, approximate, place }): CellValue[] => [
        AUDITED_NAMES[kind],
        titleOf(audit, method),
        pair,
        direction,
        k,
        component.join('.'),
        labelName(label),
        exact,
        approximate,
        place ?? Number.NaN,
      ]),
    );
  if (rows.length === 0) return '<p>Nothing: every method’s tops hold the exact ones.</p>';
  return `<p>For each pair, direction, method and k, the largest exact score of the exact top k that the method leaves out of its own. Scores in units of F.</p>
${tableHtml({
  id: 'table-misses',
  caption: 'Worst false negatives',
  columns: [
    words('kind'),
    words('method'),
    number('pair'),
    words('direction'),
    number('k'),
    words('component'),
    words('label'),
    float('exact', 'exact score'),
    float('approximate', 'the method’s score'),
    number('its place'),
  ],
  rows,
})}`;
}

function methodsHtml({ methods, pairs }: AuditJson): string {
  const seconds = (name: string) =>
    pairs.reduce((sum, pair) => sum + (pair.seconds.methods[name] ?? Number.NaN), 0) / pairs.length;
  const exact = pairs.reduce((sum, pair) => sum + pair.seconds.patching, 0) / pairs.length;
  const columns = [
    prose('method'),
    prose('a score is'),
    prose('sign'),
    prose('cost'),
    float('seconds a pair', ''),
  ];
  return tableHtml({
    id: 'table-methods',
    caption: 'The methods and their time',
    columns,
    rows: [
      [
        'Exact patching, with effects',
        'F of the patched run minus F of the base run.',
        'as ap',
        'One run for every component.',
        exact,
      ],
      ...methods.map(({ name, title, meaning, signed, cost }) => [
        title,
        meaning,
        signed ? 'as ap' : 'none',
        cost,
        seconds(name),
      ]),
    ],
  });
}

function pairsHtml({ pairs }: AuditJson): string {
  return tableHtml({
    id: 'table-pairs',
    caption: 'The pairs',
    columns: [
      number('pair'),
      prose('clean'),
      prose('corrupted'),
      prose('contrast'),
      float('F clean', ''),
      float('F corrupted', ''),
      prose('study'),
    ],
    rows: pairs.map(({ pair: { clean, corrupted, contrast }, metric, folder, small_d }, i) => [
      i + 1,
      promptText(clean),
      promptText(corrupted),
      small_d ? `${contrast}; D is small` : contrast,
      metric.clean,
      metric.corrupted,
      folder,
    ]),
  });
}

function readingHtml({ options: { tau } }: AuditJson): string {
  const terms: [string, string][] = [
    [
      'Exact',
      'Activation patching: the component gets its value of the other run, the model runs on, and F is read. Nothing is linearised. For pairs of heads, exact mediation (via): what of the first head’s effect needs the second.',
    ],
    [
      'Recall at k',
      'Of the k components of largest exact size, the share among the k of largest size by the method. With equal k it is the precision too. A component that the method scores 0 is not found.',
    ],
    [
      'Order',
      'Spearman’s rank correlation over all components, strong and weak: 1 is the same order. Most components are weak, so it tells mostly of them.',
    ],
    [
      'Wrong signs',
      `Among components with |e| of ${formatNumber(tau)} or more, those that the method says work the other way. Methods that score sizes have none.`,
    ],
    [
      'Slope',
      'Exact is so many times the score, by least squares through the origin: the strongest components decide. 1 is well calibrated; sizes alone are compared for methods without signs.',
    ],
    [
      'By label',
      'Why a method misses what it misses. A slope at the base run cannot see what wakes only further on (a backup, the partner in an OR); layer integrated gradients moves all of a layer together, so partners of one layer share what each does alone.',
    ],
    ['Not', 'A ranking of methods for all models and prompts: these pairs and this model only.'],
  ];
  return definitionsHtml(terms);
}

function provenanceHtml(audit: AuditJson): string {
  return `${provenanceTable(audit)}\n${commandHtml('audit', audit.command)}`;
}
