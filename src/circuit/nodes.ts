/**
 * Which components are in the graph: those with the largest effect, and those that no single score sees but whose
 * pair with one of them is strong (a hidden backup has e = 0 in both directions and is found this way).
 */
import { LABELS, type PerDirection } from '../results/study-json.ts';
import type { StudyResults } from '../results/read.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Component, DIRECTIONS, type Direction, type Kind, KINDS } from '../terms.ts';
import { type CircuitNode, type CircuitThresholds, nodeId, shareOf } from './circuit.ts';
import { PAIR_KINDS, type PairTable } from './pairs.ts';

export interface ChosenNodes {
  nodes: CircuitNode[];
  weak: number;
  further: number;
}

type Candidate = Pick<CircuitNode, 'id' | 'kind' | 'component' | 'e' | 'reason' | 'strength'>;

/** Chooses components by `minEffect`, `minEdge` of via and interaction, and `maxNodes`. */
export function chooseNodes(
  results: StudyResults,
  table: PairTable,
  thresholds: CircuitThresholds,
): ChosenNodes {
  const all = KINDS.flatMap((kind) => candidates(results, kind));
  const seen = all.filter(({ strength }) => strength >= thresholds.minEffect);
  const partners = partnersOf(new Set(seen.map(({ id }) => id)), table, thresholds, results.study.metric.D);
  const hidden = all.flatMap((candidate): Candidate[] => {
    const strength = candidate.strength < thresholds.minEffect ? partners.get(candidate.id) : undefined;
    return strength === undefined ? [] : [{ ...candidate, reason: 'partner', strength }];
  });
  const order = [...seen, ...hidden].sort((a, b) => b.strength - a.strength || compare(a, b));
  const labels = labelsOf(results);
  const nodes = order.slice(0, thresholds.maxNodes).map((candidate): CircuitNode => {
    const label = labels.get(candidate.id);
    return { ...candidate, ...(label && { label }), ...placeOf(results, candidate) };
  });
  return { nodes, weak: all.length - order.length, further: order.length - nodes.length };
}

/** From the input to the output: by layer, heads before neurons, by index. */
export function compare(
  a: Pick<CircuitNode, 'kind' | 'component'>,
  b: Pick<CircuitNode, 'kind' | 'component'>,
): number {
  return (
    a.component[0] - b.component[0] ||
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    a.component[1] - b.component[1]
  );
}

function candidates({ study, scores }: StudyResults, kind: Kind): Candidate[] {
  const arrays = DIRECTIONS.flatMap((direction) => {
    const ap = study.components.includes(kind) ? scores.get(`ap.${direction}.${kind}`) : undefined;
    return ap ? [{ direction, ap }] : [];
  });
  const [layers = 0, width = 0] = arrays[0]?.ap.shape ?? [];
  return Array.from({ length: layers * width }, (_, i) => {
    const component: Component = [Math.floor(i / width), i % width];
    const e: PerDirection<number> = {};
    // A normalised effect has the sign of a part of it.
    for (const { direction, ap } of arrays)
      e[direction] = shareOf('via', direction, ap.data[i]!, study.metric.D);
    const strength = Math.max(...Object.values(e).map(Math.abs));
    return { id: nodeId(kind, component), kind, component, e, reason: 'effect', strength };
  });
}

/** The largest |share| of a strong via or interaction with one of the `seen`, of every component that has one. */
function partnersOf(
  seen: ReadonlySet<string>,
  { ids, values }: PairTable,
  { minEdge }: CircuitThresholds,
  D: number,
): Map<string, number> {
  const best = new Map<string, number>();
  const isSeen = ids.map((id) => seen.has(id));
  for (const direction of DIRECTIONS) {
    for (const kind of PAIR_KINDS) {
      const array = values(direction, kind);
      const least = minEdge[kind] * Math.abs(D);
      array?.forEach((value, at) => {
        const [row, column] = [Math.floor(at / ids.length), at % ids.length];
        const size = Math.abs(value);
        if (!(size >= least) || size === 0 || isSeen[row] === isSeen[column]) return;
        const id = ids[isSeen[row] ? column : row]!;
        best.set(id, Math.max(size / Math.abs(D), best.get(id) ?? 0));
      });
    }
  }
  return best;
}

function labelsOf({ study }: StudyResults): Map<string, (typeof LABELS)[number]> {
  const labels = new Map<string, (typeof LABELS)[number]>();
  for (const kind of KINDS) {
    for (const label of LABELS) {
      for (const component of study.labels[kind]?.[label] ?? []) labels.set(nodeId(kind, component), label);
    }
  }
  return labels;
}

/** Where a component acts most, by integrated gradients. */
function placeOf(
  { scores }: StudyResults,
  { kind, component }: Candidate,
): Pick<CircuitNode, 'position' | 'positionShare'> {
  let largest = 0;
  let place: Pick<CircuitNode, 'position' | 'positionShare'> = { position: null, positionShare: 0 };
  for (const direction of DIRECTIONS) {
    const sizes = positionSizes(scores, direction, kind, component);
    const sum = sizes.reduce((total, size) => total + size, 0);
    sizes.forEach((size, position) => {
      if (!(size > largest)) return;
      largest = size;
      place = { position, positionShare: size / sum };
    });
  }
  return place;
}

/** |score| of one component at every position. */
function positionSizes(
  scores: ReadonlyMap<string, Tensor>,
  direction: Direction,
  kind: Kind,
  [layer, index]: Component,
): number[] {
  const array = scores.get(`ig.${direction}.${kind}.positions`);
  if (!array) return [];
  const [, positions = 0, width = 0] = array.shape;
  return Array.from({ length: positions }, (_, position) =>
    Math.abs(array.data[(layer * positions + position) * width + index]!),
  );
}
