/** `report.html` of a survey. */
import type { Figure } from '../../plots/figure.ts';
import { labelStyle, labelsText } from '../../plots/palette.ts';
import { componentName, formatCount } from '../../plots/text.ts';
import type { AblationsJson } from '../../results/ablations-json.ts';
import { approximateMethods, type SurveyJson } from '../../results/survey-json.ts';
import { capital } from '../../words.ts';
import { ablationSection } from './ablation-section.ts';
import { float, number, words } from '../html/columns.ts';
import { figuresHtml } from '../html/figure-html.ts';
import { type CellValue, definitionsHtml, escape, listHtml, tableHtml } from '../html/html.ts';
import { leftOutHtml } from '../html/left-out.ts';
import { commandHtml, provenanceTable } from '../html/provenance.ts';
import { shellHtml } from '../html/shell.ts';
import { agreementHtml, comparisonsHtml, disagreementHtml } from './agreement.ts';
import { methodFigureNames } from './agreement-figures.ts';
import { limits, noneLabelled, PAIRS_COLUMN, SET_NAMES, whyNoLabels } from './words.ts';

/** The whole page. */
export function surveyPageHtml(
  survey: SurveyJson,
  figures: readonly Figure[],
  ablations?: AblationsJson,
): string {
  const named = (...names: string[]) => figuresHtml(figures.filter(({ name }) => names.includes(name)));
  const { task, options, shape } = survey;
  return shellHtml({
    title: `Survey: ${task.name} on ${survey.model.id}`,
    lead: `What ${options.components.join(' and ')} do over ${survey.n} pairs of prompts, with intervals and controls.`,
    facts: [
      ['pairs', String(survey.n)],
      ['clusters', String(survey.clusters.count)],
      ['contrast', task.contrast],
      ['metric', task.metric.replaceAll('_', ' ')],
      ['methods', options.methods.join(', ').replaceAll('_', ' ')],
      ['layers × heads', `${shape.layers} × ${shape.heads}`],
      ['neurons a layer', formatCount(shape.neurons)],
      ['tau', String(options.tau)],
    ],
    sections: [
      { id: 'findings', title: 'What was found', html: listHtml(survey.findings) },
      {
        id: 'answers',
        title: 'How the model answers',
        html: joined(answersHtml(survey), named('survey-metric', 'survey-d')),
      },
      {
        id: 'effects',
        title: 'Pooled effects',
        html: named('survey-heads', 'survey-heads-strongest', 'survey-neurons-strongest'),
      },
      {
        id: 'labels',
        title: 'Labels, and how far they hold',
        html: `${named('survey-heads-directions', 'survey-neurons-directions')}\n${labelsHtml(survey)}`,
      },
      {
        id: 'gains',
        title: 'Do labelled components act on others more?',
        html: `${named('survey-gains')}\n${gainsHtml(survey)}`,
      },
      {
        id: 'agreement',
        title: 'How far approximations agree',
        html: joined(
          named('survey-agreement', 'survey-overlap'),
          agreementHtml(survey),
          comparisonsHtml(survey),
        ),
      },
      { id: 'disagreement', title: 'Where approximations disagree', html: disagreement(survey, named) },
      ...(ablations
        ? [ablationsSection(survey, ablations, named('survey-ablations', 'survey-takeover'))]
        : []),
      { id: 'left-out', title: 'What was left out', html: leftOutHtml(survey) },
      { id: 'reading', title: 'How to read this', html: readingHtml(survey) },
      { id: 'provenance', title: 'Provenance', html: provenanceHtml(survey) },
    ],
    version: survey.versions.mediators ?? '',
  });
}

/** The first method's figures, those of others folded away, then the table of all. */
function disagreement(survey: SurveyJson, named: (...names: string[]) => string): string {
  const all = survey.sets.find(({ set }) => set === 'all');
  const methods = all ? approximateMethods(all) : [];
  const figures = methods.map((method, i) => {
    const own = named(...methodFigureNames(survey, method));
    return i === 0 || own === ''
      ? own
      : `<details><summary>Figures of ${escape(method)}</summary>${own}</details>`;
  });
  return joined(...figures, disagreementHtml(survey));
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n');
}

function ablationsSection(survey: SurveyJson, ablations: AblationsJson, figures: string) {
  return {
    id: 'ablations',
    title: 'Whole sets ablated at once',
    html: `${figures}\n${ablationSection(survey, ablations)}`,
  };
}

function answersHtml({ sets }: SurveyJson): string {
  return tableHtml({
    id: 'table-answers',
    caption: 'How the model answers',
    columns: [
      PAIRS_COLUMN,
      number('n'),
      number('clusters'),
      float('solved', 'share of pairs that the model solves'),
      float('first', 'share of clean prompts whose likeliest next token is a right answer'),
      float('median rank', 'of the right answer on the clean prompt, from 0'),
      float('probability', 'of the right answers on the clean prompt, mean'),
      float('F clean'),
      float('F corrupted'),
      float('D'),
      number('small D'),
    ],
    rows: sets.map(({ set, answers }): CellValue[] => [
      SET_NAMES[set],
      answers.n,
      answers.clusters,
      answers.accuracy,
      answers.first,
      answers.median_rank,
      answers.probability,
      answers.clean,
      answers.corrupted,
      answers.D,
      answers.small_d,
    ]),
  });
}

function labelsHtml({ sets }: SurveyJson): string {
  const rows = sets.flatMap(({ set, labels }) =>
    labels.flatMap(({ kind, components }) =>
      components.map(
        ({ component, label, noising, denoising, same_in_pairs, same_in_draws }): CellValue[] => [
          SET_NAMES[set],
          kind,
          componentName(kind, component),
          labelStyle(label).name,
          noising,
          denoising,
          same_in_pairs,
          same_in_draws,
        ],
      ),
    ),
  );
  if (rows.length === 0)
    return '<p>No component is labelled. Labels need exact patching in both directions, a D that is not small, and a pooled effect of tau or more.</p>';
  return tableHtml({
    id: 'table-labels',
    caption: 'Labelled components',
    columns: [
      PAIRS_COLUMN,
      words('kind'),
      words('component'),
      words('label'),
      float('e noising', 'pooled'),
      float('e denoising', 'pooled'),
      float('same in pairs', 'share of pairs whose own label is the same'),
      float('same in draws', 'share of bootstrap draws of clusters that give the same label'),
    ],
    rows,
  });
}

function gainsHtml(survey: SurveyJson): string {
  const { sets } = survey;
  const rows = sets.flatMap(({ set, gains }) =>
    gains
      .filter(({ labelled }) => labelled > 0)
      .map((row): CellValue[] => [
        SET_NAMES[set],
        row.kind,
        row.direction,
        labelsText(row.labels),
        row.controls.replaceAll('_', ' '),
        row.n,
        row.clusters,
        `${row.matched} of ${row.labelled}`,
        row.mean,
        limits(row),
        row.r,
        row.p,
        row.p_adjusted,
        row.stand_ins?.sets ?? Number.NaN,
        row.stand_ins?.p ?? Number.NaN,
        row.stand_ins?.smallest_p ?? Number.NaN,
      ]),
  );
  if (rows.length === 0) return `<p>Nothing to compare: ${whyNoGains(survey)}.</p>`;
  return tableHtml({
    id: 'table-gains',
    caption: 'Labelled components against controls',
    columns: [
      PAIRS_COLUMN,
      words('kind'),
      words('direction'),
      words('labels'),
      words('controls'),
      number('n'),
      number('clusters'),
      words('with control'),
      float('mean', 'difference of log gains'),
      words('interval'),
      float('r', 'matched-pairs rank-biserial correlation over clusters'),
      float('p', 'two-sided sign-flip test over clusters'),
      float('adjusted p', 'Benjamini-Hochberg over all rows of these pairs'),
      number('sets', 'of components of the same layers (and own change)'),
      float('p over components', 'two-sided share of these sets that are at least as far out; not adjusted'),
      float('smallest possible', 'no data could give a smaller p over components'),
    ],
    rows,
  });
}

function whyNoGains(survey: SurveyJson): string {
  if (!survey.options.gains) return 'gains were not computed';
  return whyNoLabels(survey) ?? noneLabelled('component', survey);
}

function readingHtml({ task, has_twin, clusters, options }: SurveyJson): string {
  const terms: [string, string][] = [
    [
      'Pooled effect',
      'Sum over pairs of what patching the component changes, over the sum of D = F clean − F corrupted. A ratio of sums: pairs with a small D weigh little. 1: the whole difference between the prompts.',
    ],
    [
      'Interval',
      `95%, by the bootstrap over independent clusters (${clusters.rule}): what other clusters of the same kind might give. It says nothing of other tasks or models. With few clusters it is too narrow.`,
    ],
    [
      'Labels',
      `${task.contrast === 'swap' ? 'In a swap “noising only” and “denoising only” stand in place of AND and OR: they depend on which prompt is called clean.' : 'AND: breaking it breaks the task, restoring it alone does not; OR: the other way round.'} From exact patching only${has_twin ? ', by log-sum-exp of logits: probabilities saturate and fake asymmetry' : ''}. Unlabelled never means inactive.`,
    ],
    [
      'Gain',
      'How much a component changes all others at the last token, for each unit by which its own write changed. A component that merely changed more does not win by it.',
    ],
    [
      'r, p',
      'r: matched-pairs rank-biserial correlation of the clusters’ differences, from −1 to 1. p: two-sided sign-flip test over clusters, adjusted for all rows by Benjamini and Hochberg. Under 8 clusters there is none. Over prompts: the labelled components are taken as given.',
    ],
    [
      'p over components',
      'Each labelled component is exchanged for another of its layer (and own change), the same in all pairs: the share of such sets whose mean log gain is as far out. It asks whether the label tells something, or these few components do.',
    ],
    [
      'Calibration',
      'Exact effects are on the whole so many times a method’s scores: the slope of the line through the origin. Large effects decide it.',
    ],
    [
      'Line, band, limits',
      'Lines are least squares. A line has a band (95%, for the mean) only where its points are independent of one another: pairs, or means of clusters; components of one model are not. Limits of differences are their 2.5% and 97.5% quantiles.',
    ],
    [
      'Overlap',
      `Of the components that either highlights, the share that both do; 1 where both highlight none. Both highlight what lies above the ${options.quantile} quantile of sizes, so some overlap is chance: its mean stands beside it.`,
    ],
  ];
  return definitionsHtml(terms);
}

function provenanceHtml(survey: SurveyJson): string {
  const processors = survey.processors.map(capital).join(', ');
  return `${provenanceTable(survey, [['processors', processors]])}\n${commandHtml('survey', survey.command)}`;
}
