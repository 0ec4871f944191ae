/**
 * Nodes patched exactly: heads are activation patching, an MLP is all of its neurons at once.
 */
import { describe, expect, test } from 'vitest';
import { edgeGraph, nodeIndex } from '../../src/attribution/edges/edge-graph.ts';
import { exactNodes } from '../../src/faithfulness/exact-nodes.ts';
import { metricsOfSets } from '../../src/mediation/set-patching.ts';
import { sourceOf } from '../../src/mediation/source.ts';
import { baseAndOther, withPair } from '../../src/patch/open-pair.ts';
import { DIRECTIONS } from '../../src/terms.ts';
import { readCase, WITH_PATHS } from '../support/cases.ts';
import '../support/close.ts';
import { openCase } from '../support/open-case.ts';

describe.each(WITH_PATHS)('%s', (name) => {
  const reference = readCase(name);
  const opened = openCase(reference);

  test.each(DIRECTIONS)('heads are the reference’s, MLPs all of their neurons, %s', async (direction) => {
    const { model, pair } = opened;
    const { nLayers, dMlp } = model.config;
    const layers = Array.from({ length: nLayers }, (_, layer) => layer);
    const whole = layers.map((layer) => Array.from({ length: dMlp }, (_, n) => layer * dMlp + n));
    const { nodes, mlps } = await withPair(model, pair, async (open) => {
      const { base, other } = baseAndOther(open.runs, direction);
      const nodes = await exactNodes(open.chain, base, other);
      const sets = await metricsOfSets(open.chain, sourceOf(open, direction), 'neurons', [[], ...whole]);
      return { nodes: nodes.data, mlps: [...sets].slice(1).map((metric) => metric - sets[0]!) };
    });
    const graph = edgeGraph(model.config);
    const heads = graph.nodes.flatMap(({ kind }, i) => (kind === 'head' ? [nodes[i]!] : []));
    const ap = reference.expected(`ap.${direction}.heads`);
    const atol = 1e-4 * Math.max(...ap.data.map(Math.abs), ...mlps.map(Math.abs));
    expect(heads).toBeClose([...ap.data], { atol });
    expect(layers.map((layer) => nodes[nodeIndex(graph, { kind: 'mlp', layer })]!)).toBeClose(mlps, { atol });
    expect(nodes[0]).toBeNaN();
  });
});
