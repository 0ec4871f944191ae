/** The graph of the strongest components. */
import { circuitGraph } from '../../circuit/graph.ts';
import { circuitFigure } from '../../plots/circuit-graph.ts';
import type { Figure } from '../../plots/figure.ts';
import { formatNumber } from '../../plots/text.ts';
import { DIRECTIONS_TEXT } from './captions.ts';
import type { StudyView } from './view.ts';

/** So many components are drawn: more would not be readable. */
const DRAWN_NODES = 26;

/** The circuit; undefined for studies without mediation or without normalised effects. */
export async function circuitStudyFigure(view: StudyView): Promise<Figure | undefined> {
  const { results, normalised, asPublished, tau } = view;
  if (!normalised || asPublished || !(await results.mediation())) return undefined;
  const graph = await circuitGraph(results, { minEffect: tau, maxNodes: DRAWN_NODES });
  if (graph.nodes.length === 0) return undefined;
  const { minEdge } = graph.thresholds;
  const { weakComponents, furtherComponents } = graph.leftOut;
  const partners = graph.nodes.some(({ reason }) => reason === 'partner')
    ? ' A component that is too weak to be seen alone stands here because its via or interaction with another is strong.'
    : '';
  return circuitFigure({
    name: 'circuit',
    title: 'The strongest components and what passes between them',
    subtitle: `The size of a node is its |e| in the panel’s direction; edges from a share of ${formatNumber(minEdge.via)} of D on`,
    caption: `Each node is a head or neuron, named by layer and index; it stands above the token at which integrated gradients score it most, and below the components of later layers (layers without a node are left out). ${DIRECTIONS_TEXT} A line from a lower to a higher node is the part of the lower one’s effect that needs the higher one (via, exact). A broken line is what patching both does beyond the two alone (interaction, exact): above 0 in both directions for an AND, below 0 in both for an OR, below 0 in noising for a backup. A dotted line to the top is the component’s own direct write to the answer. Width is the share of D, colour its sign: above 0, a via or direct line carries the effect of the pair. The parts overlap, so they do not add up, and a missing line means only that the share is below the threshold.${partners}`,
    graph,
    notes: [
      `${weakComponents + furtherComponents} components are left out: ${weakComponents} with |e| below ${formatNumber(tau)} and no strong partner, ${furtherComponents} beyond the ${DRAWN_NODES} strongest. mediators export writes the graph with other thresholds.`,
    ],
  });
}
