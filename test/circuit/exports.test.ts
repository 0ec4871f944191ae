import { DOMParser } from 'linkedom';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CircuitGraph } from '../../src/circuit/circuit.ts';
import { circuitGraph } from '../../src/circuit/graph.ts';
import { toGraphml } from '../../src/circuit/graphml.ts';
import { toViewerJson } from '../../src/circuit/viewer-json.ts';
import { openStudy } from '../../src/results/read.ts';
import { sampleFolder } from '../support/sample-folder.ts';
import { writeSampleMediation } from '../support/placed-mediation.ts';
import type { SampleOptions } from '../support/sample-study.ts';

async function sampleGraph(options: SampleOptions = {}): Promise<CircuitGraph> {
  const folder = await sampleFolder(options);
  await writeSampleMediation(folder);
  return circuitGraph(await openStudy(folder), { minEdge: 0.01 });
}

/**
 * The fields of a graph file, from what reads it: the models of circuit-tracer
 * (github.com/decoderesearch/circuit-tracer, circuit_tracer/frontend/graph_models.py: class Metadata, QParams, Node,
 * Link, Model) and the schema of Neuronpedia (github.com/hijohnnylin/neuronpedia,
 * apps/webapp/app/api/graph/graph-schema.json). Where they differ, what both take.
 */
const viewerFile = z.object({
  metadata: z.object({
    slug: z.string(),
    scan: z.string(),
    transcoder_list: z.array(z.string()),
    prompt_tokens: z.array(z.string()),
    prompt: z.string(),
    node_threshold: z.number().optional(),
    schema_version: z.int().nullable().optional(),
    info: z.object({
      description: z.string().optional(),
      generator: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
    }),
    generation_settings: z.record(z.string(), z.unknown()),
    pruning_settings: z.record(z.string(), z.number()),
  }),
  qParams: z.object({
    pinnedIds: z.array(z.string()),
    supernodes: z.array(z.array(z.string())),
    linkType: z.string(),
    clickedId: z.string(),
    sg_pos: z.string(),
  }),
  nodes: z.array(
    z.object({
      node_id: z.string(),
      feature: z.int(),
      layer: z.string(),
      ctx_idx: z.int().nonnegative(),
      feature_type: z.string(),
      token_prob: z.number(),
      is_target_logit: z.boolean(),
      run_idx: z.int(),
      reverse_ctx_idx: z.int(),
      jsNodeId: z.string(),
      clerp: z.string(),
      influence: z.number().nullable(),
      activation: z.number().nullable(),
    }),
  ),
  links: z.array(z.object({ source: z.string(), target: z.string(), weight: z.number() })),
});

describe('viewer JSON', () => {
  it('has the fields that viewers read, after a round through text', async () => {
    const graph = await sampleGraph();
    for (const direction of graph.directions) {
      for (const edges of ['via', 'interaction', 'through'] as const) {
        const file: unknown = JSON.parse(JSON.stringify(toViewerJson(graph, { direction, edges })));
        const parsed = viewerFile.parse(file);
        expect(parsed.links.length).toBeGreaterThan(0);
      }
    }
  });

  it('has unique ids, also of a head and a neuron with one index, and links between them', async () => {
    const graph = await sampleGraph();
    const [head] = graph.nodes.filter(({ kind }) => kind === 'heads');
    graph.nodes.push({ ...head!, kind: 'neurons', id: `neuron.${head!.component.join('.')}` });
    const { nodes, links } = toViewerJson(graph);
    for (const field of ['node_id', 'jsNodeId'] as const)
      expect(new Set(nodes.map((node) => node[field])).size).toBe(nodes.length);
    const featureIds = nodes.map(({ layer, feature, ctx_idx }) => `${layer}_${feature}_${ctx_idx}`);
    expect(new Set(featureIds).size).toBe(nodes.length);
    const ids = new Set(nodes.map(({ node_id }) => node_id));
    for (const { source, target } of links) expect(ids.has(source) && ids.has(target)).toBe(true);
    expect(new Set(links.map(({ source, target }) => `${source}__${target}`)).size).toBe(links.length);
  });

  it('shows the prompt that is patched, and the probability where viewers look for it', async () => {
    const graph = await sampleGraph({ answer: ' Ma"ry' });
    const clean = toViewerJson(graph, { direction: 'noising' });
    const corrupted = toViewerJson(graph, { direction: 'denoising' });
    expect(clean.metadata.prompt_tokens[10]).toBe(' Paul');
    expect(corrupted.metadata.prompt_tokens[10]).toBe(' John');
    const logits = clean.nodes.filter(({ feature_type }) => feature_type === 'logit');
    expect(logits.map(({ is_target_logit }) => is_target_logit)).toEqual([true, false]);
    for (const { clerp, token_prob, layer, ctx_idx } of logits) {
      expect(Number(clerp.split('(p=')[1]!.split(')')[0])).toBeCloseTo(token_prob, 3);
      expect([layer, ctx_idx]).toEqual(['5', 16]);
    }
  });

  it('pairs layer and index into `feature`, reversibly', async () => {
    const graph = await sampleGraph();
    const { nodes } = toViewerJson(graph);
    const components = nodes.filter(({ feature_type }) => /head|neuron/.test(feature_type));
    expect(components).toHaveLength(graph.nodes.length);
    components.forEach(({ feature, layer, node_id }) => {
      const w = Math.floor((Math.sqrt(8 * feature + 1) - 1) / 2);
      const index = feature - (w * (w + 1)) / 2;
      expect([String(w - index), String(index)]).toEqual([layer, node_id.split('_')[1]]);
    });
  });

  it('weighs links by shares: of one kind and direction, and the direct part', async () => {
    const graph = await sampleGraph();
    const { links } = toViewerJson(graph, { direction: 'denoising', edges: 'via' });
    const shares = graph.edges
      .filter(({ kind, direction }) => direction === 'denoising' && (kind === 'via' || kind === 'direct'))
      .map(({ share }) => share);
    expect(links.map(({ weight }) => weight)).toEqual(shares);
  });

  it('refuses what the study does not have', async () => {
    const folder = await sampleFolder({ directions: ['noising'], measures: [] });
    const graph = await circuitGraph(await openStudy(folder));
    expect(() => toViewerJson(graph)).toThrow(
      /expected through edges, which this study does not have \(it has: none\); run it with --measures through/,
    );
    expect(() => toViewerJson(graph, { edges: 'via' })).toThrow(/run it with --mediation heads/);
    expect(() => toViewerJson(graph, { direction: 'denoising' })).toThrow(
      /expected a direction of the study \(noising\), got denoising/,
    );
  });
});

/** The document, parsed as a program would: elements with their typed data by name. */
function parse(text: string) {
  const document = new DOMParser().parseFromString(text, 'text/xml');
  const keys = new Map(
    [...document.querySelectorAll('key')].map((key) => [
      key.getAttribute('id')!,
      {
        on: key.getAttribute('for')!,
        name: key.getAttribute('attr.name')!,
        type: key.getAttribute('attr.type')!,
      },
    ]),
  );
  const read = (element: { tagName: string; children: Iterable<unknown> }) => {
    const values: Record<string, string | number | boolean> = {};
    for (const child of element.children as Iterable<{
      tagName: string;
      getAttribute(name: string): string | null;
      textContent: string;
    }>) {
      if (child.tagName !== 'data') continue;
      const { on, name, type } = keys.get(child.getAttribute('key')!)!;
      expect(on).toBe(element.tagName);
      const value = child.textContent;
      if (type === 'boolean') expect(value).toMatch(/^(true|false)$/);
      if (type === 'int') expect(value).toMatch(/^-?\d+$/);
      if (type === 'double') expect(Number.isFinite(Number(value))).toBe(true);
      values[name] = type === 'string' ? value : type === 'boolean' ? value === 'true' : Number(value);
    }
    return values;
  };
  const elements = (name: string) => [...document.querySelectorAll(name)];
  return {
    graph: read(elements('graph')[0]!),
    nodes: new Map(elements('node').map((node) => [node.getAttribute('id')!, read(node)])),
    edges: elements('edge').map((edge) => ({
      id: edge.getAttribute('id')!,
      source: edge.getAttribute('source')!,
      target: edge.getAttribute('target')!,
      ...(read(edge) as {
        kind: string;
        patching: string;
        symmetric: boolean;
        value: number;
        weight: number;
      }),
    })),
  };
}

describe('GraphML', () => {
  it('holds the whole graph, with types', async () => {
    const graph = await sampleGraph();
    const { graph: facts, nodes, edges } = parse(toGraphml(graph));
    expect(facts).toMatchObject({
      schema: 'mediators/circuit@1',
      D: 6.25,
      max_nodes: 40,
      min_effect: 0.02,
      min_edge_interaction: 0.01,
      weak_components_left_out: graph.leftOut.weakComponents,
    });
    expect(nodes.size).toBe(graph.tokens.length + graph.nodes.length + graph.logits.length);
    for (const { id, component, e, label } of graph.nodes) {
      expect(nodes.get(id)).toMatchObject({
        layer: component[0],
        index: component[1],
        e_noising: e.noising,
        e_denoising: e.denoising,
      });
      expect(nodes.get(id)!.label).toBe(label);
    }
    expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
    expect(
      edges.map(({ source, target, kind, patching, value, weight }) => ({
        kind,
        direction: patching,
        source,
        target,
        value,
        share: weight,
      })),
    ).toEqual(graph.edges);
    for (const { kind, symmetric } of edges) expect(symmetric).toBe(kind === 'interaction');
  });

  it('keeps hostile text and writes no character that XML forbids', async () => {
    const graph = await sampleGraph({ answer: '</data>\r\n&"\u0000\ud800<![CDATA[' });
    const text = toGraphml(graph);
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/);
    expect(parse(text).nodes.get('logit.answer')!.name).toBe('</data>\r\n&"\ufffd\ufffd<![CDATA[');
  });

  it('leaves out what is not known', async () => {
    const graph = await sampleGraph({ directions: ['noising'] });
    graph.nodes[0]!.position = null;
    const node = parse(toGraphml(graph)).nodes.get(graph.nodes[0]!.id)!;
    expect(node).not.toHaveProperty('e_denoising');
    expect(node).not.toHaveProperty('position');
    expect(node).not.toHaveProperty('position_share');
  });
});
