/** The tables of exact values: heads, neurons, completeness gaps, phases. */
import { LEDGER_PARTS } from '../../plots/ledger-waterfall.ts';
import { LABEL_STYLES } from '../../plots/palette.ts';
import { componentKey, formatCount } from '../../plots/text.ts';
import { PAGE_PHASE } from '../../results/study-json.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type CellValue, type Column, tableHtml } from '../html/html.ts';
import { labelsOf, largestEffect, normalise, scoreOf, strongest, type StudyView, valueAt } from './view.ts';
import { type Component, DIRECTIONS, type Direction, type Kind, KINDS } from '../../terms.ts';

/** At most so many neurons are listed. */
const TOP_NEURONS = 100;

interface Field {
  group: string;
  column: Column;
  value(component: Component): CellValue;
}

const float = (title: string, about: string): Column => ({ title, kind: 'float', about });

/** One float column of an [L, N] array; none where the array is absent. */
function arrayField(group: string, column: Column, values: Tensor | undefined): Field[] {
  return values ? [{ group, column, value: (component) => valueAt(values, component) }] : [];
}

function methodFields(view: StudyView, kind: Kind, method: 'ap' | 'ig', group: string): Field[] {
  const fields = DIRECTIONS.flatMap((direction) => {
    const raw = scoreOf(view, `${method}.${direction}.${kind}`);
    const e = raw && view.normalised ? normalise(raw, direction, view.study.metric.D) : undefined;
    return [
      ...arrayField(group, float(direction, `score in ${view.unit}, ${direction}`), raw),
      ...arrayField(group, float(`e ${direction}`, `normalised effect, ${direction}`), e),
    ];
  });
  const asymmetry = view.normalised ? scoreOf(view, `asymmetry.${method}.${kind}`) : undefined;
  return [...fields, ...arrayField(group, float('asymmetry', 'e noising minus e denoising'), asymmetry)];
}

function ledgerFields(view: StudyView, kind: Kind, direction: Direction): Field[] {
  const ledger = scoreOf(view, `ledger.${direction}.${kind}`);
  const width = ledger?.shape[1] ?? 0;
  if (!ledger) return [];
  return LEDGER_PARTS.map((title, part) => ({
    group: `Ledger, ${direction} (${view.unit})`,
    column: float(title, `part of the change of F, ${direction}`),
    value: ([layer, index]) => ledger.data[4 * (layer * width + index) + part] ?? Number.NaN,
  }));
}

function fieldsOf(view: StudyView, kind: Kind): Field[] {
  const labels = labelsOf(view, kind);
  const labelOf = (component: Component) => {
    const label = labels.get(componentKey(component));
    return label ? LABEL_STYLES[label].name : '';
  };
  const labelled: Field = { group: 'Component', column: { title: 'label', kind: 'text' }, value: labelOf };
  return [
    { group: 'Component', column: { title: 'layer', kind: 'count' }, value: ([layer]) => layer },
    { group: 'Component', column: { title: kind.slice(0, -1), kind: 'count' }, value: ([, index]) => index },
    ...(labels.size > 0 ? [labelled] : []),
    ...(view.asPublished ? publishedFields(view, kind) : scoreFields(view, kind)),
  ];
}

function publishedFields(view: StudyView, kind: Kind): Field[] {
  return [
    ...methodFields(view, kind, 'ap', 'Patching, published indexing'),
    ...methodFields(view, kind, 'ig', 'Integrated gradients, published means'),
  ];
}

function scoreFields(view: StudyView, kind: Kind): Field[] {
  return [
    ...methodFields(view, kind, 'ap', 'Activation patching'),
    ...methodFields(view, kind, 'ig', 'Integrated gradients'),
    ...view.directions.flatMap((direction) =>
      arrayField('Gain', float(direction, `gain, ${direction}`), scoreOf(view, `gain.${direction}.${kind}`)),
    ),
    ...view.directions.flatMap((direction) => ledgerFields(view, kind, direction)),
  ];
}

/** Neighbouring fields of one group, counted. */
function groupsOf(fields: readonly Field[]): [string, number][] {
  const groups: [string, number][] = [];
  for (const { group } of fields) {
    const last = groups.at(-1);
    if (last?.[0] === group) last[1]++;
    else groups.push([group, 1]);
  }
  return groups;
}

/** All heads, or the strongest neurons, with every number that the study has for them. */
export function componentTable(view: StudyView, kind: Kind): string {
  const { layers } = view.study.shape;
  const width = view.study.shape[kind];
  const order = strongest([layers, width], largestEffect(view, kind));
  const shown = order.slice(0, kind === 'heads' ? order.length : TOP_NEURONS);
  const fields = fieldsOf(view, kind);
  const id = `table-${kind}`;
  const which =
    shown.length < order.length
      ? `the ${shown.length} of ${formatCount(order.length)} with the largest patching effect in either direction`
      : `all ${formatCount(order.length)}, the largest patching effect first`;
  return `<div class="tools"><span>${kind}: ${which}. Click a column to sort.</span>
<label hidden><input type="checkbox" data-digits="${id}"> show all digits</label></div>
${tableHtml({
  id,
  caption: `Table of ${kind}`,
  columns: fields.map((field) => field.column),
  groups: groupsOf(fields),
  rows: shown.map((component) => fields.map((field) => field.value(component))),
})}`;
}

/** The completeness gap of every layer. */
export function gapTable({ study }: StudyView): string {
  const series = DIRECTIONS.flatMap((direction) =>
    KINDS.flatMap((kind) => {
      const gaps = study.completeness_gap[direction]?.[kind];
      return gaps ? [{ title: `${kind}, ${direction}`, gaps }] : [];
    }),
  );
  if (series.length === 0) return '<p>The study has none.</p>';
  return tableHtml({
    id: 'table-gaps',
    caption: 'Completeness gaps per layer',
    columns: [
      { title: 'layer', kind: 'count' },
      ...series.map(({ title }) => ({ title, kind: 'float' as const })),
    ],
    rows: Array.from({ length: study.shape.layers }, (_, layer) => [
      layer,
      ...series.map(({ gaps }) => gaps[layer] ?? Number.NaN),
    ]),
  });
}

/** Time and memory of every phase but the one that makes the page: `report` then gives the same page again. */
export function phaseTable({ study }: StudyView): string {
  return tableHtml({
    id: 'table-phases',
    caption: 'Time and memory',
    columns: [
      { title: 'phase', kind: 'text' },
      { title: 'seconds', kind: 'float' },
      { title: 'peak memory, MB', kind: 'float' },
    ],
    rows: study.phases
      .filter(({ name }) => name !== PAGE_PHASE)
      .map(({ name, seconds, peak_bytes }) => [name, seconds, peak_bytes / 1e6]),
  });
}
