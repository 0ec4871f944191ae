/** A circuit made up by hand: a small one of the usual shape, with all kinds of node and edge. */
import {
  CIRCUIT_SCHEMA,
  type CircuitEdge,
  type CircuitGraph,
  type CircuitNode,
  DEFAULT_THRESHOLDS,
  EDGE_KINDS,
  type EdgeKind,
  nodeId,
  shareOf,
} from '../../src/circuit/circuit.ts';
import type { Label } from '../../src/results/study-json.ts';
import { type Component, DIRECTIONS, type Direction, type Kind } from '../../src/terms.ts';

const D = 4;
const TOKENS = ['<bos>', 'When', ' Ann', ' met', ' Bob', ',', ' Bob', ' gave', ' it', ' to'];
const CORRUPTED = TOKENS.with(6, ' Ann');

type Row = readonly [Kind, Component, position: number | null, noising: number, denoising: number, Label?];

const NODES: readonly Row[] = [
  ['heads', [9, 6], 9, 0.41, 0.08, 'and'],
  ['heads', [9, 9], 9, 0.36, 0.31, 'adder'],
  ['heads', [7, 3], 9, 0.05, 0.33, 'or'],
  ['heads', [7, 9], 9, 0.28, 0.25, 'adder'],
  ['heads', [8, 10], 9, 0.22, 0.16, 'mixed'],
  ['heads', [5, 5], 6, 0.21, 0.19, 'adder'],
  ['heads', [10, 7], 9, -0.19, -0.17, 'inhibitory'],
  ['heads', [3, 0], 6, 0.16, 0.04, 'and'],
  ['neurons', [9, 120], 9, 0.11, 0.1, 'adder'],
  ['heads', [2, 2], 7, 0.09, 0.07],
  ['neurons', [0, 31], 6, 0.06, 0.05],
  ['heads', [10, 10], null, 0, 0],
];

type EdgeRow = readonly [EdgeKind, Direction, source: string, target: string, value: number];

const EDGES: readonly EdgeRow[] = [
  ['via', 'noising', 'head.5.5', 'head.8.10', -0.5],
  ['via', 'noising', 'head.3.0', 'head.7.9', -0.4],
  ['via', 'noising', 'head.8.10', 'head.9.9', -0.8],
  ['via', 'noising', 'head.7.9', 'head.9.6', -0.9],
  ['via', 'noising', 'head.9.9', 'head.10.10', 0.7],
  ['via', 'denoising', 'head.7.3', 'head.9.9', 0.6],
  ['via', 'denoising', 'neuron.0.31', 'head.5.5', 0.3],
  ['interaction', 'noising', 'head.9.9', 'head.10.10', -0.8],
  ['interaction', 'noising', 'head.9.6', 'head.9.9', 0.6],
  ['interaction', 'denoising', 'head.7.3', 'head.7.9', -0.5],
  ['direct', 'noising', 'head.9.6', 'logit.answer', -1.5],
  ['direct', 'noising', 'head.9.9', 'logit.answer', -1.2],
  ['direct', 'noising', 'head.10.7', 'logit.answer', 0.9],
  ['direct', 'denoising', 'head.9.9', 'logit.answer', 1.2],
];

/** The circuit: 12 components over 10 tokens, of which one is a hidden backup. */
export function sampleCircuit(): CircuitGraph {
  const nodes = NODES.map(([kind, component, position, noising, denoising, label]): CircuitNode => {
    const size = Math.max(Math.abs(noising), Math.abs(denoising));
    return {
      id: nodeId(kind, component),
      kind,
      component,
      e: { noising, denoising },
      ...(label && { label }),
      reason: size > 0 ? 'effect' : 'partner',
      strength: size || 0.8 / D,
      position,
      positionShare: position === null ? 0 : 0.9,
    };
  });
  const edges = EDGES.map(([kind, direction, source, target, value]): CircuitEdge => {
    return { kind, direction, source, target, value, share: shareOf(kind, direction, value, D) };
  });
  const prompt = (tokens: string[]) => ({
    text: tokens.slice(1).join(''),
    ids: tokens.map((_, i) => i),
    tokens,
  });
  return {
    schema: CIRCUIT_SCHEMA,
    version: '0.1.0',
    model: 'synthetic',
    layers: 12,
    heads: 12,
    prompts: { clean: prompt(TOKENS), corrupted: prompt(CORRUPTED) },
    contrast: 'removal',
    metric: { name: 'logit_difference', clean: 3, corrupted: -1, D },
    directions: [...DIRECTIONS],
    edgeKinds: [...EDGE_KINDS],
    thresholds: { ...DEFAULT_THRESHOLDS },
    nodes,
    tokens: TOKENS.map((clean, position) => ({
      id: `token.${position}`,
      position,
      clean,
      corrupted: CORRUPTED[position]!,
    })),
    logits: [
      { id: 'logit.answer', token: 4, text: ' Ann', probability: { clean: 0.6, corrupted: 0.1 } },
      { id: 'logit.wrong', token: 6, text: ' Bob', probability: { clean: 0.1, corrupted: 0.5 } },
    ],
    edges,
    leftOut: { weakComponents: 132, furtherComponents: 0, weakEdges: { noising: { via: 8 } } },
  };
}
