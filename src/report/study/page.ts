/** `report.html`: one page that opens offline, with everything in it. */
import type { FigureSection, ReportFigure } from './figures.ts';
import { guideHtml } from './guide.ts';
import { figuresHtml } from '../html/figure-html.ts';
import { escape } from '../html/html.ts';
import { formatNumber } from '../../plots/text.ts';
import { partnersHtml } from './partners.ts';
import { provenanceTable } from '../html/provenance.ts';
import { publishedBanner } from './published.ts';
import { type Section, shellHtml } from '../html/shell.ts';
import { summaryHtml } from './summary.ts';
import { componentTable, gapTable, phaseTable } from './tables.ts';
import type { StudyView } from './view.ts';

/** The whole page. */
export function pageHtml(view: StudyView, figures: readonly ReportFigure[]): string {
  return shellHtml({
    title: `Mediators study: ${view.study.model.id}`,
    lead: promptsLine(view),
    facts: factsOf(view),
    banner: publishedBanner(view),
    sections: sectionsOf(view, figures),
    version: view.study.versions.mediators ?? '',
  });
}

function promptsLine({ study }: StudyView): string {
  const { clean, corrupted } = study.pair;
  const prompt = ({ text, ids }: typeof clean) => `“${escape(text ?? `ids ${ids.join(' ')}`)}”`;
  return `${prompt(clean)} against ${prompt(corrupted)}`;
}

function factsOf({ study, unit }: StudyView): [string, string][] {
  const { shape, metric, pair } = study;
  return [
    ['F, clean run', formatNumber(metric.clean, 4)],
    ['F, corrupted run', formatNumber(metric.corrupted, 4)],
    [`D (${unit})`, formatNumber(metric.D, 4)],
    ['contrast', pair.contrast],
    ['layers × heads', `${shape.layers} × ${shape.heads}`],
    ['neurons a layer', String(shape.neurons)],
  ];
}

function sectionsOf(view: StudyView, figures: readonly ReportFigure[]): Section[] {
  const drawn = (section: FigureSection) =>
    figuresHtml(figures.filter((figure) => figure.section === section));
  return [
    { id: 'summary', title: 'Summary', html: summaryHtml(view) },
    { id: 'warnings', title: 'Warnings', html: warningsHtml(view) },
    { id: 'pair', title: 'The pair', html: drawn('pair') },
    { id: 'heads', title: 'Heads', html: drawn('heads') },
    {
      id: 'partners',
      title: 'Who carries the effect, through whom, and who backs whom up',
      html: partnersHtml(view, drawn('partners')),
    },
    { id: 'circuit', title: 'The circuit', html: drawn('circuit') },
    { id: 'effects', title: 'Heads on heads', html: drawn('effects') + absentHtml(view) },
    { id: 'ledger', title: 'Ledger', html: drawn('ledger') },
    { id: 'gains', title: 'Gains', html: drawn('gains') },
    { id: 'neurons', title: 'Neurons', html: drawn('neurons') },
    { id: 'reading', title: 'How to read this', html: guideHtml(view) },
    { id: 'tables', title: 'Tables', html: tablesHtml(view) },
    { id: 'gaps', title: 'Completeness', html: gapsHtml(view) },
    { id: 'provenance', title: 'Provenance', html: provenanceHtml(view) },
    { id: 'reproduce', title: 'Do it again', html: reproduceHtml(view) },
  ];
}

function warningsHtml({ study }: StudyView): string {
  const notices = study.lint.map(
    ({ code, message }) => `<p class="notice"><code>${escape(code)}</code> ${escape(message)}</p>`,
  );
  return notices.length > 0 ? notices.join('\n') : '<p>None.</p>';
}

function absentHtml({ study }: StudyView): string {
  if (study.arrays_absent.length === 0) return '';
  const names = study.arrays_absent.map((name) => `<code>${escape(name)}</code>`).join(', ');
  return `<p>Too large to be written whole, so that only their summaries per layer and their strongest targets are stored: ${names}. Figures that need them are left out; <code>--full</code> writes them.</p>`;
}

function tablesHtml(view: StudyView): string {
  const names = view.asPublished
    ? { heads: 'Every head, as published', neurons: 'Neurons, as published' }
    : { heads: 'Every head', neurons: 'The strongest neurons' };
  return view.kinds.map((kind) => `<h3>${names[kind]}</h3>\n${componentTable(view, kind)}`).join('\n');
}

function gapsHtml(view: StudyView): string {
  return `<p>How far the scores of a layer’s integrated gradients, summed, are from the exact change of F when the whole layer is patched (${view.unit}). Small gaps mean that the quadrature is fine enough.</p>\n${gapTable(view)}`;
}

function provenanceHtml(view: StudyView): string {
  const options = Object.entries(view.study.options).map(
    ([name, value]) => [`option ${name}`, JSON.stringify(value) ?? ''] as const,
  );
  return `${provenanceTable(view.study, options)}
<h3>Time and memory</h3>
${phaseTable(view)}`;
}

function reproduceHtml({ study }: StudyView): string {
  return `<p>This command makes the study again; <code>mediators report</code> with its folder rebuilds figures and page from the result files.</p>\n<pre>${escape(study.command)}</pre>`;
}
