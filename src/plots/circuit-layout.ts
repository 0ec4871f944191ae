/** Where the nodes of a circuit stand: a row for each layer that has some, a column for each token that matters. */
import type { CircuitGraph, CircuitNode } from '../circuit/circuit.ts';

export interface PlacedNode {
  node: CircuitNode;
  x: number;
  y: number;
}

export interface CircuitLayout {
  width: number;
  height: number;
  /** Frame of the components. */
  left: number;
  top: number;
  bottom: number;
  rows: { layer: number; y: number }[];
  /** Without a position: tokens that are left out. */
  columns: { position?: number; x: number }[];
  nodes: PlacedNode[];
  /** By node id, the answer included. */
  placeOf: ReadonlyMap<string, { x: number; y: number }>;
  answer: { x: number; y: number };
}

/** Height of the tokens below. */
export const TOKEN_HEIGHT = 84;
const WIDTH = 900;
const LEFT = 54;
const RIGHT = 26;
const ROW = 46;
const TOP = 62;
const SLOT = 46;
const NARROW = 30;
const GAP = 24;
/** Prompts up to this length keep all tokens. */
const MOST_TOKENS = 24;

/** The layout of a graph; the same for both directions, so that panels can be compared. */
export function layoutCircuit(graph: CircuitGraph): CircuitLayout {
  const last = graph.tokens.length - 1;
  const positionOf = (node: CircuitNode) => node.position ?? last;
  const cells = new Map<string, CircuitNode[]>();
  for (const node of graph.nodes) {
    const key = `${node.component[0]},${positionOf(node)}`;
    cells.set(key, [...(cells.get(key) ?? []), node]);
  }
  const layers = [...new Set(graph.nodes.map(({ component }) => component[0]))].sort((a, b) => a - b);
  const bottom = TOP + ROW * (layers.length - 1) + 22;
  const rows = layers.map((layer, i) => ({ layer, y: bottom - 22 - i * ROW }));
  const fullest = (position: number) =>
    Math.max(0, ...layers.map((layer) => cells.get(`${layer},${position}`)?.length ?? 0));
  const columns = columnsOf(graph, fullest);
  const nodes = rows.flatMap(({ layer, y }) =>
    columns.flatMap(({ position, x, width }) => {
      const here = cells.get(`${layer},${position}`) ?? [];
      const inOrder = [...here].sort(
        (a, b) => a.kind.localeCompare(b.kind) || a.component[1] - b.component[1],
      );
      const step = Math.min(SLOT, width / Math.max(1, here.length));
      return inOrder.map((node, i) => ({
        node,
        x: x + (i - (here.length - 1) / 2) * step,
        // Neighbours stand a little apart in height too, so that edges between them can be seen.
        y: y + (i % 2 === 0 ? 0 : 9),
      }));
    }),
  );
  const answer = { x: columns.at(-1)!.x, y: 14 };
  const placeOf = new Map<string, { x: number; y: number }>(
    nodes.map(({ node, x, y }) => [node.id, { x, y }]),
  );
  const [logit] = graph.logits;
  if (logit) placeOf.set(logit.id, answer);
  return {
    width: WIDTH,
    height: bottom + TOKEN_HEIGHT,
    left: LEFT,
    top: TOP - 20,
    bottom,
    rows,
    columns: columns.map(({ position, x }) => ({ x, ...(position !== undefined && { position }) })),
    nodes,
    placeOf,
    answer,
  };
}

interface Column {
  position?: number;
  x: number;
  width: number;
}

/** Columns share the width by what stands in them. Long prompts keep what has nodes, what differs, and the ends. */
function columnsOf({ tokens }: CircuitGraph, fullest: (position: number) => number): Column[] {
  const short = tokens.length <= MOST_TOKENS;
  const wanted: { position?: number; weight: number }[] = [];
  for (const { position, clean, corrupted } of tokens) {
    const count = fullest(position);
    const kept =
      short || count > 0 || clean !== corrupted || position === 0 || position === tokens.length - 1;
    if (kept) wanted.push({ position, weight: Math.max(NARROW, count * SLOT + (count > 1 ? 8 : 0)) });
    else if (wanted.at(-1)?.position !== undefined) wanted.push({ weight: GAP });
  }
  const scale = (WIDTH - LEFT - RIGHT) / wanted.reduce((sum, { weight }) => sum + weight, 0);
  let start = LEFT;
  return wanted.map(({ position, weight }) => {
    const width = weight * scale;
    start += width;
    return { ...(position !== undefined && { position }), x: start - width / 2, width };
  });
}
