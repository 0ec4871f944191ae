/**
 * A circuit as the JSON that viewers of attribution graphs read: those of circuit-tracer
 * (github.com/decoderesearch/circuit-tracer, `circuit_tracer/frontend/graph_models.py`) and Neuronpedia
 * (`apps/webapp/app/api/graph/graph-schema.json`).
 *
 * A link there has a source, a target and one weight, and viewers sum the weights that enter a node. One file
 * therefore holds one kind of edge in one direction; `direct` edges, a part of the same effect, go with `via` and
 * `through`. Weights are signed shares of D.
 */
import { InputError } from '../errors.ts';
import { type Direction, singular } from '../terms.ts';
import type { CircuitGraph, CircuitNode, EdgeKind, LogitNode } from './circuit.ts';

/** Kinds of edge that a viewer's file can be made of. */
export const VIEWER_EDGES = ['via', 'interaction', 'through'] as const;
export type ViewerEdges = (typeof VIEWER_EDGES)[number];

export interface ViewerOptions {
  /** Default: the first that the study has, noising before denoising. */
  direction?: Direction;
  /** Default: via, or through where the study has no via. */
  edges?: ViewerEdges;
}

export interface ViewerNode {
  node_id: string;
  /** One number for a layer and a component in it: see `cantor`. */
  feature: number;
  /** `E` for tokens, layers from 0, the number of layers + 1 for logits. */
  layer: string;
  ctx_idx: number;
  feature_type: 'attention head' | 'mlp neuron' | 'embedding' | 'logit';
  token_prob: number;
  is_target_logit: boolean;
  run_idx: number;
  reverse_ctx_idx: number;
  jsNodeId: string;
  /** The name that viewers show. */
  clerp: string;
  influence: number | null;
  activation: number | null;
}

export interface ViewerLink {
  source: string;
  target: string;
  weight: number;
}

export interface ViewerJson {
  metadata: {
    slug: string;
    scan: string;
    transcoder_list: string[];
    prompt_tokens: string[];
    prompt: string;
    schema_version: number;
    info: { description: string; generator: { name: string; version: string } };
    generation_settings: Record<string, string | number>;
    pruning_settings: Record<string, number>;
  };
  qParams: {
    pinnedIds: string[];
    supernodes: string[][];
    linkType: string;
    clickedId: string;
    sg_pos: string;
  };
  nodes: ViewerNode[];
  links: ViewerLink[];
}

/**
 * The viewers' form of a circuit. The tokens are those of the run that is patched: clean in noising.
 * Throws InputError for a direction or kind of edge that the study does not have.
 */
export function toViewerJson(graph: CircuitGraph, options: ViewerOptions = {}): ViewerJson {
  const { direction, edges } = resolve(graph, options);
  const run = direction === 'noising' ? 'clean' : 'corrupted';
  const tokens = graph.prompts[run].tokens;
  const last = tokens.length - 1;
  const named: [id: string, node: ViewerNode][] = [
    ...graph.tokens.map((token): [string, ViewerNode] => [
      token.id,
      embeddingNode(token.position, graph.prompts[run].ids[token.position] ?? 0),
    ]),
    ...graph.nodes.map((node): [string, ViewerNode] => [node.id, componentNode(graph, node, last)]),
    ...graph.logits.map((logit): [string, ViewerNode] => [
      logit.id,
      logitNode(graph, logit, logit.probability[run] ?? 0, last),
    ]),
  ];
  const ids = new Map(named.map(([id, node]) => [id, node.node_id]));
  const kinds: EdgeKind[] = edges === 'interaction' ? ['interaction'] : [edges, 'direct'];
  return {
    metadata: metadata(graph, direction, edges),
    qParams: { pinnedIds: [], supernodes: [], linkType: 'both', clickedId: '', sg_pos: '' },
    nodes: named.map(([, node]) => node),
    links: graph.edges
      .filter((edge) => edge.direction === direction && kinds.includes(edge.kind))
      .map(({ source, target, share }) => ({
        source: ids.get(source)!,
        target: ids.get(target)!,
        weight: share,
      })),
  };
}

function resolve(graph: CircuitGraph, options: ViewerOptions): { direction: Direction; edges: ViewerEdges } {
  const direction = options.direction ?? graph.directions[0];
  if (!direction || !graph.directions.includes(direction)) {
    throw new InputError(
      `expected a direction of the study (${graph.directions.join(', ') || 'none'}), got ${direction ?? 'none'}`,
    );
  }
  const there = VIEWER_EDGES.filter((kind) => graph.edgeKinds.includes(kind));
  const edges = options.edges ?? (there.includes('via') ? 'via' : 'through');
  if (!there.includes(edges)) {
    throw new InputError(
      `expected ${edges} edges, which this study does not have (it has: ${there.join(', ') || 'none'}); run it with ${edges === 'through' ? '--measures through' : '--mediation heads'} or choose other edges`,
    );
  }
  return { direction, edges };
}

/** A layer and an index within it as one number, reversible: the pairing of graph files with schema_version 1. */
function cantor(layer: number, index: number): number {
  return ((layer + index) * (layer + index + 1)) / 2 + index;
}

const RUN = { run_idx: 0, reverse_ctx_idx: 0, influence: null };

function embeddingNode(position: number, token: number): ViewerNode {
  return {
    node_id: `E_${token}_${position}`,
    feature: position,
    layer: 'E',
    ctx_idx: position,
    feature_type: 'embedding',
    token_prob: 0,
    is_target_logit: false,
    jsNodeId: `E_${token}-${position}`,
    clerp: '',
    activation: null,
    ...RUN,
  };
}

/** Within a layer heads are numbered from 0 and neurons go on after them, so that no two have one id. */
function componentNode({ heads }: CircuitGraph, node: CircuitNode, last: number): ViewerNode {
  const [layer, index] = node.component;
  const number = node.kind === 'heads' ? index : heads + index;
  const position = node.position ?? last;
  return {
    node_id: `${layer}_${number}_${position}`,
    feature: cantor(layer, number),
    layer: String(layer),
    ctx_idx: position,
    feature_type: node.kind === 'heads' ? 'attention head' : 'mlp neuron',
    token_prob: 0,
    is_target_logit: false,
    jsNodeId: `${layer}_${number}-0`,
    clerp: describe(node),
    activation: null,
    ...RUN,
  };
}

/** `head 9.6, and: e noising 0.310, denoising 0.040` */
function describe({ kind, component, label, e, reason }: CircuitNode): string {
  const name = `${singular(kind)} ${component.join('.')}`;
  const role = label ? `, ${label.replaceAll('_', ' ')}` : reason === 'partner' ? ', seen in pairs only' : '';
  const effects = Object.entries(e).map(([direction, value]) => `${direction} ${value.toFixed(3)}`);
  return `${name}${role}: e ${effects.join(', ')}`;
}

/** Viewers read the probability out of the name, so its form is fixed. */
function logitNode(
  { layers }: CircuitGraph,
  { id, token, text }: LogitNode,
  probability: number,
  last: number,
): ViewerNode {
  return {
    node_id: `${layers + 1}_${token}_${last}`,
    feature: token,
    layer: String(layers + 1),
    ctx_idx: last,
    feature_type: 'logit',
    token_prob: probability,
    is_target_logit: id === 'logit.answer',
    jsNodeId: `L_${token}-${last}`,
    clerp: `Output "${text}" (p=${probability.toFixed(3)})`,
    activation: null,
    ...RUN,
  };
}

const MEANING: Readonly<Record<ViewerEdges, string>> = {
  via: 'Link between components: the part of the source’s effect that needs the target (exact). Link to the answer: the source’s own direct write.',
  interaction:
    'Link: what patching both components does beyond the two alone (exact): above 0 in both directions for an AND, below 0 in both for an OR, below 0 in noising for a backup.',
  through:
    'Link between components: a first-order estimate of the part of the source’s effect that passes through the target. Link to the answer: the source’s own direct write.',
};

function metadata(graph: CircuitGraph, direction: Direction, edges: ViewerEdges): ViewerJson['metadata'] {
  const { tokens, text } = graph.prompts[direction === 'noising' ? 'clean' : 'corrupted'];
  const { minEffect, minEdge, maxNodes } = graph.thresholds;
  const { weakComponents, furtherComponents, weakEdges } = graph.leftOut;
  return {
    slug: slug(`${graph.model}-${direction}-${edges}`),
    scan: graph.model,
    transcoder_list: [],
    prompt_tokens: tokens,
    prompt: text ?? tokens.join(''),
    schema_version: 1,
    info: {
      description: `Nodes are attention heads and MLP neurons, patched one at a time (${direction}). ${MEANING[edges]} Weights are shares of D = ${graph.metric.D}; they overlap and do not add up. A component stands at the token position where integrated gradients score it most.`,
      generator: { name: 'mediators', version: graph.version },
    },
    generation_settings: {
      direction,
      edges,
      metric: graph.metric.name,
      D: graph.metric.D,
    },
    pruning_settings: {
      min_effect: minEffect,
      min_edge: minEdge[edges],
      ...(edges !== 'interaction' && { min_edge_direct: minEdge.direct }),
      max_nodes: maxNodes,
      weak_components_left_out: weakComponents,
      further_components_left_out: furtherComponents,
      weak_edges_left_out: weakEdges[direction]?.[edges] ?? 0,
    },
  };
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
