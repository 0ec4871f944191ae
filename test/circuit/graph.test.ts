import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CircuitGraph } from '../../src/circuit/circuit.ts';
import { circuitGraph, type CircuitOptions } from '../../src/circuit/graph.ts';
import { InputError } from '../../src/errors.ts';
import { openStudy } from '../../src/results/read.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { sampleFolder } from '../support/sample-folder.ts';
import { type MediationOptions, writeSampleMediation } from '../support/placed-mediation.ts';
import type { SampleOptions } from '../support/sample-study.ts';

const D = 6.25;

async function folderWith(sample: SampleOptions = {}, mediation: MediationOptions = {}): Promise<string> {
  const folder = await sampleFolder({ kinds: ['heads'], ...sample });
  await writeSampleMediation(folder, mediation);
  return folder;
}

async function graphOf(folder: string, options: CircuitOptions = {}): Promise<CircuitGraph> {
  return circuitGraph(await openStudy(folder), options);
}

/** The two heads of the sample with the largest and the smallest |e|. */
async function extremes(folder: string) {
  const { nodes } = await graphOf(folder, { minEffect: 0, maxNodes: 1000 });
  return { strongest: nodes[0]!, second: nodes[1]!, weakest: nodes.at(-1)! };
}

describe('nodes', () => {
  it('are the strongest components with e as -ap / D and ap / D, and the rest is counted', async () => {
    const folder = await folderWith({}, { random: false });
    const { scores } = await openStudy(folder);
    const graph = await graphOf(folder, { minEffect: 0.1, maxNodes: 3 });
    const e = (['noising', 'denoising'] as const).map((direction) =>
      Array.from(scores.get(`ap.${direction}.heads`)!.data, (ap) => (direction === 'noising' ? -ap : ap) / D),
    );
    const sizes = e[0]!.map((value, i) => Math.max(Math.abs(value), Math.abs(e[1]![i]!)));
    const sorted = [...sizes].sort((a, b) => b - a);
    expect(graph.nodes.map(({ strength }) => strength)).toEqual(sorted.slice(0, 3));
    for (const { component, e: own } of graph.nodes) {
      const i = component[0] * 8 + component[1];
      expect(own).toEqual({ noising: e[0]![i], denoising: e[1]![i] });
    }
    const qualified = sizes.filter((size) => size >= 0.1).length;
    expect(graph.leftOut).toMatchObject({
      weakComponents: 32 - qualified,
      furtherComponents: qualified - 3,
    });
  });

  it('have the label of the study', async () => {
    const folder = await folderWith();
    const { study } = await openStudy(folder);
    const graph = await graphOf(folder);
    expect(graph.nodes.some(({ label }) => label !== undefined)).toBe(true);
    for (const { component, label } of graph.nodes) {
      const found = Object.entries(study.labels.heads ?? {}).find(([, list]) =>
        list.some((other) => other.join() === component.join()),
      );
      expect(label).toBe(found?.[0]);
    }
  });

  it('stand where |integrated gradients| are largest', async () => {
    const folder = await folderWith();
    const path = join(folder, 'scores.safetensors');
    const { strongest } = await extremes(folder);
    const [layer, head] = strongest.component;
    const arrays = [...decodeSafetensors(await readFile(path), path)].map(([name, { shape, data }]) => {
      if (name === 'ig.denoising.heads.positions') {
        for (let p = 0; p < 12; p++) data[(layer * 12 + p) * 8 + head] = p === 7 ? -100 : 20;
      }
      return { name, tensor: tensor(data as Float32Array, shape) };
    });
    await writeFile(path, encodeSafetensors(arrays));
    const node = (await graphOf(folder)).nodes[0]!;
    expect(node.position).toBe(7);
    expect(node.positionShare).toBeCloseTo(100 / 320, 6);
  });

  it('include a hidden backup, which no single score sees', async () => {
    const folder = await folderWith({}, { random: false });
    const { strongest, weakest } = await extremes(folder);
    expect(weakest.strength).toBeLessThan(0.02);
    await writeSampleMediation(folder, {
      random: false,
      pairs: [
        {
          direction: 'noising',
          kind: 'interaction',
          source: strongest.component,
          target: weakest.component,
          value: -1,
        },
      ],
    });
    const graph = await graphOf(folder);
    const backup = graph.nodes.find(({ id }) => id === weakest.id);
    expect(backup).toMatchObject({ reason: 'partner', strength: 1 / D });
    expect(graph.edges.filter(({ kind }) => kind === 'interaction')).toHaveLength(1);
    expect(graph.edges.find(({ kind }) => kind === 'interaction')).toMatchObject({
      value: -1,
      share: -1 / D,
    });
    expect((await graphOf(folder, { minEdge: 0.2 })).nodes.some(({ id }) => id === weakest.id)).toBe(false);
  });
});

describe('edges', () => {
  it('carry shares of D: a part of the effect is above 0 in both directions, an AND too', async () => {
    const folder = await folderWith({}, { random: false });
    const { strongest, second } = await extremes(folder);
    const [source, target] = [strongest, second].sort((a, b) => a.component[0] - b.component[0]);
    const ends = { source: source!.component, target: target!.component };
    await writeSampleMediation(folder, {
      random: false,
      pairs: [
        { direction: 'noising', kind: 'via', ...ends, value: -2 },
        { direction: 'denoising', kind: 'via', ...ends, value: 2 },
        { kind: 'interaction', ...ends, value: 1.5 },
      ],
    });
    const { edges } = await graphOf(folder);
    const exact = edges.filter(({ kind }) => kind === 'via' || kind === 'interaction');
    const [from, to] = [source!.id, target!.id];
    expect(exact).toEqual(
      (['noising', 'denoising'] as const).flatMap((direction) => [
        {
          kind: 'via',
          direction,
          source: from,
          target: to,
          value: direction === 'noising' ? -2 : 2,
          share: 2 / D,
        },
        { kind: 'interaction', direction, source: from, target: to, value: 1.5, share: 1.5 / D },
      ]),
    );
  });

  it('reach the threshold of their kind, and the others are counted', async () => {
    const folder = await folderWith();
    const all = await graphOf(folder, { minEdge: 0 });
    const some = await graphOf(folder, { minEdge: { via: 0.02, interaction: 0.04, through: 0.01 } });
    const least = { via: 0.02, interaction: 0.04, through: 0.01, direct: 0.05 };
    expect(some.thresholds.minEdge).toEqual(least);
    const between = new Set(some.nodes.map(({ id }) => id));
    for (const kind of ['via', 'interaction', 'through', 'direct'] as const) {
      const kept = some.edges.filter((edge) => edge.kind === kind && edge.direction === 'noising');
      const possible = all.edges.filter(
        (edge) =>
          edge.kind === kind &&
          edge.direction === 'noising' &&
          between.has(edge.source) &&
          (between.has(edge.target) || edge.target === 'logit.answer'),
      );
      expect(kept).toEqual(possible.filter(({ share }) => Math.abs(share) >= least[kind]));
      expect(kept.length).toBeGreaterThan(0);
      expect(some.leftOut.weakEdges.noising?.[kind]).toBe(possible.length - kept.length);
    }
  });

  it('go upwards only, and interaction stands once', async () => {
    const { nodes, edges } = await graphOf(await folderWith(), { minEdge: 0 });
    const layerOf = new Map(nodes.map(({ id, component }) => [id, component[0]]));
    const pairs = edges.filter(({ kind }) => kind !== 'direct');
    for (const { kind, source, target } of pairs) {
      const [from, to] = [layerOf.get(source)!, layerOf.get(target)!];
      if (kind === 'interaction') expect(to).toBeGreaterThanOrEqual(from);
      else expect(to).toBeGreaterThan(from);
    }
    const names = pairs.map(({ kind, direction, source, target }) =>
      [kind, direction, ...[source, target].sort()].join(),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('hold the values of the arrays they come from', async () => {
    const folder = await folderWith();
    const { effects, scores } = await openStudy(folder);
    const { edges, nodes } = await graphOf(folder, { minEdge: 0 });
    const at = new Map(nodes.map(({ id, component: [layer, head] }) => [id, layer * 8 + head]));
    const through = (await effects.read('denoising', 'heads_to_heads_through'))!.data;
    const direct = scores.get('ledger.denoising.heads')!.data;
    const ofDenoising = edges.filter(({ direction }) => direction === 'denoising');
    for (const { kind, source, target, value } of ofDenoising) {
      const s = at.get(source)!;
      if (kind === 'through') expect(value).toBe(through[s * 32 + at.get(target)!]);
      if (kind === 'direct') expect(value).toBe(direct[4 * s]);
    }
    expect(new Set(ofDenoising.map(({ kind }) => kind)).size).toBe(4);
  });

  it('reach neurons by the list of components', async () => {
    const folder = await sampleFolder();
    const { nodes } = await graphOf(folder, { minEffect: 0, maxNodes: 100_000 });
    const neuron = nodes.find(({ kind, component }) => kind === 'neurons' && component[0] === 3)!;
    const head = nodes.find(({ kind, component }) => kind === 'heads' && component[0] === 3)!;
    const value = { direction: 'noising', kind: 'via', source: head.component, value: -3 } as const;
    await writeSampleMediation(folder, {
      random: false,
      neurons: [neuron.component],
      pairs: [{ ...value, target: neuron.component, targetKind: 'neurons' }],
    });
    const { edges } = await graphOf(folder);
    expect(edges.filter(({ kind }) => kind === 'via')).toEqual([
      { kind: 'via', direction: 'noising', source: head.id, target: neuron.id, value: -3, share: 3 / D },
    ]);
  });
});

describe('a graph', () => {
  it('is the same for the same folder', async () => {
    const folder = await folderWith();
    expect(JSON.stringify(await graphOf(folder))).toBe(JSON.stringify(await graphOf(folder)));
  });

  it('of a folder without mediation has the other edges', async () => {
    const folder = await sampleFolder({ kinds: ['heads'] });
    expect((await graphOf(folder)).edgeKinds).toEqual(['through', 'direct']);
  });

  it('of one direction has that direction', async () => {
    const graph = await graphOf(await folderWith({ directions: ['denoising'] }));
    expect(graph.directions).toEqual(['denoising']);
    expect(Object.keys(graph.nodes[0]!.e)).toEqual(['denoising']);
  });

  it('ends at the prompts and the two answers', async () => {
    const folder = await folderWith();
    const { study, scores } = await openStudy(folder);
    const { tokens, logits } = await graphOf(folder);
    expect(tokens.map(({ clean }) => clean)).toEqual(study.pair.clean.tokens);
    expect(tokens[10]).toEqual({ id: 'token.10', position: 10, clean: ' Paul', corrupted: ' John' });
    const exps = Array.from(scores.get('logits.clean')!.data, Math.exp);
    const sum = exps.reduce((total, value) => total + value, 0);
    expect(logits.map(({ id, token }) => [id, token])).toEqual([
      ['logit.answer', 10],
      ['logit.wrong', 12],
    ]);
    expect(logits[0]!.probability.clean).toBeCloseTo(exps[10]! / sum, 6);
  });
});

describe('mistakes', () => {
  it.each([
    [{ smallD: true }, {}, /expected a pair whose D is large enough/],
    [{}, { minEffect: -1 }, /expected thresholds that are numbers from 0, got -1/],
    [{}, { minEdge: Number.NaN }, /expected thresholds that are numbers from 0, got NaN/],
    [{}, { maxNodes: 0.5 }, /expected a whole number of nodes from 1, got 0.5/],
  ])('%j %j', async (sample, options, message) => {
    const error = await graphOf(await folderWith(sample), options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
  });
});
