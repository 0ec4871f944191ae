/**
 * The planted circuits: a GPT-2-form model in which every label is known by construction.
 *
 * Three layers, 8 heads of width 4, 16 neurons, d_model 32, 3 positions. Sixteen directions u_name of the residual
 * stream carry one number each. `ball` makes it so long that LayerNorm is a multiplication by `G`; `x` says which prompt
 * it is; `p0` to `p2` are positions. A head copies x from position 1 to a direction at the last token; five neurons of
 * the last layer are gates of such copies, and write `out`, which the unembedding reads.
 *
 *   clean = BOS ONE END, corrupted = BOS ZERO END,  F = logit[ans] - logit[wrong] = 3.5 and -2
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Label } from '../../src/latent/labels.ts';
import { permutation, type Random, seededRandom } from '../../src/stats/random.ts';
import type { IdPair } from '../../src/tasks/pair.ts';
import { encodeSafetensors, type NamedTensor } from '../../src/tensor/safetensors.ts';
import { full, type Tensor, zeros } from '../../src/tensor/tensor.ts';
import type { Component } from '../../src/terms.ts';

export const LAYERS = 3;
export const HEADS = 8;
export const HEAD_WIDTH = 4;
export const NEURONS = 16;
export const WIDTH = 32;
const POSITIONS = 3;
const [BOS, ONE, ZERO, END, , ANSWER, WRONG] = [0, 1, 2, 3, 4, 5, 6];
const VOCABULARY = 7;

/** Length of the residual stream, and what LayerNorm then multiplies by. */
const BALL = 1000;
export const G: number = Math.sqrt(WIDTH) / BALL;
/** Score of a copying head at its position, before the softmax: 1 - 2 exp(-12) of the attention. */
export const SCORE = 12;
/** Gates work on 20 times their input: there GELU is ReLU. */
export const STEEP = 20;

const NAMES = 'ball x p0 p1 p2 A1 B1 A2 B2 C1 D1 C2 D2 P out junk'.split(' ');

/** Scores in gates: minus the score in noising, the score in denoising; /5.5 they are normalised effects. */
interface Truth {
  readonly noising: number;
  readonly denoising: number;
}

export interface PlantedHead {
  readonly role: string;
  readonly layer: number;
  readonly head: number;
  readonly writes: string;
  readonly weight?: number;
  /** A direction whose presence at the last token stops the head. */
  readonly unless?: string;
  readonly ap: Truth;
  readonly ig: Truth;
  readonly label?: Label;
}

const value = (noising: number, denoising: number): Truth => ({ noising, denoising });
const AND = { ap: value(1, 0), label: 'and' } as const;
const OR = { ap: value(0, 1), label: 'or' } as const;
const ACROSS_AND = { ...AND, ig: value(1, 0) };
const SAME_AND = { ...AND, ig: value(0.5, 0.5) };
const ACROSS_OR = { ...OR, ig: value(0, 1) };
const SAME_OR = { ...OR, ig: value(0.5, 0.5) };
const NOTHING = { ap: value(0, 0), ig: value(0, 0) };

export const PLANTED_HEADS: readonly PlantedHead[] = [
  { role: 'and across, first', layer: 0, head: 0, writes: 'A1', ...ACROSS_AND },
  { role: 'and across, second', layer: 1, head: 0, writes: 'B1', ...ACROSS_AND },
  { role: 'and in one layer, first', layer: 0, head: 1, writes: 'A2', ...SAME_AND },
  { role: 'and in one layer, second', layer: 0, head: 2, writes: 'B2', ...SAME_AND },
  { role: 'or across, first', layer: 0, head: 3, writes: 'C1', ...ACROSS_OR },
  { role: 'or across, second', layer: 1, head: 1, writes: 'D1', ...ACROSS_OR },
  { role: 'or in one layer, first', layer: 1, head: 2, writes: 'C2', ...SAME_OR },
  { role: 'or in one layer, second', layer: 1, head: 3, writes: 'D2', ...SAME_OR },
  { role: 'primary', layer: 0, head: 4, writes: 'P', ...ACROSS_OR },
  { role: 'backup', layer: 1, head: 4, writes: 'P', unless: 'P', ...NOTHING },
  { role: 'adder', layer: 0, head: 5, writes: 'out', ap: value(1, 1), ig: value(1, 1), label: 'adder' },
  {
    role: 'inhibitor',
    layer: 0,
    head: 6,
    writes: 'out',
    weight: -0.5,
    ap: value(-0.5, -0.5),
    ig: value(-0.5, -0.5),
    label: 'inhibitory',
  },
  { role: 'distractor', layer: 1, head: 5, writes: 'junk', weight: 3, ...NOTHING },
];

interface PlantedGate {
  readonly role: string;
  /** Directions read, all with this sign. */
  readonly reads: readonly string[];
  readonly sign: number;
  readonly bias: number;
  readonly weight: number;
}

export const GATE_LAYER = 2;
export const PLANTED_GATES: readonly PlantedGate[] = [
  { role: 'gate: and across', reads: ['A1', 'B1'], sign: 1, bias: -1, weight: 1 },
  { role: 'gate: and in one layer', reads: ['A2', 'B2'], sign: 1, bias: -1, weight: 1 },
  { role: 'gate: or across', reads: ['C1', 'D1'], sign: -1, bias: 1, weight: -1 },
  { role: 'gate: or in one layer', reads: ['C2', 'D2'], sign: -1, bias: 1, weight: -1 },
  { role: 'gate: primary or backup', reads: ['P'], sign: 1, bias: 0, weight: 1 },
];
const GATE_TRUTH = { ap: value(1, 1), ig: value(1, 1), label: 'adder' as const };

/** `interaction[a, b]` and `via[a, b]` in units of F, where they are not 0. */
export interface PlantedEdge {
  readonly measure: 'interaction' | 'via';
  readonly source: string;
  readonly target: string;
  readonly noising: number;
  readonly denoising: number;
}

const EDGES: readonly PlantedEdge[] = [
  ...['across', 'in one layer'].flatMap((where) => [
    edge('interaction', `and ${where}, first`, `and ${where}, second`, 1, 1),
    edge('interaction', `or ${where}, first`, `or ${where}, second`, -1, -1),
  ]),
  edge('interaction', 'primary', 'backup', -1, 0),
  edge('via', 'primary', 'backup', 1, 0),
];

function edge(
  measure: PlantedEdge['measure'],
  source: string,
  target: string,
  noising: number,
  denoising: number,
): PlantedEdge {
  return { measure, source, target, noising, denoising };
}

/** Expected scores and labels of one kind, [layers, perLayer] flat. Scores in units of F, signs as stored. */
export interface PlantedScores {
  readonly perLayer: number;
  readonly ap: { readonly noising: Float64Array; readonly denoising: Float64Array };
  readonly ig: { readonly noising: Float64Array; readonly denoising: Float64Array };
  readonly labels: readonly (Label | undefined)[];
}

export interface Planted {
  /** The folder in Hugging Face format. */
  readonly folder: string;
  readonly pair: IdPair;
  readonly metric: { readonly clean: number; readonly corrupted: number };
  /** [layer, index] of each named head and neuron, after permutation. */
  readonly where: ReadonlyMap<string, Component>;
  readonly heads: PlantedScores;
  readonly neurons: PlantedScores;
  readonly edges: readonly PlantedEdge[];
}

/** Writes the model into `folder` and returns its truth. The seed permutes heads and neurons within their layers. */
export async function writePlanted(folder: string, seed = 0): Promise<Planted> {
  const where = placement(seededRandom(seed));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(CONFIG, null, 2)}\n`);
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(plantedTensors(where)));
  return {
    folder,
    pair: {
      clean: [BOS, ONE, END],
      corrupted: [BOS, ZERO, END],
      answer: ANSWER,
      wrong: WRONG,
      contrast: 'removal',
    },
    metric: { clean: 3.5, corrupted: -2 },
    where,
    heads: truthOf(PLANTED_HEADS, where, HEADS),
    neurons: truthOf(
      PLANTED_GATES.map((gate) => ({ ...gate, ...GATE_TRUTH })),
      where,
      NEURONS,
    ),
    edges: EDGES,
  };
}

const CONFIG = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  n_embd: WIDTH,
  n_head: HEADS,
  n_inner: NEURONS,
  n_layer: LAYERS,
  n_positions: POSITIONS,
  vocab_size: VOCABULARY,
  bos_token_id: BOS,
  eos_token_id: BOS,
  tie_word_embeddings: false,
  attn_pdrop: 0,
  embd_pdrop: 0,
  resid_pdrop: 0,
};

/** Where each head and gate lies: a random permutation within each layer. */
function placement(random: Random): Map<string, Component> {
  const headOrders = Array.from({ length: LAYERS }, () => permutation(random, HEADS));
  const neuronOrder = permutation(random, NEURONS);
  return new Map<string, Component>([
    ...PLANTED_HEADS.map(({ role, layer, head }): [string, Component] => [
      role,
      [layer, headOrders[layer]![head]!],
    ]),
    ...PLANTED_GATES.map(({ role }, i): [string, Component] => [role, [GATE_LAYER, neuronOrder[i]!]]),
  ]);
}

function truthOf(
  parts: readonly { role: string; ap: Truth; ig: Truth; label?: Label }[],
  where: ReadonlyMap<string, Component>,
  perLayer: number,
): PlantedScores {
  const size = LAYERS * perLayer;
  const empty = (): { noising: Float64Array; denoising: Float64Array } => ({
    noising: new Float64Array(size),
    denoising: new Float64Array(size),
  });
  const scores = { ap: empty(), ig: empty() };
  const labels = Array.from<Label | undefined>({ length: size });
  for (const part of parts) {
    const [layer, index] = where.get(part.role)!;
    const i = layer * perLayer + index;
    for (const method of ['ap', 'ig'] as const) {
      scores[method].noising[i] = -part[method].noising;
      scores[method].denoising[i] = part[method].denoising;
    }
    labels[i] = part.label;
  }
  return { perLayer, ...scores, labels };
}

/** u_name: a unit vector of mean 0, so that LayerNorm's centring leaves it alone. */
function direction(name: string): Float64Array {
  const n = NAMES.indexOf(name);
  if (n < 0) throw new RangeError(`no direction is called ${name}`);
  const u = new Float64Array(WIDTH);
  u[2 * n] = Math.SQRT1_2;
  u[2 * n + 1] = -Math.SQRT1_2;
  return u;
}

/** A direction by name, or any vector [d_model] of mean 0. */
type Along = string | Float64Array;

const vectorOf = (along: Along): Float64Array => (typeof along === 'string' ? direction(along) : along);

/** Adds scale * u to row `index` of a matrix [rows, d_model]. */
export function addToRow({ data }: Tensor, index: number, along: Along, scale: number): void {
  vectorOf(along).forEach((u, i) => {
    data[index * WIDTH + i]! += scale * u;
  });
}

/** Adds scale * u to column `index` of a matrix [d_model, columns]. */
export function addToColumn({ data, shape }: Tensor, index: number, along: Along, scale: number): void {
  vectorOf(along).forEach((u, i) => {
    data[i * shape[1]! + index]! += scale * u;
  });
}

/** All tensors, named and laid out as transformers does: its Conv1D weights are [in, out]. */
function plantedTensors(where: ReadonlyMap<string, Component>): NamedTensor[] {
  const wte = zeros([VOCABULARY, WIDTH]);
  addToRow(wte, ONE, 'x', 1);
  const wpe = zeros([POSITIONS, WIDTH]);
  for (let i = 0; i < POSITIONS; i++) {
    addToRow(wpe, i, 'ball', BALL);
    addToRow(wpe, i, `p${i}`, 1);
  }
  const unembed = zeros([VOCABULARY, WIDTH]);
  addToRow(unembed, ANSWER, 'out', 1 / (2 * G));
  addToRow(unembed, WRONG, 'out', -1 / (2 * G));
  return [
    { name: 'transformer.wte.weight', tensor: wte },
    { name: 'transformer.wpe.weight', tensor: wpe },
    ...Array.from({ length: LAYERS }, (_, layer) => layerTensors(layer, where)).flat(),
    { name: 'transformer.ln_f.weight', tensor: full([WIDTH], 1) },
    { name: 'transformer.ln_f.bias', tensor: zeros([WIDTH]) },
    { name: 'lm_head.weight', tensor: unembed },
  ];
}

function layerTensors(layer: number, where: ReadonlyMap<string, Component>): NamedTensor[] {
  const attention = { qkv: zeros([WIDTH, 3 * WIDTH]), bias: zeros([3 * WIDTH]), out: zeros([WIDTH, WIDTH]) };
  const mlp = { in: zeros([WIDTH, NEURONS]), bias: zeros([NEURONS]), out: zeros([NEURONS, WIDTH]) };
  for (const head of PLANTED_HEADS) {
    if (head.layer === layer) plantHead(head, where.get(head.role)![1], attention);
  }
  if (layer === GATE_LAYER) {
    for (const gate of PLANTED_GATES) plantGate(gate, where.get(gate.role)![1], mlp);
  }
  const tensors: Record<string, Tensor> = {
    'ln_1.weight': full([WIDTH], 1),
    'ln_1.bias': zeros([WIDTH]),
    'attn.c_attn.weight': attention.qkv,
    'attn.c_attn.bias': attention.bias,
    'attn.c_proj.weight': attention.out,
    'attn.c_proj.bias': zeros([WIDTH]),
    'ln_2.weight': full([WIDTH], 1),
    'ln_2.bias': zeros([WIDTH]),
    'mlp.c_fc.weight': mlp.in,
    'mlp.c_fc.bias': mlp.bias,
    'mlp.c_proj.weight': mlp.out,
    'mlp.c_proj.bias': zeros([WIDTH]),
  };
  return Object.entries(tensors).map(([name, tensor]) => ({
    name: `transformer.h.${layer}.${name}`,
    tensor,
  }));
}

/** A copying head: its query is constant, its key finds position 1, its value is x. */
function plantHead(
  head: PlantedHead,
  index: number,
  { qkv, bias, out }: { qkv: Tensor; bias: Tensor; out: Tensor },
): void {
  const query = index * HEAD_WIDTH;
  const query0 = SCORE * Math.sqrt(HEAD_WIDTH);
  bias.data[query] = query0;
  if (head.unless) addToColumn(qkv, query, head.unless, (-2 * query0) / G);
  addToColumn(qkv, WIDTH + query, 'p1', 1 / G);
  addToColumn(qkv, 2 * WIDTH + query, 'x', 1 / G);
  addToRow(out, query, head.writes, head.weight ?? 1);
}

/** A gate neuron: weight * ReLU(sum of sign * reads + bias), written to `out`. */
function plantGate(
  gate: PlantedGate,
  index: number,
  { in: read, bias, out }: { in: Tensor; bias: Tensor; out: Tensor },
): void {
  for (const name of gate.reads) addToColumn(read, index, name, (STEEP * gate.sign) / G);
  bias.data[index] = STEEP * gate.bias;
  addToRow(out, index, 'out', gate.weight / STEEP);
}
