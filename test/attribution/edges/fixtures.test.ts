/**
 * Scores of edges against TransformerLens (reference/edges.py), and the identities that tie them to one another.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eap, edgeAttributionPatching } from '../../../src/attribution/edges/eap.ts';
import {
  type EapIgOptions,
  edgeIntegratedGradients,
  nodeIntegratedGradients,
} from '../../../src/attribution/edges/eap-ig.ts';
import { type EdgeGraph, edgeGraph, edgesOf, nodeIndex } from '../../../src/attribution/edges/edge-graph.ts';
import type { EdgeScores } from '../../../src/attribution/edges/edge-scores.ts';
import { patchEdgeSets } from '../../../src/attribution/edges/edge-sets.ts';
import { exactEdges } from '../../../src/attribution/edges/exact-edges.ts';
import type { Model } from '../../../src/patch/model.ts';
import { type Run, runBoth } from '../../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../../src/patch/suffix.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { DIRECTIONS, KINDS } from '../../../src/terms.ts';
import { loadTiny, pairOf, readCase } from '../../support/cases.ts';
import { TOLERANCES } from '../../support/close.ts';

const WITH_EDGES = ['gpt2-plain', 'gpt2-odd', 'gpt2-last', 'llama-gqa'];
const ENOUGH_POINTS = 128;

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** Scores of the edges that leave a node. */
function leaving({ graph, edges }: EdgeScores, node: number): Float32Array {
  const width = graph.receivers.length;
  return edges.data.subarray(node * width, (node + 1) * width);
}

/** Scores of heads, and of each layer's neurons together, from a table of nodes. */
function ofNodes(graph: EdgeGraph, nodes: Tensor) {
  const { nLayers, nHeads } = graph.shape;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const at = (node: Parameters<typeof nodeIndex>[1]) => nodes.data[nodeIndex(graph, node)]!;
  const heads = (layer: number) =>
    Array.from({ length: nHeads }, (_, head) => at({ kind: 'head', layer, head }));
  return { heads: layers.flatMap(heads), mlps: layers.map((layer) => at({ kind: 'mlp', layer })) };
}

describe.each(WITH_EDGES)('%s', (name) => {
  const reference = readCase(name, 'edges.safetensors');
  let model: Model;
  let chain: SuffixChain;
  let runs: { readonly [direction in (typeof DIRECTIONS)[number]]: readonly [base: Run, other: Run] };

  beforeAll(async () => {
    model = await loadTiny(reference.folder);
    const pair = pairOf(model, reference);
    const prompts = [pair.clean.ids, pair.corrupted.ids];
    chain = await SuffixChain.create(model.loaded, reference.metric, prompts, pair.firstDifference);
    const [clean, corrupted] = (await runBoth(chain)) as [Run, Run];
    runs = { noising: [clean, corrupted], denoising: [corrupted, clean] };
  });
  afterAll(() => model.dispose());

  const VARIANTS: readonly [string, EapIgOptions][] = [
    ['eap_ig_inputs', {}],
    ['eap_ig_inputs_midpoint', { rule: 'midpoint' }],
    ['eap_ig_activations', { variant: 'activations' }],
  ];

  describe.each(DIRECTIONS)('%s', (direction) => {
    test('EAP is that of the reference', async () => {
      const found = await edgeAttributionPatching(chain, ...runs[direction]);
      expect(found.edges).toBeClose(reference.expected(`${direction}.eap`), TOLERANCES.reference);
    });

    test.each(VARIANTS)('%s is that of the reference', async (method, options) => {
      const found = await edgeIntegratedGradients(chain, ...runs[direction], options);
      expect(found.edges).toBeClose(reference.expected(`${direction}.${method}`), TOLERANCES.reference);
    });

    test('exact patching is that of the reference', async () => {
      const found = await exactEdges(chain, ...runs[direction]);
      expect(found).toBeClose(reference.expected(`${direction}.exact`), TOLERANCES.reference);
    });

    test('the edges of a node sum to attribution patching of it', async () => {
      const [base, other] = runs[direction];
      const { graph, nodes } = await edgeAttributionPatching(chain, base, other);
      const { heads, neurons } = await eap.run({ chain, base, other, kinds: KINDS });
      const found = ofNodes(graph, nodes);
      expect(found.heads).toBeClose(heads!.data, TOLERANCES.reference);
      expect(found.mlps).toBeClose(perLayer(neurons!), TOLERANCES.reference);
    });

    test.each(VARIANTS)(
      '%s of nodes: heads are sums of edges, neurons sum to their MLP',
      async (_, options) => {
        const [base, other] = runs[direction];
        const { graph, nodes } = await edgeIntegratedGradients(chain, base, other, options);
        const { heads, neurons } = await nodeIntegratedGradients(
          { chain, base, other, kinds: KINDS },
          options,
        );
        const found = ofNodes(graph, nodes);
        expect(found.heads).toBeClose(heads!.data, TOLERANCES.reference);
        expect(found.mlps).toBeClose(perLayer(neurons!), TOLERANCES.reference);
      },
    );

    test('EAP-IG: the edges out of the input sum to F(other) - F(base) as points grow', async () => {
      const [base, other] = runs[direction];
      const gapOf = async (points: number) => {
        const scores = await edgeIntegratedGradients(chain, base, other, { points, rule: 'midpoint' });
        return Math.abs(sum(leaving(scores, 0)) - (other.metric - base.metric));
      };
      const d = Math.abs(other.metric - base.metric);
      const kinks = name === 'gpt2-odd';
      expect(await gapOf(ENOUGH_POINTS)).toBeLessThan((kinks ? 1e-2 : 5e-4) * d);
    });

    test('all edges patched give F(other), none F(base), one its exact score', async () => {
      const [base, other] = runs[direction];
      const graph = edgeGraph(model.config);
      const all = [...edgesOf(graph)];
      const some = all.filter((_, i) => i % 7 === 3);
      const found = await patchEdgeSets(chain, base, other, [all, [], ...some.map((edge) => [edge])]);
      const scores = await exactEdges(chain, base, other, { edges: some });
      const alone = some.map(
        ({ node, receiver }) => base.metric + scores.data[node * graph.receivers.length + receiver]!,
      );
      expect(found).toBeClose([other.metric, base.metric, ...alone], TOLERANCES.reference);
    });
  });

  test('points in several programs are those of one', async () => {
    for (const variant of ['inputs', 'activations'] as const) {
      const options = { variant, points: 7 };
      const one = await edgeIntegratedGradients(chain, ...runs.noising, options);
      const several = await edgeIntegratedGradients(chain, ...runs.noising, { ...options, most: 3 });
      expect(several.edges).toBeClose(one.edges, TOLERANCES.reference);
    }
  });

  test('what cannot be is refused in one line', async () => {
    const [base, other] = runs.noising;
    await expect(edgeIntegratedGradients(chain, base, other, { points: 0 })).rejects.toThrow(
      /^expected points to be a whole number from 1 on, got 0; .+$/,
    );
    const { size } = edgeGraph(model.config);
    await expect(exactEdges(chain, base, other, { most: 10 })).rejects.toThrow(
      new RegExp(`^expected at most 10 edges .+ got ${size}, .+ raise most to ${size}$`),
    );
    const backwards = [{ node: 4, receiver: 0 }];
    await expect(exactEdges(chain, base, other, { edges: backwards })).rejects.toThrow(
      /node 4 to receiver 0/,
    );
    const aborted = { signal: AbortSignal.abort() };
    await expect(exactEdges(chain, base, other, aborted)).rejects.toThrow(/cancelled/);
  });
});

/** Sums of [layers, neurons] over neurons. */
function perLayer({ data, shape }: Tensor): number[] {
  const [layers, size] = shape as [number, number];
  return Array.from({ length: layers }, (_, layer) => sum(data.subarray(layer * size, (layer + 1) * size)));
}
