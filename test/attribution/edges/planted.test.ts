/**
 * Edges of the planted circuits, by construction: exact patching says what each does; EAP misses what is saturated.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeAttributionPatching } from '../../../src/attribution/edges/eap.ts';
import {
  edgeGraph,
  nodeIndex,
  type Receiver,
  receiverIndex,
} from '../../../src/attribution/edges/edge-graph.ts';
import { exactEdges } from '../../../src/attribution/edges/exact-edges.ts';
import type { Model } from '../../../src/patch/model.ts';
import { type Run, runBoth } from '../../../src/patch/pair-runs.ts';
import { SuffixChain } from '../../../src/patch/suffix.ts';
import { logitDifference } from '../../../src/tasks/metric.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { loadTiny } from '../../support/cases.ts';
import { TOLERANCES } from '../../support/close.ts';
import { type Planted, writePlanted } from '../../support/planted.ts';

const SEED = 3;
const GATES = { kind: 'mlp', layer: 2 } as const;
const LOGITS = { kind: 'logits' } as const;

interface Truth {
  /** A role, `input` or `gates`. */
  readonly from: string;
  /** A role's query or value, `gates` or `logits`. */
  readonly to: 'gates' | 'logits' | `${string}<${'q' | 'v'}>`;
  /** Scores in units of F: noising, denoising. */
  readonly exact: readonly [number, number];
  /** Where it is not the exact one. */
  readonly eap?: readonly [number, number];
}

const TRUTHS: readonly Truth[] = [
  { from: 'adder', to: 'logits', exact: [-1, 1] },
  { from: 'inhibitor', to: 'logits', exact: [0.5, -0.5] },
  { from: 'distractor', to: 'logits', exact: [0, 0] },
  { from: 'input', to: 'logits', exact: [0, 0] },
  { from: 'gates', to: 'logits', exact: [-5, 5] },
  { from: 'input', to: 'adder<v>', exact: [-1, 1] },
  // The primary's edge into the gate alone: its backup does not see that it is gone.
  // In the corrupted run its gate stands at the kink of its GELU, where the slope is a half.
  { from: 'primary', to: 'gates', exact: [-1, 1], eap: [-1, 0.5] },
  // The primary's edge into the backup's query alone: the backup writes beside it. Its attention is saturated.
  { from: 'primary', to: 'backup<q>', exact: [1, 0], eap: [0, 0] },
  // The primary as a whole is backed up, which the gradient does not know.
  { from: 'input', to: 'primary<v>', exact: [0, 1], eap: [-1, 0.5] },
  { from: 'input', to: 'backup<v>', exact: [0, 1], eap: [0, 0.5] },
];

let folder: string;
let planted: Planted;
let model: Model;
let chain: SuffixChain;
let clean: Run;
let corrupted: Run;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mediators-planted-edges-'));
  planted = await writePlanted(folder, SEED);
  model = await loadTiny(folder);
  const { pair } = planted;
  const metric = logitDifference(pair.answer, pair.wrong);
  chain = await SuffixChain.create(model.loaded, metric, [pair.clean, pair.corrupted], 1);
  [clean, corrupted] = (await runBoth(chain)) as [Run, Run];
});
afterAll(async () => {
  await model.dispose();
  await rm(folder, { recursive: true });
});

/** The score of an edge in a table of edges. */
function scoreOf(edges: Tensor, { from, to }: Truth): number {
  const graph = edgeGraph(model.config);
  const head = (role: string) => {
    const [layer, index] = planted.where.get(role)!;
    return { layer, head: index };
  };
  const node = from === 'input' ? { kind: 'input' as const } : from === 'gates' ? GATES : undefined;
  const receiver = (): Receiver => {
    if (to === 'gates') return GATES;
    if (to === 'logits') return LOGITS;
    const [, role, kind] = /^(.+)<([qv])>$/.exec(to) as unknown as [string, string, 'q' | 'v'];
    return { kind, ...head(role) };
  };
  const row = nodeIndex(graph, node ?? { kind: 'head', ...head(from) });
  return edges.data[row * graph.receivers.length + receiverIndex(graph, receiver())]!;
}

test('exact patching finds what each edge does, in both directions', async () => {
  const noising = await exactEdges(chain, clean, corrupted);
  const denoising = await exactEdges(chain, corrupted, clean);
  for (const truth of TRUTHS) {
    const found = [scoreOf(noising, truth), scoreOf(denoising, truth)];
    expect(found, `${truth.from} -> ${truth.to}`).toBeClose(truth.exact, TOLERANCES.planted);
  }
});

test('EAP finds it where F is linear, and misses what is saturated or backed up', async () => {
  const noising = await edgeAttributionPatching(chain, clean, corrupted);
  const denoising = await edgeAttributionPatching(chain, corrupted, clean);
  for (const truth of TRUTHS) {
    const found = [scoreOf(noising.edges, truth), scoreOf(denoising.edges, truth)];
    expect(found, `${truth.from} -> ${truth.to}`).toBeClose(truth.eap ?? truth.exact, TOLERANCES.planted);
  }
});

test('an AND gate needs each of its edges, an OR gate none: exactly, and to first order', async () => {
  const tables = {
    noising: [
      await exactEdges(chain, clean, corrupted),
      (await edgeAttributionPatching(chain, clean, corrupted)).edges,
    ],
    denoising: [
      await exactEdges(chain, corrupted, clean),
      (await edgeAttributionPatching(chain, corrupted, clean)).edges,
    ],
  };
  const inputs = (gate: 'and' | 'or') =>
    [...planted.where.keys()].filter((role) => role.startsWith(`${gate} `) && !role.includes('gate'));
  const scores = (direction: 'noising' | 'denoising', gate: 'and' | 'or') =>
    tables[direction].flatMap((edges) =>
      inputs(gate).map((from) => scoreOf(edges, { from, to: 'gates', exact: [0, 0] })),
    );
  const every = (value: number) => new Array<number>(8).fill(value);
  expect(scores('noising', 'and')).toBeClose(every(-1), TOLERANCES.planted);
  expect(scores('denoising', 'and')).toBeClose(every(0), TOLERANCES.planted);
  expect(scores('noising', 'or')).toBeClose(every(0), TOLERANCES.planted);
  expect(scores('denoising', 'or')).toBeClose(every(1), TOLERANCES.planted);
});
