/**
 * The model cases of `test/fixtures`: a checkpoint, a pair, and what the references say of them (reference/README.md).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../src/load-model.ts';
import type { Model } from '../../src/patch/model.ts';
import { type Metric, logitDifference } from '../../src/tasks/metric.ts';
import { type IdPair, type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { decodeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Names of all cases. */
export const CASES: readonly string[] = readdirSync(FIXTURES).filter((name) =>
  existsSync(join(FIXTURES, name, 'case.json')),
);

/** The cases that also hold every array for unprocessed weights, and gradients at every hook point. */
export const DETAILED: readonly string[] = ['gpt2-plain', 'llama-gqa'];

/** The one case whose activation has a kink, so that its integrals converge slowly. */
export const WITH_KINKS = 'gpt2-odd';
/** The one case whose D is too small to divide by. */
export const SMALL_D = 'gpt2-small-d';

export interface ReferenceCase {
  readonly name: string;
  readonly folder: string;
  readonly pair: IdPair;
  readonly metric: Metric;
  /** An array of the references, by name. Throws where there is none. */
  readonly expected: (name: string) => Tensor;
  /** Names of all arrays. */
  readonly arrays: readonly string[];
}

/** Cases with `paths.safetensors`. */
export const WITH_PATHS: readonly string[] = ['gpt2-plain', 'gpt2-odd', 'llama-gqa', 'gpt2-last'];

/** A case with the arrays of one of its files. */
export function readCase(name: string, file = 'expected.safetensors'): ReferenceCase {
  const folder = join(FIXTURES, name);
  const pair = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as IdPair;
  const tensors = decodeSafetensors(readFileSync(join(folder, file)), file) as Map<string, Tensor>;
  return {
    name,
    folder,
    pair,
    metric: logitDifference(pair.answer, pair.wrong),
    expected: (array) => {
      const found = tensors.get(array);
      if (!found) throw new RangeError(`${name} has no array ${array}`);
      return found;
    },
    arrays: [...tensors.keys()],
  };
}

/** Loads a model on one thread: these are tiny, and test files run side by side. */
export function loadTiny(folder: string, options: { readonly raw?: boolean } = {}): Promise<Model> {
  return loadModel(folder, { ...options, threads: 1 });
}

export function pairOf(model: Model, { pair }: ReferenceCase): Pair {
  return pairFromIds(model.config, pair);
}

/** Logits [rows, vocabulary] less each row's mean: centring the unembedding takes that much away. */
export function centred({ data, shape }: Tensor): Tensor {
  const width = shape.at(-1)!;
  const result = Float32Array.from(data);
  for (let start = 0; start < data.length; start += width) {
    const row = result.subarray(start, start + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    for (let i = 0; i < width; i++) row[i]! -= mean;
  }
  return { shape, data: result };
}
