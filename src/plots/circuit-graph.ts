/**
 * The strongest components as a graph: layers from bottom to top, token positions from left to right, the prompt below
 * and the answer above; one panel for each direction.
 */
import * as Plot from '@observablehq/plot';
import type { CircuitEdge, CircuitGraph, CircuitNode, EdgeKind } from '../circuit/circuit.ts';
import { escapeXml } from '../xml.ts';
import { checkSome } from './check.ts';
import { type CircuitLayout, layoutCircuit, type PlacedNode, TOKEN_HEIGHT } from './circuit-layout.ts';
import { type Figure, figure } from './figure.ts';
import { symbolLegend } from './legend.ts';
import { nameMark } from './marks.ts';
import {
  FONT_SIZE,
  INK,
  LABEL_STYLES,
  labelsAmong,
  labelStyle,
  RULE,
  SOFT_INK,
  UNLABELLED,
} from './palette.ts';
import { gridPanel, type Panel, plotPanel, textPanel } from './panel.ts';
import { type Box, placeLabels } from './place-labels.ts';
import { componentName, formatNumber, shorten, textWidth, visibleToken } from './text.ts';
import { type Direction, singular } from '../terms.ts';

export interface CircuitGraphOptions {
  name: string;
  title: string;
  subtitle: string;
  caption: string;
  graph: CircuitGraph;
  notes?: readonly string[];
}

/** Kinds that are drawn, with the dashes of their lines. `through` estimates what `via` measures. */
const DASHES: Readonly<Partial<Record<EdgeKind, string>>> = { via: '', interaction: '5,4', direct: '1,3' };
const NAMES: Readonly<Partial<Record<EdgeKind, string>>> = {
  via: 'via: effect of the lower node that needs the upper',
  interaction: 'interaction',
  direct: 'direct write to the answer',
};
const POSITIVE = '#b2182b';
const NEGATIVE = '#2166ac';
/** At most so many edges of a kind are drawn in a panel, the strongest. */
const MOST_EDGES: Readonly<Partial<Record<EdgeKind, number>>> = { via: 16, interaction: 12, direct: 8 };
const LONGEST_TOKEN = 14;

/** Draws the graph, a panel for each of its directions. */
export function circuitFigure(options: CircuitGraphOptions): Figure {
  const { graph, notes = [], ...words } = options;
  checkSome('nodes', graph.nodes);
  const layout = layoutCircuit(graph);
  const panels = graph.directions.flatMap((direction) => [
    [
      textPanel([`${direction}: the ${run(direction)} prompt is run and patched`], {
        bold: true,
        width: layout.width,
      }),
    ],
    [directionPanel(graph, direction, layout)],
  ]);
  const body = gridPanel([[legends(graph)], ...panels], 10, 6);
  const cut = graph.directions
    .map((direction) => graph.edges.filter(isOf(direction)).length - drawn(graph, direction).length)
    .reduce((sum, count) => sum + count, 0);
  const more = cut > 0 ? [`${cut} weaker edges above the thresholds are not drawn.`] : [];
  return figure({ ...words, body, notes: [...notes, ...more] });
}

const run = (direction: Direction) => (direction === 'noising' ? 'clean' : 'corrupted');
const isOf = (direction: Direction) => (edge: CircuitEdge) =>
  edge.direction === direction && edge.kind in DASHES;

/** The edges of a panel, the weakest first: strong ones lie on top. */
function drawn(graph: CircuitGraph, direction: Direction): CircuitEdge[] {
  const kinds = Object.entries(MOST_EDGES) as [EdgeKind, number][];
  return kinds
    .flatMap(([kind, most]) =>
      graph.edges.filter((edge) => edge.kind === kind && edge.direction === direction).slice(0, most),
    )
    .sort((a, b) => Math.abs(a.share) - Math.abs(b.share));
}

function directionPanel(graph: CircuitGraph, direction: Direction, layout: CircuitLayout): Panel {
  const largest = Math.max(0.2, ...graph.nodes.flatMap(({ e }) => Object.values(e).map(Math.abs)));
  const radius = ({ e }: CircuitNode) => 3.5 + 9 * Math.sqrt(Math.abs(e[direction] ?? 0) / largest);
  const nodes = layout.nodes;
  const shown = drawn(graph, direction);
  const width = Math.max(0.1, ...graph.edges.map(({ share }) => Math.abs(share)));
  const lines = shown.map((edge) => edgePath(edge, layout, width)).join('');
  const marks = plotPanel({
    width: layout.width,
    height: layout.height,
    margin: 0,
    x: { type: 'identity', axis: null },
    y: { type: 'identity', axis: null },
    r: { type: 'identity' },
    symbol: { type: 'identity' },
    color: { type: 'identity' },
    marks: [
      Plot.dot(nodes, {
        x: 'x',
        y: 'y',
        r: (d: PlacedNode) => radius(d.node),
        symbol: (d: PlacedNode) => labelStyle(d.node.label).symbol,
        fill: (d: PlacedNode) => (d.node.kind === 'heads' ? labelStyle(d.node.label).color : '#ffffff'),
        stroke: (d: PlacedNode) => (d.node.kind === 'heads' ? '#ffffff' : labelStyle(d.node.label).color),
        strokeWidth: (d: PlacedNode) => (d.node.kind === 'heads' ? 0.8 : 1.8),
        title: (d: PlacedNode) => describe(d.node),
      }),
      ...nodeNames(layout, direction, radius, shown),
    ],
  });
  const content = `${grid(graph, layout)}<g fill="none">${lines}</g>${marks.content}${ends(graph, direction, layout)}`;
  return { width: layout.width, height: layout.height, content };
}

function describe({ kind, component, label, e }: CircuitNode): string {
  const name = `${singular(kind)} ${componentName(kind, component)}`;
  const effects = Object.entries(e).map(([direction, value]) => `${direction} ${formatNumber(value)}`);
  return `${name}${label ? `, ${LABEL_STYLES[label].name}` : ''}: e ${effects.join(', ')}`;
}

/** Lines of the layers with their numbers, and of the columns. */
function grid(graph: CircuitGraph, { rows, columns, width, left, top, bottom }: CircuitLayout): string {
  const lines = rows.map(
    ({ y, layer }) =>
      `<line x1="${left}" x2="${width}" y1="${y}" y2="${y}" stroke="#ececec"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${layer}</text>`,
  );
  const columnLines = columns
    .filter(({ position }) => position !== undefined)
    .map(({ x }) => `<line x1="${x}" x2="${x}" y1="${top}" y2="${bottom}" stroke="#f3f3f3"/>`);
  const middle = (top + bottom) / 2;
  const title =
    graph.layers > 0
      ? `<text transform="translate(10,${middle}) rotate(-90)" text-anchor="middle">layer</text>`
      : '';
  return `<g font-size="${FONT_SIZE - 1}" fill="${SOFT_INK}">${columnLines.join('')}${lines.join('')}${title}</g>`;
}

/** The prompt below, with what differs in bold, and the answer above. */
function ends(graph: CircuitGraph, direction: Direction, layout: CircuitLayout): string {
  const texts = layout.columns.map(({ x, position }) => {
    const at = `translate(${x + 4},${layout.height - TOKEN_HEIGHT + 14}) rotate(-42)`;
    if (position === undefined) return `<text transform="${at}" text-anchor="end" fill="${RULE}">…</text>`;
    const token = graph.tokens[position]!;
    const differs = token.clean !== token.corrupted;
    const text = escapeXml(shorten(visibleToken(token[run(direction)]), LONGEST_TOKEN));
    return `<text transform="${at}" text-anchor="end"${differs ? ' font-weight="bold"' : ` fill="${SOFT_INK}"`}>${text}</text>`;
  });
  const [answer, wrong] = graph.logits;
  const { x, y } = layout.answer;
  const name =
    answer && wrong
      ? `${shorten(visibleToken(answer.text), LONGEST_TOKEN)} − ${shorten(visibleToken(wrong.text), LONGEST_TOKEN)}`
      : '';
  const wide = textWidth(name, FONT_SIZE) + 12;
  const left = Math.min(x - wide / 2, layout.width - wide);
  const box =
    name === ''
      ? ''
      : `<rect x="${left}" y="${y - 10}" width="${wide}" height="20" rx="4" fill="#ffffff" stroke="${INK}"/><text x="${left + wide / 2}" y="${y + 4}" text-anchor="middle">${escapeXml(name)}</text>`;
  return `<g font-size="${FONT_SIZE}" fill="${INK}">${texts.join('')}${box}</g>`;
}

interface Arc {
  from: { x: number; y: number };
  control: { x: number; y: number };
  to: { x: number; y: number };
}

/** Bends of an arc as parts of its length, the best first. */
const BENDS = [0.14, 0.3, -0.14, -0.3, 0.45, -0.45];
/** An arc so near to another node would seem to end there. */
const NEAR = 13;

/** An arc from below to above, with the first bend that keeps it off other nodes. */
function arcOf(edge: CircuitEdge, layout: CircuitLayout): Arc | undefined {
  const from = layout.placeOf.get(edge.source);
  const to = layout.placeOf.get(edge.target);
  if (!from || !to) return undefined;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  // A via and an interaction of the same two lie on different sides.
  const side = edge.kind === 'interaction' ? -1 : 1;
  const arcs = BENDS.map((bend): Arc => {
    // Near the edge of the panel arcs must not leave it.
    const x = Math.min(layout.width - 4, Math.max(layout.left, (from.x + to.x) / 2 - side * bend * dy));
    return { from, control: { x, y: (from.y + to.y) / 2 + side * bend * dx }, to };
  });
  const others = layout.nodes.filter(({ node }) => node.id !== edge.source && node.id !== edge.target);
  const isFree = (arc: Arc) =>
    boxesAlong(arc).every(({ left, top }) =>
      others.every(({ x, y }) => Math.hypot(left + 2 - x, top + 2 - y) > NEAR),
    );
  return arcs.find(isFree) ?? arcs[0];
}

function edgePath(edge: CircuitEdge, layout: CircuitLayout, largest: number): string {
  const arc = arcOf(edge, layout);
  if (!arc) return '';
  const { from, control, to } = arc;
  const size = Math.sqrt(Math.abs(edge.share) / largest);
  const look = [
    `stroke="${edge.share > 0 ? POSITIVE : NEGATIVE}"`,
    `stroke-opacity="${(0.35 + 0.5 * size).toFixed(2)}"`,
    `stroke-width="${(0.8 + 3.4 * size).toFixed(2)}"`,
    ...(DASHES[edge.kind] ? [`stroke-dasharray="${DASHES[edge.kind]}"`] : []),
  ];
  const title = `${edge.kind} ${edge.source} → ${edge.target}: ${formatNumber(edge.share)} of D`;
  const points = [from, control, to].map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  return `<path d="M${points[0]}Q${points[1]} ${points[2]}" ${look.join(' ')}><title>${escapeXml(title)}</title></path>`;
}

/** Small boxes along an arc, so that names keep off it. */
function boxesAlong({ from, control, to }: Arc): Box[] {
  return Array.from({ length: 19 }, (_, i) => {
    const t = (i + 1) / 20;
    const at = (axis: 'x' | 'y') =>
      (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * control[axis] + t ** 2 * to[axis];
    return { left: at('x') - 2, right: at('x') + 2, top: at('y') - 2, bottom: at('y') + 2 };
  });
}

/** Names beside nodes, the strongest first: off the edges where there is room, else upon them. */
function nodeNames(
  layout: CircuitLayout,
  direction: Direction,
  radius: (node: CircuitNode) => number,
  edges: readonly CircuitEdge[],
): Plot.Markish[] {
  const named = [...layout.nodes].sort(
    (a, b) => Math.abs(b.node.e[direction] ?? 0) - Math.abs(a.node.e[direction] ?? 0),
  );
  const boxes = layout.nodes.map(({ x, y, node }) => {
    const r = radius(node);
    return { left: x - r, right: x + r, top: y - r, bottom: y + r };
  });
  const labels = named.map(({ x, y, node }) => {
    const text = componentName(node.kind, node.component);
    return { x, y, text, width: textWidth(text, FONT_SIZE - 1) };
  });
  const bounds = { width: layout.width, height: layout.bottom + 14, line: 12, radius: 9 };
  const lines = edges.flatMap((edge) => {
    const arc = arcOf(edge, layout);
    return arc ? boxesAlong(arc) : [];
  });
  // A name that would have to stand apart is better read upon an edge, beside its node.
  const free = placeLabels(labels, layout.nodes, bounds, [...boxes, ...lines]).filter(
    ({ leader }) => !leader,
  );
  const names = new Set(free.map(({ text }) => text));
  const taken = free.map(({ x, y, dx, dy, width }) => ({
    left: x + dx,
    right: x + dx + width,
    top: y + dy - 6,
    bottom: y + dy + 6,
  }));
  const rest = labels.filter(({ text }) => !names.has(text));
  const placed = [...free, ...placeLabels(rest, layout.nodes, bounds, [...boxes, ...taken])];
  return placed.map((label) => nameMark(label, label, FONT_SIZE - 1));
}

/** Labels that occur, and the lines of edges that occur. */
function legends(graph: CircuitGraph): Panel {
  const styles = labelsAmong(graph.nodes.map(({ label }) => label)).map(labelStyle);
  if (graph.nodes.some(({ label }) => !label)) styles.push(UNLABELLED);
  if (graph.nodes.some(({ kind }) => kind === 'neurons'))
    styles.push({ ...UNLABELLED, name: 'outline: neuron', hollow: true });
  const kinds = (Object.keys(DASHES) as EdgeKind[]).filter((kind) =>
    graph.edges.some((e) => e.kind === kind),
  );
  const samples: [string, string, string][] = [
    ...kinds.map((kind): [string, string, string] => [NAMES[kind]!, SOFT_INK, DASHES[kind]!]),
    ['share above 0', POSITIVE, ''],
    ['share below 0', NEGATIVE, ''],
  ];
  return gridPanel([[symbolLegend(styles, 'row')], [lineLegend(samples)]], 0, 2);
}

function lineLegend(samples: readonly (readonly [name: string, color: string, dash: string])[]): Panel {
  let x = 0;
  const parts = samples.map(([name, color, dash]) => {
    const start = x;
    x += textWidth(name, FONT_SIZE) + 38;
    const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
    return `<line x1="${start}" x2="${start + 24}" y1="10" y2="10" stroke="${color}" stroke-width="2.4"${dashes}/><text x="${start + 30}" y="14">${name}</text>`;
  });
  const content = `<g font-size="${FONT_SIZE}" fill="${INK}">${parts.join('')}</g>`;
  return { width: Math.ceil(x), height: 20, content };
}
