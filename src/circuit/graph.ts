/**
 * Makes the graph of a study's strongest components from its result files. No model is needed.
 *
 * 1. Components whose larger |e| reaches `minEffect`, and partners that only a pair shows; at most `maxNodes`.
 * 2. Between them, every edge whose |share| of D reaches its kind's `minEdge`.
 * 3. The prompts' tokens and the two tokens of the metric, as ends.
 * The order of everything is fixed by values and names; what is left out is counted.
 */
import { InputError } from '../errors.ts';
import type { StudyResults } from '../results/read.ts';
import type { StudyJson } from '../results/study-json.ts';
import { DIRECTIONS, isSmallD, KINDS } from '../terms.ts';
import {
  CIRCUIT_SCHEMA,
  type CircuitEdge,
  type CircuitGraph,
  type CircuitThresholds,
  DEFAULT_THRESHOLDS,
  EDGE_KINDS,
  type EdgeKind,
  type LeftOut,
  type LogitNode,
  type TokenNode,
} from './circuit.ts';
import { findEdges } from './edges.ts';
import { chooseNodes } from './nodes.ts';
import { pairTable } from './pairs.ts';

export interface CircuitOptions {
  /** Default 0.02. */
  minEffect?: number;
  /** Share of D, for all kinds of edge or for some; default 0.05. */
  minEdge?: number | Partial<Record<EdgeKind, number>>;
  /** Default 40. */
  maxNodes?: number;
}

/**
 * The graph of an opened study. Without `mediation.safetensors` there are no `via` and `interaction` edges.
 * Throws InputError for thresholds that are no numbers from 0, for a D too small to normalise by, and for a study that
 * repeats the published notebook's scores.
 */
export async function circuitGraph(
  results: StudyResults,
  options: CircuitOptions = {},
): Promise<CircuitGraph> {
  const { study } = results;
  checkStudy(study);
  const thresholds = resolveThresholds(options);
  const table = pairTable(await results.mediation());
  const { nodes, weak, further } = chooseNodes(results, table, thresholds);
  const directions = DIRECTIONS.filter((direction) =>
    KINDS.some((kind) => results.scores.has(`ap.${direction}.${kind}`)),
  );
  const logits = logitNodes(results);
  const leftOut: LeftOut = { weakComponents: weak, furtherComponents: further, weakEdges: {} };
  const edges: CircuitEdge[] = [];
  const kinds = new Set<EdgeKind>();
  for (const direction of directions) {
    const counts: Partial<Record<EdgeKind, number>> = {};
    for (const [kind, found] of await findEdges(results, table, nodes, direction, logits[0]?.id)) {
      const kept = found.filter(({ share }) => Math.abs(share) >= thresholds.minEdge[kind]);
      edges.push(...kept);
      counts[kind] = found.length - kept.length;
      kinds.add(kind);
    }
    leftOut.weakEdges[direction] = counts;
  }
  return {
    schema: CIRCUIT_SCHEMA,
    version: study.versions.mediators ?? '',
    model: study.model.id,
    layers: study.shape.layers,
    heads: study.shape.heads,
    prompts: { clean: study.pair.clean, corrupted: study.pair.corrupted },
    contrast: study.pair.contrast,
    metric: study.metric,
    directions,
    edgeKinds: EDGE_KINDS.filter((kind) => kinds.has(kind)),
    thresholds,
    nodes,
    tokens: tokenNodes(study),
    logits,
    edges,
    leftOut,
  };
}

function checkStudy({ metric, options }: StudyJson): void {
  if (isSmallD(metric)) {
    throw new InputError(
      `expected a pair whose D is large enough to take shares of, got D = ${metric.D} (F ${metric.clean} clean, ${metric.corrupted} corrupted); choose another pair`,
    );
  }
  if (options.asPublished === true || options.as_published === true) {
    throw new InputError(
      "expected effects of components, got the published notebook's own scores; run the study without --as-published",
    );
  }
}

function resolveThresholds({ minEffect, minEdge, maxNodes }: CircuitOptions): CircuitThresholds {
  const given = typeof minEdge === 'number' ? allKinds(minEdge) : minEdge;
  const thresholds: CircuitThresholds = {
    minEffect: minEffect ?? DEFAULT_THRESHOLDS.minEffect,
    minEdge: { ...DEFAULT_THRESHOLDS.minEdge, ...given },
    maxNodes: maxNodes ?? DEFAULT_THRESHOLDS.maxNodes,
  };
  for (const value of [thresholds.minEffect, ...Object.values(thresholds.minEdge)]) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InputError(`expected thresholds that are numbers from 0, got ${value}`);
  }
  if (!(Number.isInteger(thresholds.maxNodes) && thresholds.maxNodes >= 1))
    throw new InputError(`expected a whole number of nodes from 1, got ${thresholds.maxNodes}`);
  return thresholds;
}

/** One threshold for every kind of edge. */
function allKinds(value: number): Record<EdgeKind, number> {
  return { via: value, interaction: value, through: value, direct: value };
}

function tokenNodes({ pair: { clean, corrupted } }: StudyJson): TokenNode[] {
  return clean.tokens.map((token, position) => ({
    id: `token.${position}`,
    position,
    clean: token,
    corrupted: corrupted.tokens[position] ?? '',
  }));
}

function logitNodes({ study: { pair }, scores }: StudyResults): LogitNode[] {
  return (['answer', 'wrong'] as const).flatMap((role): LogitNode[] => {
    const token = pair[role];
    if (!token) return [];
    const [clean, corrupted] = (['clean', 'corrupted'] as const).map((run) =>
      probabilityOf(scores.get(`logits.${run}`)?.data, token.id),
    );
    const probability = {
      ...(clean !== undefined && { clean }),
      ...(corrupted !== undefined && { corrupted }),
    };
    return [{ id: `logit.${role}`, token: token.id, text: token.text ?? String(token.id), probability }];
  });
}

/** Softmax of a row of logits at one token. */
function probabilityOf(logits: Float32Array | undefined, token: number): number | undefined {
  const own = logits?.[token];
  if (!logits || own === undefined) return undefined;
  return 1 / logits.reduce((sum, logit) => sum + Math.exp(logit - own), 0);
}
