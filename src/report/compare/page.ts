/** `report.html` of a comparison. */
import type { Figure } from '../../plots/figure.ts';
import type { ComparedSurveyJson, ComparisonJson } from '../../results/comparison-json.ts';
import { pairedSection } from './paired.ts';
import {
  agreementTable,
  answersTable,
  changesTable,
  componentsTable,
  countsTable,
  differencesTable,
  gainsTable,
  labelTables,
} from './tables.ts';
import { figuresHtml } from '../html/figure-html.ts';
import { definitionsHtml, listHtml } from '../html/html.ts';
import { commandHtml, rowsTable } from '../html/provenance.ts';
import { shellHtml } from '../html/shell.ts';

/** The whole page. */
export function comparisonPageHtml(comparison: ComparisonJson, figures: readonly Figure[]): string {
  const named = (part: string) => figuresHtml(figures.filter(({ name }) => name.endsWith(part)));
  const { a, b } = comparison;
  const both = (html: string[]) => html.filter((part) => part !== '').join('\n');
  return shellHtml({
    title: `Comparison: ${titleOf(a)} and ${titleOf(b)}`,
    lead: 'Two surveys side by side: what differs, and what holds in both.',
    facts: [a, b].flatMap((one): [string, string][] => [
      [`${one.name}: pairs`, `${one.n} in ${one.clusters} clusters`],
      [`${one.name}: task`, `${one.task}, ${one.contrast}`],
      [`${one.name}: layers × heads`, `${one.shape.layers} × ${one.shape.heads}`],
    ]),
    sections: [
      { id: 'findings', title: 'What was found', html: listHtml(comparison.findings) },
      {
        id: 'differences',
        title: 'What differs, and what cannot be compared',
        html: both([differencesTable(comparison), listHtml(comparison.limits)]),
      },
      { id: 'answers', title: 'How the models answer', html: answersTable(comparison) },
      {
        id: 'components',
        title: 'Component by component',
        html: both([
          named('-effects'),
          named('-difference'),
          named('-strongest'),
          componentsTable(comparison),
        ]),
      },
      { id: 'labels', title: 'How stable labels are', html: labelTables(comparison) },
      { id: 'changes', title: 'What changes most', html: changesTable(comparison) },
      { id: 'paired', title: 'Pairs that are in both', html: pairedSection(comparison) },
      { id: 'gains', title: 'Labelled components against controls', html: gainsTable(comparison) },
      { id: 'agreement', title: 'Agreement of methods', html: agreementTable(comparison) },
      {
        id: 'totals',
        title: 'Labels counted, and depth',
        html: both([named('-depth'), countsTable(comparison)]),
      },
      { id: 'reading', title: 'How to read this', html: definitionsHtml(terms(comparison)) },
      { id: 'provenance', title: 'Provenance', html: provenance(comparison) },
    ],
    version: comparison.versions.mediators ?? '',
  });
}

function titleOf({ name, task }: ComparedSurveyJson): string {
  return name.includes('(') ? name : `${name} (${task})`;
}

function terms({ same_clusters }: ComparisonJson): [string, string][] {
  const drawn = same_clusters
    ? 'Both surveys have the same clean prompts, so one draw of clusters serves both.'
    : 'Clusters of each survey are drawn independently, whatever prompts they share.';
  return [
    [
      'Pooled effect',
      'Exact patching by the metric that labels read: the sum over pairs of what patching changes, over the sum of D. Of a pair and its reverse the first alone counts.',
    ],
    [
      'Intervals',
      `95%, percentiles of the bootstrap over clusters. ${drawn} Draws are noisier than the surveys themselves, so that intervals of correlations, overlaps and kept labels may lie below the value. Each survey’s own answers have BCa intervals.`,
    ],
    [
      'Halves',
      'How well a survey repeats itself: the correlation of pooled effects of two random halves of its clusters, mean of 20 splits, for the whole length (Spearman and Brown). Two surveys of the same thing correlate by about the root of the product of both.',
    ],
    [
      'Limits of differences',
      'Between the 2.5% and 97.5% limits lie 95% of the differences of single components (Bland and Altman): they are no interval of a mean.',
    ],
    [
      'Kept labels',
      'At random: what is expected if the labels of the other survey were dealt to components at random, each as often as it is. Kappa (Cohen): 1 is the same label everywhere, 0 is chance; no label counts as a label.',
    ],
    [
      'A − B of gains',
      'Folds and labels stay as they are in every draw. That two intervals overlap, or do not, is no test; this interval is of the difference itself.',
    ],
    [
      'Not',
      'A claim about other models, tasks or contrasts. Components are not independent of one another: no p-value stands beside a correlation over components.',
    ],
  ];
}

function provenance({ a, b, command, versions }: ComparisonJson): string {
  const rows: [string, string][] = [
    ...[a, b].flatMap((one): [string, string][] => [
      [`${one.name}: folder`, one.folder],
      [`${one.name}: model`, one.model],
      [`${one.name}: sha256`, one.sha256],
      [`${one.name}: clusters`, one.rule],
    ]),
    ...Object.entries(versions).map(([name, version]): [string, string] => [`version of ${name}`, version]),
  ];
  return `${rowsTable(rows)}\n${commandHtml('comparison', command)}`;
}
