/**
 * The edge graph: its size, its order, and which edges there are, over shapes.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  edgeGraph,
  edgeName,
  edgesOf,
  nodeIndex,
  nodeName,
  type Receiver,
  receiverIndex,
  receiverName,
} from '../../../src/attribution/edges/edge-graph.ts';
import { GPT2_SMALL, smallConfigs, SMOLLM2 } from '../../support/configs.ts';

test('GPT-2 small has 32,491 edges', () => {
  expect(edgeGraph(GPT2_SMALL).size).toBe(32_491);
});

test('shared key-value heads have one receiver each', () => {
  const graph = edgeGraph(SMOLLM2);
  const of = (kind: string) => graph.receivers.filter((receiver) => receiver.kind === kind).length;
  expect([of('q'), of('k'), of('v'), of('mlp'), of('logits')]).toEqual([270, 90, 90, 30, 1]);
});

test('names are those of the field', () => {
  const plain = edgeGraph(GPT2_SMALL);
  const edge = { node: 1 + 13 * 3 + 5, receiver: receiverIndex(plain, { kind: 'k', layer: 7, head: 2 }) };
  expect(edgeName(plain, edge)).toBe('a3.h5->a7.h2<k>');
  const shared = edgeGraph(SMOLLM2);
  expect(receiverName(shared, { kind: 'v', layer: 4, head: 1 })).toBe('a4.kv1<v>');
  expect(receiverName(shared, { kind: 'q', layer: 4, head: 1 })).toBe('a4.h1<q>');
  expect(edgeName(shared, { node: 0, receiver: shared.receivers.length - 1 })).toBe('input->logits');
});

/** When a node writes and a receiver reads: heads of a layer together, then its MLP. */
const timeOf = (end: { kind: string; layer?: number }, layers: number) => {
  if (end.kind === 'input') return -1;
  if (end.kind === 'logits') return 2 * layers;
  return 2 * end.layer! + (end.kind === 'mlp' ? 1 : 0);
};

test('an edge leads from each node to each later receiver, once', () => {
  fc.assert(
    fc.property(smallConfigs, (config) => {
      const graph = edgeGraph(config);
      const edges = [...edgesOf(graph)];
      expect(edges.length).toBe(graph.size);
      const found = new Set(edges.map(({ node, receiver }) => `${node} ${receiver}`));
      expect(found.size).toBe(edges.length);
      for (const [node, from] of graph.nodes.entries()) {
        for (const [receiver, to] of graph.receivers.entries()) {
          const later = timeOf(from, config.nLayers) < timeOf(to, config.nLayers);
          expect(found.has(`${node} ${receiver}`)).toBe(later);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('numbers and names belong to one end', () => {
  fc.assert(
    fc.property(smallConfigs, (config) => {
      const graph = edgeGraph(config);
      graph.nodes.forEach((node, i) => expect(nodeIndex(graph, node)).toBe(i));
      graph.receivers.forEach((receiver: Receiver, i) => expect(receiverIndex(graph, receiver)).toBe(i));
      expect(new Set(graph.nodes.map(nodeName)).size).toBe(graph.nodes.length);
      expect(new Set(graph.receivers.map((each) => receiverName(graph, each))).size).toBe(
        graph.receivers.length,
      );
    }),
    { numRuns: 20 },
  );
});
