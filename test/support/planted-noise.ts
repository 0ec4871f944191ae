/**
 * Noisy planted circuits: the same parts with the same truth (planted.ts) among others that blur it.
 *
 * The residual stream has 15 more directions of mean 0 beside the named ones: junk. Noise is
 *
 * 1. junk of every prompt: tokens and positions carry some;
 * 2. junk to junk: every head also moves junk, every free neuron turns junk into junk by a GELU;
 * 3. distractors: the free heads copy x into junk, strongly, and look where junk sends them;
 * 4. leaks: every head adds a little of what it copies to `out`, so that no head is without effect;
 * 5. graded gates: their GELU turns round over a third of a unit, and what heads write varies by a tenth.
 *
 * Draws go to parts by their role, not by their place: another permutation gives the same circuit.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  addToColumn,
  addToRow,
  G,
  GATE_LAYER,
  HEAD_WIDTH,
  HEADS,
  LAYERS,
  NEURONS,
  type Planted,
  PLANTED_GATES,
  PLANTED_HEADS,
  type PlantedHead,
  SCORE,
  STEEP,
  WIDTH,
  writePlanted,
} from './planted.ts';
import { Random } from './random.ts';

/** Standard deviation of a head's leak, in units of F: a label begins at 0.02 D = 0.11. */
const LEAK = 0.1;
/** Standard deviation of what planted heads write, as a share of it. */
const UNEVEN = 0.1;
/** A graded gate works on 3 times its input. */
const GRADED = 2;
/** Length of the junk of tokens, positions and weights, where a planted direction has 1. */
const JUNK = 0.5;
/** Distractors write so much. */
const LOUD = 3;

type Weights = ReadonlyMap<string, Tensor>;

/** Writes a noisy model into `folder`; the truth is that of the circuit without noise. */
export async function writeNoisyPlanted(folder: string, seed = 0): Promise<Planted> {
  const planted = await writePlanted(folder, seed);
  const path = join(folder, 'model.safetensors');
  const weights = decodeSafetensors(await readFile(path), path) as Map<string, Tensor>;
  addNoise(weights, planted.where, new Random(seed));
  await writeFile(path, encodeSafetensors([...weights].map(([name, tensor]) => ({ name, tensor }))));
  return planted;
}

function addNoise(weights: Weights, where: Planted['where'], random: Random): void {
  for (const name of ['transformer.wte.weight', 'transformer.wpe.weight']) {
    const embedding = weights.get(name)!;
    for (let i = 0; i < embedding.shape[0]!; i++) addToRow(embedding, i, junk(random), JUNK);
  }
  for (const head of PLANTED_HEADS) {
    const [layer, index] = where.get(head.role)!;
    blurHead(weights, layer, index, random, head);
    moveJunk(weights, layer, index, random);
  }
  for (const { role } of PLANTED_GATES) gradeGate(weights, where.get(role)![1]);
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const index of free(where, layer, 'heads')) {
      distract(weights, layer, index, random);
      moveJunk(weights, layer, index, random);
    }
    for (const index of free(where, layer, 'neurons')) turnJunk(weights, layer, index, random);
  }
}

/** Places of a layer that no planted part has, ascending. */
function free(where: Planted['where'], layer: number, kind: 'heads' | 'neurons'): number[] {
  const parts = kind === 'heads' ? PLANTED_HEADS : PLANTED_GATES;
  const taken = parts.map(({ role }) => where.get(role)!).filter(([at]) => at === layer);
  const all = Array.from({ length: kind === 'heads' ? HEADS : NEURONS }, (_, i) => i);
  return all.filter((i) => !taken.some(([, index]) => index === i));
}

/** A random unit vector of the junk directions. In a name's pair of places named directions differ in sign, junk agrees. */
function junk(random: Random): Float64Array {
  const values = Array.from({ length: WIDTH / 2 }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const both = values.flatMap((value) => [value - mean, value - mean]);
  const length = Math.hypot(...both);
  return Float64Array.from(both, (value) => value / length);
}

function at(weights: Weights, layer: number, name: string): Tensor {
  return weights.get(`transformer.h.${layer}.${name}`)!;
}

function leak(out: Tensor, first: number, random: Random): void {
  addToRow(out, first, 'out', LEAK * random.normal());
}

function blurHead(
  weights: Weights,
  layer: number,
  index: number,
  random: Random,
  { writes, weight = 1 }: PlantedHead,
): void {
  const out = at(weights, layer, 'attn.c_proj.weight');
  addToRow(out, index * HEAD_WIDTH, writes, UNEVEN * weight * random.normal());
  leak(out, index * HEAD_WIDTH, random);
}

/** A head's widths but the first read junk and write junk. */
function moveJunk(weights: Weights, layer: number, index: number, random: Random): void {
  for (let i = index * HEAD_WIDTH + 1; i < (index + 1) * HEAD_WIDTH; i++) {
    addToColumn(at(weights, layer, 'attn.c_attn.weight'), 2 * WIDTH + i, junk(random), 1 / G);
    addToRow(at(weights, layer, 'attn.c_proj.weight'), i, junk(random), JUNK);
  }
}

/** A free head copies x into junk, more or less sharply, and looks where junk sends it. */
function distract(weights: Weights, layer: number, index: number, random: Random): void {
  const [qkv, out] = [at(weights, layer, 'attn.c_attn.weight'), at(weights, layer, 'attn.c_proj.weight')];
  const first = index * HEAD_WIDTH;
  at(weights, layer, 'attn.c_attn.bias').data[first] = SCORE * random.uniform();
  addToColumn(qkv, WIDTH + first, 'p1', 1 / G);
  for (let i = first + 1; i < first + HEAD_WIDTH; i++) {
    addToColumn(qkv, i, junk(random), 1 / G);
    addToColumn(qkv, WIDTH + i, junk(random), 1 / G);
  }
  addToColumn(qkv, 2 * WIDTH + first, 'x', 1 / G);
  addToRow(out, first, junk(random), LOUD);
  leak(out, first, random);
}

function turnJunk(weights: Weights, layer: number, index: number, random: Random): void {
  addToColumn(at(weights, layer, 'mlp.c_fc.weight'), index, junk(random), 1 / G);
  at(weights, layer, 'mlp.c_fc.bias').data[index] = JUNK * random.normal();
  addToRow(at(weights, layer, 'mlp.c_proj.weight'), index, junk(random), 1);
}

/** Less steep: the same gate beyond its threshold, a rounder one at it. */
function gradeGate(weights: Weights, index: number): void {
  const share = GRADED / STEEP;
  const read = at(weights, GATE_LAYER, 'mlp.c_fc.weight');
  for (let i = 0; i < WIDTH; i++) read.data[i * NEURONS + index]! *= share;
  at(weights, GATE_LAYER, 'mlp.c_fc.bias').data[index]! *= share;
  const out = at(weights, GATE_LAYER, 'mlp.c_proj.weight');
  for (let i = 0; i < WIDTH; i++) out.data[index * WIDTH + i]! /= share;
}
