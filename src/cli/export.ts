/**
 * `mediators export`: the graph of a study's strongest components in a form that other programs read.
 */
import { Command, Option } from '@commander-js/extra-typings';
import { type CircuitGraph, EDGE_KINDS, type EdgeKind } from '../circuit/circuit.ts';
import { toViewerJson, VIEWER_EDGES } from '../circuit/viewer-json.ts';
import { InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';
import { DIRECTIONS } from '../terms.ts';
import { numberFrom, wholeNumber } from './values.ts';

const FORMATS = ['viewer', 'graphml'] as const;

const EXAMPLES = `
Examples:
  mediators export mediators-study --out circuit.json
  mediators export mediators-study --direction denoising --min-edge 0.1 > circuit.json
  mediators export mediators-study --format graphml --min-edge via=0.05,through=0.1 --out circuit.graphml

viewer: JSON for the viewers of attribution graphs (circuit-tracer, Neuronpedia): one direction and one kind of link.
graphml: GraphML 1.0 for networkx, Gephi, Cytoscape, yEd: all directions and kinds.
docs/export.md says what a link means.`;

/** `mediators export`. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write the graph of the strongest components of a finished study; needs no model')
    .argument('<folder>', 'the folder of a study')
    .addOption(
      new Option('--format <format>', 'form of the graph').choices(FORMATS).default('viewer' as const),
    )
    .option('--out <file>', 'file to write, replaced where it exists (default: stdout)')
    .option(
      '--min-effect <e>',
      'leave out components whose larger |e| is below this, but for partners of others (default: 0.02)',
      numberFrom('--min-effect', 0),
    )
    .option(
      '--min-edge <share>',
      `leave out edges whose |share| of D is below this: one number, or some of ${EDGE_KINDS.join(', ')} as via=0.05,through=0.1 (default: 0.05)`,
      minEdge,
    )
    .option(
      '--max-nodes <n>',
      'at most so many components, the strongest (default: 40)',
      wholeNumber('--max-nodes', 1),
    )
    .addOption(
      new Option(
        '--direction <direction>',
        "of the viewer's links (default: noising where it was run)",
      ).choices(DIRECTIONS),
    )
    .addOption(
      new Option('--edges <kind>', "what the viewer's links are (default: via, else through)").choices(
        VIEWER_EDGES,
      ),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (folder, { format, out, direction, edges, ...thresholds }) => {
      if (format === 'graphml' && (direction ?? edges) !== undefined) {
        throw new InputError(
          'expected --direction and --edges with --format viewer only, got --format graphml; leave them out: GraphML holds all of them',
        );
      }
      const { openStudy } = await import('../results/read.ts');
      const { circuitGraph } = await import('../circuit/graph.ts');
      const { toGraphml } = await import('../circuit/graphml.ts');
      const graph = await circuitGraph(await openStudy(folder), thresholds);
      const view = { ...(direction && { direction }), ...(edges && { edges }) };
      const text =
        format === 'graphml' ? toGraphml(graph) : `${JSON.stringify(toViewerJson(graph, view), null, 2)}\n`;
      if (out === undefined) {
        process.stdout.write(text);
      } else {
        const { writeTextAtomic } = await import('../files.ts');
        await writeTextAtomic(out, text);
        process.stdout.write(`${summary(graph)}\ngraph: ${out}\n`);
      }
    }) as unknown as Command;
}

/** What is in the graph, and what the thresholds left out. */
function summary({ nodes, edges, leftOut }: CircuitGraph): string {
  const partners = nodes.filter(({ reason }) => reason === 'partner').length;
  const seen = partners > 0 ? ` (${partners} seen in pairs only)` : '';
  const weak = Object.values(leftOut.weakEdges).flatMap((counts) => Object.values(counts));
  return [
    `${nodes.length} components${seen}, ${edges.length} edges of all kinds and directions`,
    `left out: ${leftOut.weakComponents + leftOut.furtherComponents} components, ${weak.reduce((sum, n) => sum + n, 0)} edges`,
  ].join('\n');
}

const share = numberFrom('--min-edge', 0);

/** `0.1`, or `via=0.05,through=0.1`. */
function minEdge(text: string): number | Partial<Record<EdgeKind, number>> {
  if (!text.includes('=')) return share(text);
  const least: Partial<Record<EdgeKind, number>> = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    const kind = EDGE_KINDS.find((known) => known === name);
    if (kind === undefined || least[kind] !== undefined) {
      throw new InputError(
        `expected some of ${EDGE_KINDS.join(', ')} for --min-edge, each once, such as via=0.05,through=0.1, got ${shown(text)}`,
      );
    }
    least[kind] = share(value);
  }
  return least;
}
