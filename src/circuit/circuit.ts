/**
 * The graph of a pair's strongest components, as data: what the figure draws and the exports write.
 *
 * Values are in units of F as the study stored them; shares are the same values divided by D:
 *   via, through, direct: -value / D in noising, value / D in denoising; above 0: it carries the effect of the pair.
 *   interaction: value / D in both directions; above 0 as for an AND, below 0 as for an OR; a backup: below 0 in noising.
 * The shares of an edge's kind overlap and do not add up to anything.
 */
import { type Component, type Contrast, type Direction, type Kind, singular } from '../terms.ts';
import type { MetricJson, PromptJson } from '../results/run-json.ts';
import type { Label, PerDirection } from '../results/study-json.ts';

export const CIRCUIT_SCHEMA = 'mediators/circuit@1';

/**
 * Kinds of edge. `via`: the part of the source's effect that needs the target (exact). `interaction`: what patching
 * both does beyond the two alone (exact; has no direction: it is stored once, the earlier component as source).
 * `through`: a first-order estimate of what passes through the target. `direct`: the source's own write, read by the
 * unembedding with the base run's norm; it ends at the answer's node and is a part of F, answer minus wrong.
 */
export const EDGE_KINDS = ['via', 'interaction', 'through', 'direct'] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

export interface CircuitThresholds {
  /** Components whose larger |e| is below this are left out, but for partners of stronger ones. */
  minEffect: number;
  /** Edges whose |share| of D is below this are left out. */
  minEdge: Record<EdgeKind, number>;
  /** At most so many components, the strongest. */
  maxNodes: number;
}

export const DEFAULT_THRESHOLDS: Readonly<CircuitThresholds> = {
  minEffect: 0.02,
  minEdge: { via: 0.05, interaction: 0.05, through: 0.05, direct: 0.05 },
  maxNodes: 40,
};

/** A head or neuron. */
export interface CircuitNode {
  /** `head.9.6` or `neuron.3.120`. */
  id: string;
  kind: Kind;
  component: Component;
  /** Normalised effects of exact patching. */
  e: PerDirection<number>;
  label?: Label;
  /**
   * Why it is here. `effect`: its own |e| reaches the threshold. `partner`: no single score sees it, but a via or
   * interaction with a component that is seen does.
   */
  reason: 'effect' | 'partner';
  /** The larger |e|; for a partner its largest |share|. Nodes are ordered by it. */
  strength: number;
  /** Token position of the largest |score| of integrated gradients, either direction; null where all are 0. */
  position: number | null;
  /** |score| there, divided by the sum of |scores| over positions, same direction; 0 without a position. */
  positionShare: number;
}

/** A token of the prompts. */
export interface TokenNode {
  /** `token.5` */
  id: string;
  position: number;
  clean: string;
  corrupted: string;
}

/** One of the two tokens of the metric. */
export interface LogitNode {
  /** `logit.answer` or `logit.wrong` */
  id: string;
  token: number;
  text: string;
  /** Probability after each prompt; absent where the study has no logits. */
  probability: { clean?: number; corrupted?: number };
}

export interface CircuitEdge {
  kind: EdgeKind;
  direction: Direction;
  /** Ids of nodes. */
  source: string;
  target: string;
  /** In units of F. */
  value: number;
  /** Of D, signed. */
  share: number;
}

/** How much the thresholds left out. */
export interface LeftOut {
  /** Components below `minEffect` that are no partners either. */
  weakComponents: number;
  /** Components that qualify, beyond `maxNodes`. */
  furtherComponents: number;
  /** Edges between the nodes of the graph, not 0 and below `minEdge`. */
  weakEdges: PerDirection<Partial<Record<EdgeKind, number>>>;
}

export interface CircuitGraph {
  schema: string;
  /** Version of mediators that made the study. */
  version: string;
  model: string;
  layers: number;
  heads: number;
  prompts: { clean: PromptJson; corrupted: PromptJson };
  contrast: Contrast;
  metric: MetricJson;
  directions: Direction[];
  /** Kinds of edge for which the folder has values. */
  edgeKinds: EdgeKind[];
  thresholds: CircuitThresholds;
  /** The strongest first. */
  nodes: CircuitNode[];
  tokens: TokenNode[];
  /** The answer, then the wrong token; empty for metrics without. */
  logits: LogitNode[];
  /** By direction, then kind, the largest |share| first. */
  edges: CircuitEdge[];
  leftOut: LeftOut;
}

/** The id of a component's node. */
export function nodeId(kind: Kind, [layer, index]: Component): string {
  return `${singular(kind)}.${layer}.${index}`;
}

/** The signed share of D; see the head of this file. */
export function shareOf(kind: EdgeKind, direction: Direction, value: number, D: number): number {
  return kind !== 'interaction' && direction === 'noising' ? -value / D : value / D;
}
