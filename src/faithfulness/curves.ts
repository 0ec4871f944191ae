/**
 * Faithfulness curves: circuits of ten sizes from scores of one list of pairs, run on another, beside random circuits of the
 * same sizes and the complement of each circuit. Plain data, ready for JSON.
 */
import { type EdgeGraph } from '../attribution/edges/edge-graph.ts';
import { InputError } from '../errors.ts';
import { circuitSize, type CircuitSize, complementOf, type EdgeCircuit, weightedTotal } from './circuit.ts';
import { areasOf, CURVE_SIZES, mean, shareOf } from './faithfulness.ts';
import {
  countOf,
  edgeCircuits,
  type NestedCircuits,
  nodeCircuits,
  scoredNodes,
  type Select,
  type SelectionMethod,
} from './nested.ts';
import { asLargeAs, DRAWS, randomEdgeOrders, randomNodeOrders } from './random.ts';
import { circuitMetrics, type CircuitMetrics, type PairSource, type RunCircuitsOptions } from './run.ts';

export const LEVELS = ['edges', 'nodes'] as const;
export type Level = (typeof LEVELS)[number];

export interface CurveOptions extends RunCircuitsOptions {
  /** What the scores are of: [nodes, receivers] or [nodes]; default edges. */
  readonly level?: Level;
  /** Default `signed`. */
  readonly select?: Select;
  /** Default `top_n`, the only one for nodes. */
  readonly method?: SelectionMethod;
  /** Shares of the edges (nodes), growing; default CURVE_SIZES. */
  readonly sizes?: readonly number[];
  /** Random circuits of each size; default 5. */
  readonly draws?: number;
  /** Of the random circuits; default 0. */
  readonly seed?: number;
}

export interface CurvePoint extends CircuitSize {
  /** Share of the edges (nodes) that was asked for; of a random circuit or a complement: of the circuit beside it. */
  readonly k: number;
  /** Edges (nodes) before pruning. */
  readonly asked: number;
  /** null where the mean D is too small to divide by. */
  readonly f: number | null;
  /** Mean F over the pairs. */
  readonly mean: number;
  /** F of each pair. */
  readonly values: readonly number[];
}

export interface Curve {
  readonly points: readonly CurvePoint[];
  /** null where an f is. */
  readonly cpr: number | null;
  readonly cmd: number | null;
}

export interface FaithfulnessCurves {
  /** `<scores>.<level>.<select>.<method>` */
  readonly name: string;
  readonly level: Level;
  readonly select: Select;
  readonly method: SelectionMethod;
  /** Of the whole graph. */
  readonly graph: { readonly nodes: number; readonly edges: number; readonly weightedEdges: number };
  /** Pairs that the circuits ran on. */
  readonly n: number;
  /** F of each pair. */
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly circuit: Curve;
  readonly complement: Curve;
  /** One curve a draw. */
  readonly random: readonly Curve[];
  readonly seed: number;
}

/** Circuits that are run together at one size. */
interface AtSize {
  readonly k: number;
  readonly circuit: EdgeCircuit;
  readonly complement: EdgeCircuit;
  readonly random: readonly EdgeCircuit[];
}

/**
 * The curves of scores on pairs that the scores do not come from. `scores`: higher is better (`pooledScores`); `name` says
 * what they are.
 * Throws InputError for an empty data set, scores that do not fit the graph and bad options; CancelledError.
 */
export async function faithfulnessCurves(
  pairs: PairSource,
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  name: string,
  options: CurveOptions = {},
): Promise<FaithfulnessCurves> {
  if (pairs.size === 0)
    throw new InputError('expected at least one pair to run circuits on, got an empty list');
  const { level = 'edges', select = 'signed', method = 'top_n', seed = 0 } = options;
  const sizes = circuitsAt(graph, scores, options);
  const all = sizes.flatMap(({ circuit, complement, random }) => [circuit, complement, ...random]);
  const metrics = await circuitMetrics(pairs, all, options);
  const rows = new Map(all.map((circuit, i) => [circuit, metrics.circuits[i]!]));
  const curve = (of: (at: AtSize) => EdgeCircuit) =>
    curveOf(sizes.map((at) => pointOf(at.k, of(at), rows.get(of(at))!, metrics)));
  return {
    name: `${name}.${level}.${select}.${method}`,
    level,
    select,
    method,
    graph: { nodes: graph.nodes.length, edges: graph.size, weightedEdges: weightedTotal(graph) },
    n: pairs.size,
    clean: metrics.clean,
    corrupted: metrics.corrupted,
    circuit: curve(({ circuit }) => circuit),
    complement: curve(({ complement }) => complement),
    random: (sizes[0]?.random ?? []).map((_, draw) => curve(({ random }) => random[draw]!)),
    seed,
  };
}

/** The circuits of every size, their complements and random circuits. */
function circuitsAt(graph: EdgeGraph, scores: ArrayLike<number>, options: CurveOptions): AtSize[] {
  const { sizes = CURVE_SIZES } = options;
  const { circuits, random } = familiesOf(graph, scores, options);
  return sizes.map((k) => {
    const circuit = circuits.of(countOf(circuits, { k }));
    const { weightedEdges } = circuitSize(circuit);
    return {
      k,
      circuit,
      complement: complementOf(circuit),
      random: random.map((each) => asLargeAs(each, weightedEdges)),
    };
  });
}

function familiesOf(
  graph: EdgeGraph,
  scores: ArrayLike<number>,
  { level = 'edges', select, method, draws = DRAWS, seed = 0 }: CurveOptions,
): { circuits: NestedCircuits; random: NestedCircuits[] } {
  if (level === 'edges') {
    const circuits = edgeCircuits(graph, scores, { select, method });
    return { circuits, random: randomEdgeOrders(graph, { draws, seed, method }) };
  }
  if (level !== 'nodes')
    throw new InputError(`expected ${LEVELS.join(' or ')} for level, got ${JSON.stringify(level)}`);
  if (method === 'greedy')
    throw new InputError('expected top_n for circuits of nodes, got greedy; it is defined over edges');
  const circuits = nodeCircuits(graph, scores, { select });
  return { circuits, random: randomNodeOrders(graph, scoredNodes(graph, scores), { draws, seed }) };
}

function pointOf(
  k: number,
  circuit: EdgeCircuit,
  values: readonly number[],
  metrics: CircuitMetrics,
): CurvePoint {
  const f = shareOf(values, metrics);
  return {
    k,
    asked: circuit.asked,
    ...circuitSize(circuit),
    f: Number.isNaN(f) ? null : f,
    mean: mean(values),
    values,
  };
}

function curveOf(points: readonly CurvePoint[]): Curve {
  const known = points.flatMap(({ k, f }) => (f === null ? [] : [{ k, f }]));
  return { points, ...(known.length === points.length ? areasOf(known) : { cpr: null, cmd: null }) };
}
