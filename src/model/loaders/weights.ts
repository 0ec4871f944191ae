/**
 * The weight files of a checkpoint in Hugging Face's format: one `model.safetensors`, or shards with an index.
 */
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { parseJson, shown } from '../../tensor/json.ts';
import {
  decodeFloats,
  headerLength,
  isFloatDtype,
  parseHeader,
  PREFIX_BYTES,
  type SafetensorsEntry,
} from '../../tensor/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkFinite } from '../layout.ts';
import { parseWith } from '../parse-with.ts';
import { type ByteSource, type ModelFiles, readSmallFile } from './model-files.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const INDEX_LIMITS = { maxBytes: 50_000_000, maxDepth: 8 };
const MAX_SHARDS = 1000;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

interface Located extends SafetensorsEntry {
  readonly file: ByteSource;
}

/** The tensors of one or several safetensors files, under the names in those files. */
export class WeightFiles {
  readonly #files: readonly ByteSource[];
  readonly #tensors: ReadonlyMap<string, Located>;

  private constructor(files: readonly ByteSource[], tensors: ReadonlyMap<string, Located>) {
    this.#files = files;
    this.#tensors = tensors;
  }

  /** Opens the weights among some files. @throws InputError where they are missing or damaged. */
  static async open(from: ModelFiles): Promise<WeightFiles> {
    const map = from.has(SINGLE) ? undefined : await readIndex(from);
    const names = map ? [...new Set(map.values())].toSorted() : [SINGLE];
    const files: ByteSource[] = [];
    const tensors = new Map<string, Located>();
    try {
      for (const name of names) {
        const file = await from.open(name);
        files.push(file);
        for (const [tensorName, entry] of await readHeader(file)) {
          if (!map || map.get(tensorName) === name) tensors.set(tensorName, { ...entry, file });
        }
      }
      for (const [tensorName, name] of map ?? []) {
        if (!tensors.has(tensorName)) {
          throw new InputError(
            `${INDEX}: expected tensor ${shown(tensorName)} in ${name}, got none there; the shards are incomplete`,
          );
        }
      }
    } catch (error) {
      for (const file of files) await file.close();
      throw error;
    }
    return new WeightFiles(files, tensors);
  }

  get names(): Iterable<string> {
    return this.#tensors.keys();
  }

  /** Names of the files, for hashing. */
  get fileNames(): string[] {
    return this.#files.map((file) => file.label);
  }

  entry(name: string): SafetensorsEntry | undefined {
    return this.#tensors.get(name);
  }

  /** Reads one tensor as float32. @throws InputError where it is missing, of another dtype or not finite. */
  async read(name: string): Promise<Tensor> {
    const located = this.#tensors.get(name);
    if (!located)
      throw new InputError(`expected tensor ${shown(name)}, got none of that name; check the checkpoint`);
    const { file, dtype, shape, start, end } = located;
    const data = decodeFloats(dtype, await file.read(start, end), `${file.label}: tensor ${shown(name)}`);
    checkFinite(data, name, file.label);
    return { shape, data };
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }
}

async function readHeader(file: ByteSource): Promise<ReadonlyMap<string, SafetensorsEntry>> {
  const prefix = await file.read(0, Math.min(PREFIX_BYTES, file.size));
  const length = headerLength(prefix, file.size, file.label);
  const header = parseHeader(await file.read(PREFIX_BYTES, PREFIX_BYTES + length), file.size, file.label);
  return header.tensors;
}

/** Tensor name to file name. Only plain file names beside it are taken. */
async function readIndex(files: ModelFiles): Promise<Map<string, string>> {
  if (!files.has(INDEX)) {
    const pickled = files.has('pytorch_model.bin');
    throw new InputError(
      `expected ${SINGLE} or ${INDEX} in ${files.place}, got ${pickled ? 'pytorch_model.bin; save the model as safetensors' : 'neither; download the whole model'}`,
    );
  }
  const json = parseJson(await readSmallFile(files, INDEX, INDEX_LIMITS.maxBytes), INDEX, INDEX_LIMITS);
  const map = new Map(Object.entries(parseWith(indexSchema, json, INDEX).weight_map));
  for (const [tensor, name] of map) {
    if (!/^[\w.-]+\.safetensors$/.test(name) || name.startsWith('.')) {
      throw new InputError(
        `${INDEX}: expected the name of a .safetensors file beside it for ${shown(tensor)}, got ${shown(name)}; mend the index`,
      );
    }
  }
  if (map.size === 0 || new Set(map.values()).size > MAX_SHARDS) {
    throw new InputError(
      `${INDEX}: expected 1 to ${MAX_SHARDS} shards, got ${new Set(map.values()).size}; download it again`,
    );
  }
  return map;
}

/** @throws InputError naming the first needed tensor that is not F32, F16 or BF16. */
export function checkDtype(name: string, entry: SafetensorsEntry): void {
  if (!isFloatDtype(entry.dtype)) {
    throw new InputError(
      `expected dtype F32, F16 or BF16, got ${entry.dtype} for tensor ${shown(name)}; save the model as one of them`,
    );
  }
}
