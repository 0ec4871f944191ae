/**
 * What an audit keeps beside the studies of its pairs, from which its page is drawn again: `methods.safetensors`, what
 * every approximate method scored, arrays `<pair>.<method>.<direction>.<kind>` [layers, heads or neurons]; and
 * `mediation.safetensors`, arrays `<pair>.<direction>.via` [layers, heads, layers, heads].
 */
import { readFile } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { systemReason } from '../files.ts';
import { decodeSafetensors, type NamedTensor } from '../tensor/safetensors.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Direction } from '../terms.ts';
import type { Via } from './mediation.ts';
import type { MethodScores } from './methods.ts';

export const METHOD_FILE = 'methods.safetensors';
export const VIA_FILE = 'mediation.safetensors';

/** The scores of one pair. */
export interface PairMethods {
  /** From 1. */
  readonly pair: number;
  readonly scores: MethodScores['scores'];
  /** Rows of every array. */
  readonly layers: number;
}

/** The arrays of `methods.safetensors`. */
export function methodArrays(pairs: readonly PairMethods[]): NamedTensor[] {
  return pairs.flatMap(({ pair, scores, layers }) =>
    [...scores].flatMap(([method, own]) =>
      [...own].map(([name, data]) => ({
        name: `${pair}.${method}.${name}`,
        tensor: tensor(data, [layers, data.length / layers]),
      })),
    ),
  );
}

/** The arrays of `mediation.safetensors`; none where `through` was not compared. */
export function viaArrays(pairs: readonly { readonly pair: number; readonly via: Via }[]): NamedTensor[] {
  return pairs.flatMap(({ pair, via }) =>
    [...via].map(([direction, own]) => ({ name: `${pair}.${direction}.via`, tensor: own })),
  );
}

/** What is asked of `methods.safetensors`. */
export interface MethodNames {
  readonly methods: readonly string[];
  /** `<direction>.<kind>`. */
  readonly names: readonly string[];
}

/**
 * A reader of the scores of each pair, by its number from 1.
 * Rejects with InputError where the file is missing or damaged.
 */
export async function openMethodFile(
  path: string,
  { methods, names }: MethodNames,
): Promise<(pair: number) => MethodScores['scores']> {
  const read = await openScores(path);
  return (pair) =>
    new Map(
      methods.map((method) => [
        method,
        new Map(names.map((name) => [name, read(`${pair}.${method}.${name}`).data])),
      ]),
    );
}

/** The same of `via` in these directions. */
export async function openViaFile(
  path: string,
  directions: readonly Direction[],
): Promise<(pair: number) => Via> {
  const read = await openScores(path);
  return (pair) => new Map(directions.map((direction) => [direction, read(`${pair}.${direction}.via`)]));
}

async function openScores(path: string): Promise<(name: string) => Tensor> {
  const arrays = decodeSafetensors(await readScores(path), path);
  return (name) => {
    const found = arrays.get(name);
    if (found?.data instanceof Float32Array) return found as Tensor;
    throw new InputError(`${path}: expected an array ${name}, got none; run the audit again`);
  };
}

async function readScores(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError(
      `expected the scores of a finished audit, got no ${path}: ${systemReason(error)}; run the audit again`,
    );
  }
}
