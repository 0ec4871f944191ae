/**
 * Synthetic arrays of a study: no model, only numbers of plausible size that fit each other
 * (the four parts of a ledger sum to AP, positions sum to scores).
 */
import { sizeOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { Random } from './random.ts';
import { DIRECTIONS, type Direction, KINDS, type Kind } from '../../src/terms.ts';

export interface SampleShape {
  layers: number;
  heads: number;
  neurons: number;
}

export type Arrays = Map<string, Tensor>;

/** Normalised effects of the planted components: noising and denoising. */
const PLANTED: readonly (readonly [number, number])[] = [
  [0.62, 0.04],
  [0.05, 0.48],
  [0.31, 0.27],
  [-0.18, -0.22],
  [0.17, 0.03],
  [0.02, 0.13],
  [0.12, 0.07],
  [0.95, 0.91],
];

/** The number of components per layer of a kind. */
export function widthOf(kind: Kind, shape: SampleShape): number {
  return kind === 'heads' ? shape.heads : shape.neurons;
}

function fill(shape: readonly number[], value: (i: number) => number): Tensor {
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
    [...shape],
  );
}

/** Normalised effects [L, N] of both directions: mostly small, a few planted. */
function effects(kind: Kind, shape: SampleShape, random: Random): Record<Direction, Float32Array> {
  const size = shape.layers * widthOf(kind, shape);
  const scale = kind === 'heads' ? 0.012 : 0.0012;
  const heavy = () => scale * random.normal() * Math.exp(random.normal());
  const noising = Float32Array.from({ length: size }, heavy);
  const denoising = Float32Array.from(noising, (value) => 0.6 * value + 0.5 * heavy());
  const strength = kind === 'heads' ? 1 : 0.2;
  for (const [n, d] of kind === 'heads' ? PLANTED : [...PLANTED, ...PLANTED, ...PLANTED]) {
    const at = random.below(size);
    const jitter = 0.7 + 0.6 * random.uniform();
    noising[at] = n * strength * jitter;
    denoising[at] = d * strength * jitter;
  }
  return { noising, denoising };
}

function scoresOf(out: Arrays, kind: Kind, direction: Direction, e: Float32Array, job: Job): void {
  const { shape, D, positions, random } = job;
  const width = widthOf(kind, shape);
  const grid = [shape.layers, width];
  const sign = direction === 'noising' ? -1 : 1;
  const ap = fill(grid, (i) => sign * D * e[i]!);
  const ig = fill(grid, (i) => ap.data[i]! * (0.6 + 0.5 * random.uniform()) + 0.002 * random.normal());
  const parts = fill([shape.layers, positions, width], (i) => {
    const layer = Math.floor(i / (positions * width));
    return ig.data[layer * width + (i % width)]! / positions;
  });
  out.set(`ap.${direction}.${kind}`, ap);
  out.set(`ig.${direction}.${kind}`, ig);
  out.set(`ig.${direction}.${kind}.positions`, parts);
  out.set(`gain.${direction}.${kind}`, gains(job, width));
  out.set(`ledger.${direction}.${kind}`, ledger(ap, random));
}

function gains({ shape, random }: Job, width: number): Tensor {
  return fill([shape.layers, width], (i) => {
    const left = shape.layers - Math.floor(i / width);
    if (left === 1 && i % 7 === 0) return Number.NaN;
    return 0.4 * left * Math.exp(0.5 * random.normal());
  });
}

function ledger(ap: Tensor, random: Random): Tensor {
  return fill([...ap.shape, 4], (i) => {
    const total = ap.data[Math.floor(i / 4)]!;
    return [0.7, -0.15, 0.35, 0.1][i % 4]! * total + [1, -1, 0.5, -0.5][i % 4]! * 0.05 * random.uniform();
  });
}

interface Job {
  shape: SampleShape;
  D: number;
  positions: number;
  random: Random;
}

/** All arrays of `scores.safetensors` but asymmetry, for every kind and direction. */
export function sampleScores(shape: SampleShape, D: number, positions: number, seed: number): Arrays {
  const out: Arrays = new Map();
  for (const kind of KINDS) {
    const job: Job = { shape, D, positions, random: new Random(seed + KINDS.indexOf(kind)) };
    const both = effects(kind, shape, job.random);
    for (const direction of DIRECTIONS) scoresOf(out, kind, direction, both[direction], job);
  }
  const random = new Random(seed + 9);
  for (const run of ['clean', 'corrupted'])
    out.set(
      `logits.${run}`,
      fill([40], () => 3 * random.normal()),
    );
  return out;
}

/** Head to head effects [L, H, L, H]: `change` where `signed` is false, else `through`. */
export function sampleHeadEffects(shape: SampleShape, signed: boolean, seed: number): Tensor {
  const { layers, heads } = shape;
  const random = new Random(seed);
  const source = Array.from({ length: layers * heads }, () => Math.exp(1.1 * random.normal()));
  const target = Array.from({ length: layers * heads }, () => Math.exp(0.8 * random.normal()));
  return fill([layers, heads, layers, heads], (i) => {
    const t = i % (layers * heads);
    const s = Math.floor(i / (layers * heads));
    const value = random.normal() * Math.exp(0.6 * random.normal());
    if (s === t) return signed ? source[s]! * 0.1 : source[s]! * 4;
    if (Math.floor(t / heads) <= Math.floor(s / heads)) return 0;
    const strength = source[s]! * target[t]!;
    return signed ? 0.02 * strength * value : 0.15 * strength * Math.abs(value);
  });
}
