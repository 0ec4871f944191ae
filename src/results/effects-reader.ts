/**
 * Reading `effects.zarr`: the effect matrices of a study, array by array or source by source.
 */
import FileSystemStore from '@zarrita/storage/fs';
import * as zarr from 'zarrita';
import { InputError, RunError } from '../errors.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Direction } from '../terms.ts';

type EffectsArray = zarr.Array<zarr.DataType, FileSystemStore>;

/** Reads the arrays of one effects store. Chunks that are absent read as 0. */
export class EffectsReader {
  readonly #root: zarr.Location<FileSystemStore>;
  readonly #open = new Map<string, Promise<EffectsArray | undefined>>();

  private constructor(root: zarr.Location<FileSystemStore>) {
    this.#root = root;
  }

  /** Opens the store in `folder`. Throws InputError where there is none or it is not complete. */
  static async open(folder: string): Promise<EffectsReader> {
    const root = zarr.root(new FileSystemStore(folder));
    let group: zarr.Group<FileSystemStore>;
    try {
      group = await zarr.open.v3(root, { kind: 'group' });
    } catch {
      throw new InputError(`missing effects: ${folder} is not a Zarr v3 group; run the study again`);
    }
    if (group.attrs.complete !== true) {
      throw new InputError(`incomplete effects: ${folder}; finish the study with --resume`);
    }
    return new EffectsReader(root);
  }

  /** Whether the array, such as `heads_to_heads_through`, was written for this direction. */
  async has(direction: Direction, name: string): Promise<boolean> {
    return (await this.#array(direction, name)) !== undefined;
  }

  /** Attributes of an array: model, measure, units. Empty where it is absent. */
  async attributes(direction: Direction, name: string): Promise<Record<string, unknown>> {
    return (await this.#array(direction, name))?.attrs ?? {};
  }

  /** A whole array, such as [L, H, L, H]; undefined where it is absent. */
  async read(direction: Direction, name: string): Promise<Tensor | undefined> {
    const array = await this.#array(direction, name);
    return array && floats(await zarr.get(array), `${direction}/${name}`);
  }

  /** The effects of one source: the array without its first two axes; undefined where it is absent. */
  async readSource(
    direction: Direction,
    name: string,
    layer: number,
    index: number,
  ): Promise<Tensor | undefined> {
    const array = await this.#array(direction, name);
    if (!array) return undefined;
    const [layers = 0, indices = 0] = array.shape;
    if (layer >= layers || index >= indices) {
      throw new InputError(
        `invalid source: [${layer}, ${index}] of ${direction}/${name}, which has [${layers}, ${indices}]`,
      );
    }
    const rest = array.shape.slice(2).map(() => null);
    return floats(await zarr.get(array, [layer, index, ...rest]), `${direction}/${name}`);
  }

  #array(direction: Direction, name: string): Promise<EffectsArray | undefined> {
    const path = `${direction}/${name}`;
    let array = this.#open.get(path);
    if (!array) {
      array = this.#openArray(path);
      this.#open.set(path, array);
    }
    return array;
  }

  async #openArray(path: string): Promise<EffectsArray | undefined> {
    try {
      return await zarr.open.v3(this.#root.resolve(path), { kind: 'array' });
    } catch (error) {
      if (zarr.isZarritaError(error, 'NotFoundError')) return undefined;
      throw new InputError(
        `invalid effects: ${path}: ${error instanceof Error ? error.message : 'unreadable'}`,
      );
    }
  }
}

/** The float32 values of what zarrita has read; int32 indices are exact in float32 up to 2^24. */
function floats(chunk: unknown, name: string): Tensor {
  if (typeof chunk !== 'object' || chunk === null || !('data' in chunk && 'shape' in chunk)) {
    throw new RunError(`invalid effects: ${name} is a scalar`);
  }
  const { data, shape } = chunk as { data: unknown; shape: number[] };
  if (!(data instanceof Float32Array || data instanceof Int32Array)) {
    throw new InputError(`invalid effects: ${name} is neither float32 nor int32`);
  }
  if (data.length !== sizeOf(shape)) throw new RunError(`invalid effects: ${name} has a wrong size`);
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
