/**
 * A circuit as GraphML 1.0 (http://graphml.graphdrawing.org/specification.html), which networkx, Gephi, Cytoscape and
 * yEd read: a directed graph with parallel edges, one for each kind and direction, and typed attributes.
 */
import { DIRECTIONS, singular } from '../terms.ts';
import { escapeXml } from '../xml.ts';
import type { CircuitEdge, CircuitGraph, CircuitNode } from './circuit.ts';

type Value = string | number | boolean | undefined;
type Type = 'string' | 'int' | 'double' | 'boolean';
type Fields = Readonly<Record<string, Type>>;
type Values = Readonly<Record<string, Value>>;

const GRAPH_FIELDS: Fields = {
  schema: 'string',
  version: 'string',
  model: 'string',
  prompt_clean: 'string',
  prompt_corrupted: 'string',
  contrast: 'string',
  metric: 'string',
  metric_clean: 'double',
  metric_corrupted: 'double',
  D: 'double',
  min_effect: 'double',
  min_edge_via: 'double',
  min_edge_interaction: 'double',
  min_edge_through: 'double',
  min_edge_direct: 'double',
  max_nodes: 'int',
  weak_components_left_out: 'int',
  further_components_left_out: 'int',
  weak_edges_left_out: 'int',
};

const NODE_FIELDS: Fields = {
  type: 'string',
  name: 'string',
  layer: 'int',
  index: 'int',
  position: 'int',
  position_share: 'double',
  e_noising: 'double',
  e_denoising: 'double',
  label: 'string',
  reason: 'string',
  token_clean: 'string',
  token_corrupted: 'string',
  token_id: 'int',
  probability_clean: 'double',
  probability_corrupted: 'double',
};

const EDGE_FIELDS: Fields = {
  kind: 'string',
  patching: 'string',
  symmetric: 'boolean',
  value: 'double',
  weight: 'double',
};

/** The GraphML document. `weight` of an edge is its signed share of D, `value` the same in units of F. */
export function toGraphml(graph: CircuitGraph): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">',
    ...keys('graph', GRAPH_FIELDS),
    ...keys('node', NODE_FIELDS),
    ...keys('edge', EDGE_FIELDS),
    '<graph id="circuit" edgedefault="directed">',
    ...data('graph', GRAPH_FIELDS, graphValues(graph)),
    ...graph.tokens.flatMap(({ id, position, clean, corrupted }) =>
      element('node', `id="${id}"`, NODE_FIELDS, {
        type: 'token',
        name: clean,
        position,
        token_clean: clean,
        token_corrupted: corrupted,
      }),
    ),
    ...graph.nodes.flatMap((node) => element('node', `id="${node.id}"`, NODE_FIELDS, componentValues(node))),
    ...graph.logits.flatMap(({ id, token, text, probability }) =>
      element('node', `id="${id}"`, NODE_FIELDS, {
        type: 'logit',
        name: text,
        token_id: token,
        probability_clean: probability.clean,
        probability_corrupted: probability.corrupted,
      }),
    ),
    ...graph.edges.flatMap(edgeElement),
    '</graph>',
    '</graphml>',
  ];
  return `${lines.join('\n')}\n`;
}

function keys(on: string, fields: Fields): string[] {
  return Object.entries(fields).map(
    ([name, type]) => `<key id="${on}_${name}" for="${on}" attr.name="${name}" attr.type="${type}"/>`,
  );
}

function data(on: string, fields: Fields, values: Values): string[] {
  return Object.keys(fields).flatMap((name) => {
    const value = values[name];
    if (value === undefined || Number.isNaN(value)) return [];
    return [`<data key="${on}_${name}">${xmlText(String(value))}</data>`];
  });
}

function element(on: 'node' | 'edge', attributes: string, fields: Fields, values: Values): string[] {
  return [`<${on} ${attributes}>`, ...data(on, fields, values), `</${on}>`];
}

function graphValues(graph: CircuitGraph): Values {
  const { prompts, metric, thresholds, leftOut } = graph;
  const prompt = ({ text, tokens }: CircuitGraph['prompts']['clean']) => text ?? tokens.join(' ');
  const weak = DIRECTIONS.flatMap((direction) => Object.values(leftOut.weakEdges[direction] ?? {}));
  return {
    schema: graph.schema,
    version: graph.version,
    model: graph.model,
    prompt_clean: prompt(prompts.clean),
    prompt_corrupted: prompt(prompts.corrupted),
    contrast: graph.contrast,
    metric: metric.name,
    metric_clean: metric.clean,
    metric_corrupted: metric.corrupted,
    D: metric.D,
    min_effect: thresholds.minEffect,
    ...Object.fromEntries(
      Object.entries(thresholds.minEdge).map(([kind, least]) => [`min_edge_${kind}`, least]),
    ),
    max_nodes: thresholds.maxNodes,
    weak_components_left_out: leftOut.weakComponents,
    further_components_left_out: leftOut.furtherComponents,
    weak_edges_left_out: weak.reduce((sum, count) => sum + count, 0),
  };
}

function componentValues(node: CircuitNode): Values {
  const type = singular(node.kind);
  return {
    type,
    name: `${type} ${node.component.join('.')}`,
    layer: node.component[0],
    index: node.component[1],
    position: node.position ?? undefined,
    position_share: node.position === null ? undefined : node.positionShare,
    e_noising: node.e.noising,
    e_denoising: node.e.denoising,
    label: node.label,
    reason: node.reason,
  };
}

function edgeElement(edge: CircuitEdge): string[] {
  const { kind, direction, source, target, value, share } = edge;
  const attributes = `id="${direction}.${kind}.${source}.${target}" source="${source}" target="${target}"`;
  return element('edge', attributes, EDGE_FIELDS, {
    kind,
    patching: direction,
    symmetric: kind === 'interaction',
    value,
    weight: share,
  });
}

/** Characters that XML 1.0 has no way to write. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** Text as XML content. Line ends are written as numbers, which a parser does not normalise. */
function xmlText(text: string): string {
  return escapeXml(text.replace(FORBIDDEN, '\u{fffd}')).replace(
    /[\t\n\r]/g,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
