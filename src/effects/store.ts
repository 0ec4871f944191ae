/**
 * Writes `effects.zarr`, chunk by chunk (Zarr v3: https://zarr-specs.readthedocs.io/en/latest/v3/core/v3.0.html).
 * A chunk appears under its name only when it is whole. Values are stored as they are, little-endian and without
 * compression: float32 noise does not compress, and equal results give equal files.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zarr from 'zarrita';
import { writeFileAtomic } from '../files.ts';
import type { AnyMeasure } from './unit.ts';
import type { Direction, Kind } from '../terms.ts';

/** Sources in one chunk of a matrix whose sources are neurons. */
export const CHUNK_SOURCES = 64;

export interface ArrayPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly dimensions: readonly string[];
  readonly type: 'float32' | 'int32';
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Name of a matrix: `heads_to_neurons`, `heads_to_neurons_through`. */
export function matrixName(source: Kind, target: Kind, measure: AnyMeasure): string {
  return `${source}_to_${target}${measure === 'change' ? '' : `_${measure}`}`;
}

const singular = (kind: Kind) => (kind === 'heads' ? 'head' : 'neuron');

/** The plan of a whole matrix [layers, sources, layers, targets]. */
export function matrixPlan(
  source: Kind,
  target: Kind,
  measure: AnyMeasure,
  sizes: { readonly layers: number; readonly heads: number; readonly neurons: number },
  attributes: Readonly<Record<string, unknown>>,
): ArrayPlan {
  const [from, to] = [sizes[source], sizes[target]];
  return {
    name: matrixName(source, target, measure),
    shape: [sizes.layers, from, sizes.layers, to],
    chunks: [1, source === 'heads' ? from : Math.min(CHUNK_SOURCES, from), 1, to],
    dimensions: ['source_layer', `source_${singular(source)}`, 'target_layer', `target_${singular(target)}`],
    type: 'float32',
    attributes: { ...attributes, measure },
  };
}

/** Where a chunk lies within the store, with slashes. */
export function chunkPath(direction: Direction, name: string, at: readonly number[]): string {
  return [direction, name, 'c', ...at].join('/');
}

/** A Zarr store on disk whose files are written whole or not at all. */
export class EffectsStore {
  private readonly root: zarr.Location<AtomicStore>;

  constructor(
    private readonly folder: string,
    private readonly temporaryFolder: string,
  ) {
    this.root = zarr.root(new AtomicStore(folder, temporaryFolder));
  }

  /** Creates the root, marked incomplete, and the groups of the directions. */
  async create(
    directions: readonly Direction[],
    attributes: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await zarr.create(this.root, { attributes: { ...attributes, complete: false } });
    for (const direction of directions) await zarr.create(this.root.resolve(direction), { attributes: {} });
  }

  /** Creates an array: its metadata alone. */
  async createArray(direction: Direction, plan: ArrayPlan): Promise<void> {
    await zarr.create(this.root.resolve(`${direction}/${plan.name}`), {
      shape: [...plan.shape],
      chunkShape: [...plan.chunks],
      dtype: plan.type,
      fillValue: 0,
      dimensionNames: [...plan.dimensions],
      codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
      attributes: { ...plan.attributes },
    });
  }

  /** Writes one chunk; `data` has the chunk's whole shape. */
  async writeChunk(
    direction: Direction,
    name: string,
    at: readonly number[],
    data: Float32Array | Int32Array,
  ): Promise<void> {
    const path = join(this.folder, chunkPath(direction, name, at));
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await writeFileAtomic(path, [bytes], this.temporaryFolder);
  }

  /** Marks the store complete: the last thing written. */
  async complete(attributes: Readonly<Record<string, unknown>>): Promise<void> {
    await zarr.create(this.root, { attributes: { ...attributes, complete: true } });
  }
}

/** zarrita's view of a folder, with atomic writes. Keys begin with a slash. */
class AtomicStore {
  constructor(
    private readonly folder: string,
    private readonly temporaryFolder: string,
  ) {}

  async get(key: zarr.AbsolutePath): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.folder, key));
    } catch {
      return undefined;
    }
  }

  async set(key: zarr.AbsolutePath, value: Uint8Array): Promise<void> {
    await writeFileAtomic(join(this.folder, key), [value], this.temporaryFolder);
  }
}
