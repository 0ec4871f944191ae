/**
 * Reading `mediation.safetensors`: what pairs of components do to the metric.
 *
 * Per direction, in units of F: `via` [source, target] and `interaction` [a, b], float32. Heads stand as [L, H, L, H];
 * with neurons there is besides a list `components` int32 [n, 3] (0 head or 1 neuron, layer, index: all heads in order,
 * then the neurons by layer and index), and `<direction>.components.via`, `.interaction` [n, n] over that list.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { systemReason } from '../files.ts';
import { decodeSafetensors } from '../tensor/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Component, type Direction, DIRECTIONS, type Kind } from '../terms.ts';
import type { PerDirection } from './study-json.ts';

const MEDIATION_FILE = 'mediation.safetensors';

/** A head or neuron of a list that holds both kinds. */
export interface KindComponent {
  readonly kind: Kind;
  readonly component: Component;
}

/** Two square matrices over a list of n components, row-major [n, n], in units of F. */
export interface PairValues {
  /** Row: the source that is patched. Column: the target that is held. */
  readonly via: Float32Array;
  /** Symmetric. */
  readonly interaction: Float32Array;
}

/** Exact mediation and interaction of all pairs of some components. */
export interface Mediation {
  /** All heads in order, then the neurons that were computed, if any. */
  readonly components: readonly KindComponent[];
  /** Only the directions that were computed; one at least. */
  readonly pairs: PerDirection<PairValues>;
}

/** Sizes that the arrays must have. */
export interface HeadShape {
  readonly layers: number;
  readonly heads: number;
  readonly neurons: number;
}

type Arrays = ReadonlyMap<string, Tensor<Float32Array> | Tensor<Int32Array>>;

/** Reads the file of a study folder; undefined where there is none. Throws InputError where it does not fit. */
export async function readMediation(folder: string, shape: HeadShape): Promise<Mediation | undefined> {
  const path = join(folder, MEDIATION_FILE);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new InputError(`unreadable mediation: ${path} (${systemReason(error)}); run the study again`);
  }
  return parseMediation(decodeSafetensors(bytes, path), shape, path);
}

/**
 * Checks the arrays of `mediation.safetensors` and puts them in one form, whether or not there are neurons.
 * Arrays of other names are left alone. Throws InputError, one line, for a shape, dtype or list that does not fit.
 */
export function parseMediation(arrays: Arrays, shape: HeadShape, name: string = MEDIATION_FILE): Mediation {
  const { layers, heads } = shape;
  const square = [layers, heads, layers, heads];
  const neurons = arrays.has('components');
  const components = neurons ? listOf(arrays, shape, name) : allHeads(shape);
  const pairs: PerDirection<PairValues> = {};
  for (const direction of DIRECTIONS) {
    if (!isPresent(arrays, direction)) continue;
    const ofHeads = pairOf(arrays, direction, square, name);
    const wanted = [components.length, components.length];
    pairs[direction] = neurons ? pairOf(arrays, `${direction}.components`, wanted, name) : ofHeads;
  }
  if (Object.keys(pairs).length === 0) fail(name, 'expected noising.via or denoising.via, got neither');
  return { components, pairs };
}

const ARRAYS = ['via', 'interaction', 'components.via', 'components.interaction'];

function isPresent(arrays: Arrays, direction: Direction): boolean {
  return ARRAYS.some((array) => arrays.has(`${direction}.${array}`));
}

function pairOf(arrays: Arrays, prefix: string, shape: readonly number[], name: string): PairValues {
  return {
    via: floatsOf(arrays, `${prefix}.via`, shape, name),
    interaction: floatsOf(arrays, `${prefix}.interaction`, shape, name),
  };
}

function floatsOf(arrays: Arrays, array: string, shape: readonly number[], name: string): Float32Array {
  const found = arrays.get(array);
  const wanted = `expected ${array} to be float32 [${shape.join(', ')}]`;
  if (!found) return fail(name, `${wanted}, got none`);
  const { data } = found;
  if (!(data instanceof Float32Array)) return fail(name, `${wanted}, got int32`);
  if (!sameShape(found.shape, shape)) return fail(name, `${wanted}, got [${found.shape.join(', ')}]`);
  return data;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function allHeads({ layers, heads }: HeadShape): KindComponent[] {
  return Array.from({ length: layers * heads }, (_, i) => ({
    kind: 'heads',
    component: [Math.floor(i / heads), i % heads],
  }));
}

/** The list `components`: all heads, then neurons in ascending order. */
function listOf(arrays: Arrays, shape: HeadShape, name: string): KindComponent[] {
  const found = arrays.get('components');
  const heads = allHeads(shape);
  if (!found || !(found.data instanceof Int32Array) || found.shape.length !== 2 || found.shape[1] !== 3) {
    return fail(name, `expected components to be int32 [n, 3], got [${found?.shape.join(', ') ?? ''}]`);
  }
  const { data } = found;
  const list = Array.from({ length: found.shape[0]! }, (_, i): KindComponent => {
    const [kind, layer, index] = data.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    return { kind: kind === 0 ? 'heads' : 'neurons', component: [layer, index] };
  });
  const inOrder = list.every((item, i) => {
    const head = heads[i];
    if (head) return data[3 * i] === 0 && isSame(item.component, head.component);
    return data[3 * i] === 1 && isNeuron(item.component, shape) && isAfter(item, list[i - 1]);
  });
  if (list.length < heads.length || !inOrder) {
    return fail(
      name,
      'expected components to list all heads, then neurons by layer and index, got another list',
    );
  }
  return list;
}

const isSame = (a: Component, b: Component): boolean => a[0] === b[0] && a[1] === b[1];

function isNeuron([layer, index]: Component, { layers, neurons }: HeadShape): boolean {
  return layer >= 0 && layer < layers && index >= 0 && index < neurons;
}

function isAfter({ component: [layer, index] }: KindComponent, before: KindComponent | undefined): boolean {
  if (before?.kind !== 'neurons') return true;
  return layer > before.component[0] || (layer === before.component[0] && index > before.component[1]);
}

function fail(name: string, what: string): never {
  throw new InputError(`invalid mediation: ${name}: ${what}; run the study again`);
}
