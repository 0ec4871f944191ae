/** The section of a survey's page on set ablations. */
import { componentName } from '../../plots/text.ts';
import type { AblationsJson, SetControlJson } from '../../results/ablations-json.ts';
import { isComparable, setLabel } from '../../results/ablations-words.ts';
import type { SurveyJson } from '../../results/survey-json.ts';
import { float, number, words } from '../html/columns.ts';
import { type CellValue, type Column, definitionsHtml, tableHtml } from '../html/html.ts';
import { noneLabelled, PAIRS_COLUMN, SET_NAMES, whyNoLabels } from './words.ts';

/** Tables and what their words mean; figures stand above them. */
export function ablationSection(survey: SurveyJson, ablations: AblationsJson): string {
  return [effectsTable(survey, ablations), takeoverTable(survey, ablations), definitionsHtml(TERMS)].join(
    '\n',
  );
}

function effectsTable(survey: SurveyJson, { effects }: AblationsJson): string {
  const rows = effects
    .filter(({ n }) => n > 0)
    .map((row): CellValue[] => [
      SET_NAMES[row.pairs],
      row.kind,
      row.direction,
      setLabel(row.set, row.method),
      row.n,
      row.clusters,
      row.size,
      row.e,
      row.low,
      row.high,
      ...controlCells(row.random),
      ...controlCells(row.matched),
    ]);
  if (rows.length === 0) return `<p>No set has members: ${whyNoMembers(survey, effects)}.</p>`;
  return tableHtml({
    id: 'table-ablations',
    caption: 'Sets against random sets',
    columns: [
      PAIRS_COLUMN,
      words('kind'),
      words('direction'),
      words('set'),
      number('n'),
      number('clusters'),
      float('size', 'mean number of members'),
      float('e', 'pooled effect of the set'),
      float('low', '95% interval over clusters'),
      float('high', '95% interval over clusters'),
      ...controlColumns('random'),
      ...controlColumns('matched'),
    ],
    rows,
  });
}

/** Sets of highlights have members wherever two methods highlight anything. */
function whyNoMembers(survey: SurveyJson, effects: AblationsJson['effects']): string {
  const labels = whyNoLabels(survey) ?? noneLabelled('component', survey);
  const highlights = effects.some(({ method }) => method !== null);
  return highlights && survey.clusters.count > 1 ? `${labels}, and none is highlighted by them` : labels;
}

function controlColumns(rule: string): Column[] {
  return [
    float(`${rule} e`, 'pooled effect of the mean random set'),
    float(
      `${rule} within`,
      'mean share of a random set that lies in the set itself; from 0.5 on no difference is told',
    ),
    float(`less ${rule}`, 'pooled effect of the set less that of its random sets'),
    float(`low, ${rule}`, '95% interval of the difference'),
    float(`high, ${rule}`, '95% interval of the difference'),
    float(
      `adjusted p, ${rule}`,
      'sign-flip test over clusters, Benjamini-Hochberg over all rows of these pairs',
    ),
  ];
}

function controlCells(control: SetControlJson | null): CellValue[] {
  if (!control) return Array.from({ length: 6 }, () => Number.NaN);
  const { e, within, difference, difference_low, difference_high, p_adjusted } = control;
  const compared = [difference, difference_low, difference_high, p_adjusted];
  return [e, within, ...(isComparable(control) ? compared : compared.map(() => Number.NaN))];
}

function takeoverTable(survey: SurveyJson, ablations: AblationsJson): string {
  const rows = ablations.takeover.flatMap(({ direction, components }) =>
    components.map(({ component, before, after, growth, low, high, n }): CellValue[] => [
      direction,
      componentName('heads', component),
      n,
      before,
      after,
      growth,
      low,
      high,
    ]),
  );
  if (rows.length === 0)
    return `<p>Who takes over was not measured: ${whyNoTakeover(survey, ablations)}.</p>`;
  return tableHtml({
    id: 'table-takeover',
    caption: 'Heads that do more when the labelled heads are ablated',
    columns: [
      words('direction'),
      words('head'),
      number('n'),
      float('e before', 'pooled effect of the head alone'),
      float('e after', 'the same in the run in which the labelled heads are ablated'),
      float('growth'),
      float('low', '95% interval over clusters'),
      float('high', '95% interval over clusters'),
    ],
    rows,
  });
}

function whyNoTakeover(survey: SurveyJson, { options, takeover }: AblationsJson): string {
  if (options.takeover === 0) return 'it was not asked for';
  if (!survey.options.components.includes('heads')) return 'the survey has no heads';
  if (takeover.length > 0) return 'no head that is left has a pooled effect';
  return whyNoLabels(survey) ?? noneLabelled('head', survey);
}

const TERMS: [string, string][] = [
  [
    'Set',
    'By pooled labels, or by what exact patching (ap) and another method highlight in one direction. A pair’s sets come from the folds that do not hold its cluster; a pair whose set is empty is left out of its row.',
  ],
  [
    'Random, matched',
    'Random sets have as many members in every layer. Matched ones exchange each member for another with nearly the same own change (a factor of e^0.25 at most); a member without such another keeps its place. “Within” tells how much of a random set lies in the set itself: from 0.5 on it is compared with itself for the greater part, so that no difference and no p are told.',
  ],
  [
    'Effect of a set',
    'By the metric that labels read. Effects of sets do not add up: backups and gates show in sets alone.',
  ],
];
