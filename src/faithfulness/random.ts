/**
 * Random circuits: what a circuit's scores are worth.
 *
 * Edges (or nodes) are drawn in random order; the first n make the circuit, by the same rule (top_n or greedy) and pruned
 * likewise. n is the smallest for which what is left after pruning is as large as the circuit that it is compared with
 * (weighted edges): n random edges alone would lose nearly all of themselves to pruning, and be no match.
 */
import type { EdgeGraph } from '../attribution/edges/edge-graph.ts';
import { InputError } from '../errors.ts';
import { permutation, seededRandom } from '../stats/random.ts';
import { circuitSize, type EdgeCircuit, placesOf } from './circuit.ts';
import { edgesInOrder, type NestedCircuits, nodesInOrder, type SelectionMethod } from './nested.ts';

export interface RandomOptions {
  /** How many; default 5. */
  readonly draws?: number;
  /** A whole number of 32 bits; draw i has seed + i. Default 0. */
  readonly seed?: number;
  /** Default `top_n`. */
  readonly method?: SelectionMethod;
}

export const DRAWS = 5;

/** Random circuits of edges, each at least as large as the given one and as little larger as its order allows. */
export function randomCircuits(circuit: EdgeCircuit, options: RandomOptions = {}): EdgeCircuit[] {
  const { weightedEdges } = circuitSize(circuit);
  return randomEdgeOrders(circuit.graph, options).map((circuits) => asLargeAs(circuits, weightedEdges));
}

/** The circuits of each draw. Throws InputError for draws that are no whole number from 0 on. */
export function randomEdgeOrders(
  graph: EdgeGraph,
  { draws = DRAWS, seed = 0, method = 'top_n' }: RandomOptions = {},
): NestedCircuits[] {
  const places = placesOf(graph);
  return ordersOf(places, draws, seed).map((order) => edgesInOrder(graph, order, method));
}

/** The same of nodes: `nodes` are those that have a score, the others are always in. */
export function randomNodeOrders(
  graph: EdgeGraph,
  nodes: readonly number[],
  { draws = DRAWS, seed = 0 }: RandomOptions = {},
): NestedCircuits[] {
  return ordersOf(nodes, draws, seed).map((order) => nodesInOrder(graph, order));
}

function ordersOf(items: readonly number[], draws: number, seed: number): number[][] {
  if (!Number.isSafeInteger(draws) || draws < 0) {
    throw new InputError(`expected a whole number of random circuits from 0 on, got ${draws}`);
  }
  return Array.from({ length: draws }, (_, draw) =>
    permutation(seededRandom(seed + draw), items.length).map((at) => items[at]!),
  );
}

/** The first of nested circuits that has this many weighted edges; circuits that hold one another never shrink. */
export function asLargeAs(circuits: NestedCircuits, weightedEdges: number): EdgeCircuit {
  let [low, high] = [0, circuits.items];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (circuitSize(circuits.of(middle)).weightedEdges >= weightedEdges) high = middle;
    else low = middle + 1;
  }
  return circuits.of(low);
}
