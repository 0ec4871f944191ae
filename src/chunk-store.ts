/**
 * Writes a Zarr store, chunk by chunk (Zarr v3: https://zarr-specs.readthedocs.io/en/latest/v3/core/v3.0.html).
 * A chunk appears under its name only when it is whole. Values are stored as they are, little-endian and without
 * compression: float32 noise does not compress, and equal results give equal files.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zarr from 'zarrita';
import { exists, writeFileAtomic } from './files.ts';

/** The form of an array. */
export interface ArrayPlan {
  readonly name: string;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly dimensions: readonly string[];
  readonly type: 'float32' | 'int32';
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Where a chunk of an array lies within its store, with slashes. */
export function chunkFile(path: string, at: readonly number[]): string {
  return [path, 'c', ...at].join('/');
}

/** A Zarr store on disk whose files are written whole or not at all. */
export class ChunkStore {
  private readonly root: zarr.Location<AtomicStore>;

  constructor(
    private readonly folder: string,
    private readonly temporaryFolder: string,
  ) {
    this.root = zarr.root(new AtomicStore(folder, temporaryFolder));
  }

  /** Creates the root, marked incomplete, and groups within it. */
  async create(groups: readonly string[], attributes: Readonly<Record<string, unknown>>): Promise<void> {
    await zarr.create(this.root, { attributes: { ...attributes, complete: false } });
    for (const group of groups) await zarr.create(this.root.resolve(group), { attributes: {} });
  }

  /** Creates an array: its metadata alone. */
  async createArray(path: string, plan: ArrayPlan): Promise<void> {
    await zarr.create(this.root.resolve(path), {
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
  async writeChunk(path: string, at: readonly number[], data: Float32Array | Int32Array): Promise<void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await writeFileAtomic(join(this.folder, chunkFile(path, at)), [bytes], this.temporaryFolder);
  }

  /** Whether a chunk is there, which then is whole. */
  async hasChunk(path: string, at: readonly number[]): Promise<boolean> {
    return exists(join(this.folder, chunkFile(path, at)));
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
