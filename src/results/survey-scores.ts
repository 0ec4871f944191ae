/**
 * Reading `scores.zarr` of a survey: one pair's scores at a time.
 */
import FileSystemStore from '@zarrita/storage/fs';
import * as zarr from 'zarrita';
import { InputError } from '../errors.ts';

type ScoreArray = zarr.Array<'float32', FileSystemStore>;

export class SurveyScores {
  readonly #root: zarr.Location<FileSystemStore>;
  readonly #open = new Map<string, Promise<ScoreArray>>();

  /** Reads nothing yet. */
  constructor(private readonly folder: string) {
    this.#root = zarr.root(new FileSystemStore(folder));
  }

  /** One pair's scores, [layers, heads or neurons], flat. Throws InputError where the array or the pair's chunk is not there. */
  async read(name: string, pair: number): Promise<Float32Array> {
    const array = await (this.#open.get(name) ?? this.#array(name));
    const found = await zarr.get(array, [pair, null, null]);
    return found.data as Float32Array;
  }

  #array(name: string): Promise<ScoreArray> {
    const opened = (async () => {
      try {
        const array = await zarr.open.v3(this.#root.resolve(name), { kind: 'array' });
        if (array.is('float32') && array.shape.length === 3) return array;
      } catch {
        // Told below.
      }
      throw new InputError(`missing scores: ${name} in ${this.folder}; run the survey again`);
    })();
    this.#open.set(name, opened);
    return opened;
  }
}
