/** `report.html` of circuits' faithfulness. */
import type { Figure } from '../../plots/figure.ts';
import { formatCount } from '../../plots/text.ts';
import type { CurveJson, FaithfulnessJson, SideJson } from '../../results/faithfulness-json.ts';
import { capital } from '../../words.ts';
import { float, number, words } from '../html/columns.ts';
import { figuresHtml } from '../html/figure-html.ts';
import { type CellValue, definitionsHtml, escape, listHtml, tableHtml } from '../html/html.ts';
import { leftOutHtml } from '../html/left-out.ts';
import { commandHtml, provenanceTable } from '../html/provenance.ts';
import { shellHtml } from '../html/shell.ts';

/** The whole page. */
export function faithfulnessPageHtml(found: FaithfulnessJson, figures: readonly Figure[]): string {
  const { task, model, split, graph, options, shape } = found;
  return shellHtml({
    title: `Faithfulness of circuits: ${task.name} on ${model.id}`,
    lead: `How much of the effect of ${split.evaluation.n} pairs circuits carry that were chosen on ${split.scores.n} others, beside random circuits at least as large.`,
    facts: [
      ['pairs for scores', String(split.scores.n)],
      ['pairs for circuits', String(split.evaluation.n)],
      ['contrast', task.contrast],
      ['metric', task.metric.replaceAll('_', ' ')],
      ['direction of scores', options.direction],
      ['layers × heads', `${shape.layers} × ${shape.heads}`],
      ['edges', formatCount(graph.weighted_edges)],
    ],
    sections: [
      { id: 'findings', title: 'What was found', html: listHtml(found.findings) },
      { id: 'claims', title: 'What is claimed, and what is not', html: claimsHtml() },
      { id: 'curves', title: 'f by size', html: figuresHtml(figures) },
      { id: 'areas', title: 'Areas', html: areasHtml(found) },
      { id: 'sizes', title: 'Every circuit', html: sizesHtml(found) },
      { id: 'split', title: 'Two lists of pairs', html: splitHtml(found) },
      { id: 'left-out', title: 'What was left out', html: leftOutHtml(found) },
      { id: 'reading', title: 'How to read this', html: readingHtml(found) },
      { id: 'provenance', title: 'Provenance', html: provenanceHtml(found) },
    ],
    version: found.versions.mediators ?? '',
  });
}

function claimsHtml(): string {
  return `<p>A circuit claims: these connections do the task. It is tested by running the clean prompts with everything outside of it at its corrupted values, on pairs that it was not chosen by.</p>
${listHtml([
  'f = 1 does not make a circuit the mechanism: another of the same size may do as well, a much smaller one too. Compare with the random circuits.',
  'A complement with a high f does not refute the circuit: a model with backups has two ways, and each is enough.',
  'f is about this corrupted prompt: what both prompts share counts for nothing, and an edge that carries it may be left out for free.',
  'f above 1 is no better than 1: what works against the answer was left out. CPR rewards that, CMD does not.',
  'The best of several curves is named by the same pairs that it is tested on, which flatters it a little. The curves by themselves are not flattered.',
  'An interval tells what this circuit might do on other clusters of pairs of this task. It says nothing of other tasks or models, nor of how another choice of pairs would change the circuit.',
])}`;
}

function areasHtml({ curves, options: { draws } }: FaithfulnessJson): string {
  return `<p>Areas over k, by trapezoids between the sizes. Half of an area over all sizes lies between k = .5 and 1. Random: over ${draws} ${draws === 1 ? 'draw' : 'draws'}.</p>
${tableHtml({
  id: 'table-areas',
  caption: 'CPR and CMD',
  columns: [
    words('curve'),
    float('CPR', 'area under f: higher is better'),
    float('random', 'mean over draws'),
    float('least'),
    float('most'),
    float('CMD', 'area under |1 − f|: lower is better, 0 is best'),
    float('random', 'mean over draws'),
    float('least'),
    float('most'),
  ],
  rows: curves.map(({ name, cpr, cmd, random }) => [
    name,
    cpr,
    random.cpr.mean,
    random.cpr.least,
    random.cpr.most,
    cmd,
    random.cmd.mean,
    random.cmd.least,
    random.cmd.most,
  ]),
})}`;
}

function sizesHtml({ curves, graph }: FaithfulnessJson): string {
  return `<p>The whole graph has ${formatCount(graph.nodes)} nodes and ${formatCount(graph.weighted_edges)} edges as the benchmark counts them. Edges are what pruning leaves; random circuits have at least as many. An empty circuit and the whole graph have f = 0 and 1 up to rounding: they run through other programs than both prompts. Where 0 are asked, k is too small for one edge (node): the circuit is empty, the figures leave it out, and the areas keep it.</p>
${tableHtml({
  id: 'table-sizes',
  caption: 'f by size',
  columns: [
    words('curve'),
    float('k', 'share that was asked for'),
    number('asked', 'edges or nodes before pruning'),
    number('nodes', 'with an edge that leaves them, after pruning'),
    number('edges', 'after pruning, as the benchmark counts them'),
    float('share', 'of all edges'),
    float('f'),
    float('low', '95% interval over clusters'),
    float('high', '95% interval over clusters'),
    float('random f', 'mean over draws'),
    float('least'),
    float('most'),
    float('random edges', 'after pruning, mean over draws'),
    float('complement f', 'of all edges that the circuit does not have'),
  ],
  rows: curves.flatMap(sizeRows),
})}`;
}

function sizeRows({ name, points, random, complement }: CurveJson): CellValue[][] {
  return points.map(({ k, asked, nodes, weighted_edges, share, f, low, high }, i) => {
    const beside = random.points[i]!;
    return [
      name,
      k,
      asked,
      nodes,
      weighted_edges,
      share,
      f,
      low,
      high,
      beside.f,
      beside.least,
      beside.most,
      beside.weighted_edges,
      complement[i]!.f,
    ];
  });
}

function splitHtml({ split, options }: FaithfulnessJson): string {
  const { scores, evaluation, rule } = split;
  const row = (what: string, { n, clusters }: SideJson): CellValue[] => [what, n, clusters];
  return `<p>A circuit that was chosen and tested on the same pairs is flattered by both. Clusters (${escape(rule)}) go whole to one side, at random by seed ${options.seed}; a pair and its reverse stay together. Slots other than the first are not looked at: both sides may share a word there. <code>faithfulness.json</code> lists the rows of each.</p>
${tableHtml({
  id: 'table-split',
  caption: 'Two lists of pairs',
  columns: [words('for'), number('pairs'), number('clusters')],
  rows: [row('scores', scores), row('circuits', evaluation)],
})}
<p>On the pairs for circuits F is, on average:</p>
${tableHtml({
  id: 'table-answers',
  caption: 'How the model answers the pairs for circuits',
  columns: [float('F clean'), float('F corrupted'), float('D')],
  rows: [[evaluation.clean, evaluation.corrupted, evaluation.D]],
})}`;
}

function readingHtml({ options }: FaithfulnessJson): string {
  return definitionsHtml([
    [
      'f',
      '(mean F(circuit) − mean F(corrupted)) / (mean F(clean) − mean F(corrupted)): a ratio of means over the pairs, so that pairs with a large D weigh more. 1: as much effect as the whole model; 0: as much as the corrupted prompt.',
    ],
    ['k', 'The share of all edges (of scored nodes) that was asked for, before pruning.'],
    [
      'A curve’s name',
      'Where the scores come from, what they are of, how they are ordered, how they are taken: eap_ig_inputs.edges.absolute.greedy.',
    ],
    [
      'signed, absolute',
      'The highest scores, which leaves out what works against the task; or the largest of either sign.',
    ],
    [
      'top_n, greedy',
      'The best n; or n times the best that leads into what is already in, from the logits up. Pruning takes away what lies on no path from the embeddings to the logits; it changes no run.',
    ],
    [
      'Circuits of nodes',
      `Heads and MLPs whole. ${options.methods.includes('ap') ? 'ap patches each of them exactly, an MLP as one. ' : ''}The score of an MLP by attribution patching or EAP-IG is the sum of its neurons’ scores.`,
    ],
    [
      'Random circuits',
      'Edges (nodes) in random order, by the same rule, as many as leave at least as many edges after pruning.',
    ],
    ['CPR, CMD', 'Areas over k under f, and under |1 − f| (Mueller et al. 2025).'],
  ]);
}

function provenanceHtml(found: FaithfulnessJson): string {
  const processors = found.processors.map(capital).join(', ');
  const files =
    '<p><code>scores/</code> and <code>circuits/</code> hold scores and circuits as JSON of the Mechanistic Interpretability Benchmark.</p>';
  return `${provenanceTable(found, [['processors', processors]])}\n${files}\n${commandHtml('page and its files', found.command)}`;
}
