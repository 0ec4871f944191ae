/**
 * What the files of a study must be: names and shapes in each unit's file, names and sizes in the store of effects.
 * All of it follows from a record; what a folder holds is compared with it before it is used.
 */
import { chunkPath, matrixName } from '../effects/store.ts';
import { TOP } from '../effects/strongest.ts';
import { layersKept } from '../effects/unit.ts';
import { componentsPerLayer, type ModelShape } from '../model/config.ts';
import { type Shape, sizeOf } from '../tensor/tensor.ts';
import { type EffectsPlan, planEffects } from './effects-plan.ts';
import type { StudyOptions } from './options.ts';
import { optionsOf, shapeOf, type ShardRecord } from './record.ts';
import {
  LOGITS,
  MEDIATION,
  type MediationUnit,
  type PatchUnit,
  PATCHING,
  type Unit,
  unitsOf,
} from './units.ts';

/** A tensor of a unit's file. */
export interface ExpectedTensor {
  readonly shape: Shape;
  readonly type: 'float32' | 'int32';
}

const BYTES = 4;

/** What a study's folder holds once all units are there. */
export class ExpectedFiles {
  readonly options: StudyOptions;
  readonly units: ReadonlyMap<string, Unit>;
  private readonly shape: ModelShape;
  private readonly effects: EffectsPlan;
  private files?: ReadonlyMap<string, number | undefined>;
  /** Bytes of a chunk of each array. */
  private readonly chunkBytes: ReadonlyMap<string, number>;

  constructor(private readonly record: ShardRecord) {
    this.options = optionsOf(record);
    this.shape = shapeOf(record);
    this.units = new Map(unitsOf(this.shape, this.options).map((unit) => [unit.name, unit]));
    this.effects = planEffects(this.shape, this.options, record.model.id);
    this.chunkBytes = new Map(this.effects.arrays.map(({ name, chunks }) => [name, BYTES * sizeOf(chunks)]));
  }

  /** What the file of a unit, or of the logits, holds. Undefined for another name. */
  tensors(name: string): ReadonlyMap<string, ExpectedTensor> | undefined {
    const float = (shape: Shape): ExpectedTensor => ({ shape, type: 'float32' });
    if (name === LOGITS) {
      const row = float([this.record.vocabulary]);
      return new Map([
        ['clean', row],
        ['corrupted', row],
      ]);
    }
    const unit = this.units.get(name);
    if (unit === undefined) return undefined;
    if (unit.phase === PATCHING) return this.summaries(unit);
    if (unit.phase === MEDIATION) return this.pairs(unit);
    const { clean, first_difference: first } = this.record.pair;
    return new Map([
      ['positions', float([clean.ids.length - first, componentsPerLayer(this.shape, unit.kind)])],
      ['gap', float([1])],
      ['steps', float([1])],
    ]);
  }

  /** Of heads alone: no shard has neurons. */
  private pairs({ first, second }: MediationUnit): Map<string, ExpectedTensor> {
    const [firsts, seconds] = [first, second].map(({ kind }) => componentsPerLayer(this.shape, kind)) as [
      number,
      number,
    ];
    const all: ExpectedTensor = { shape: [firsts, seconds], type: 'float32' };
    return new Map([
      ['ap', { shape: [firsts], type: 'float32' }],
      ['via', all],
      ['joint', all],
    ]);
  }

  private summaries({ size }: PatchUnit): Map<string, ExpectedTensor> {
    const float = (...rest: number[]): ExpectedTensor => ({ shape: [size, ...rest], type: 'float32' });
    const expected = new Map([
      ['ap', float()],
      ['gain', float()],
      ['ledger', float(4)],
      ['own', float()],
    ]);
    for (const target of this.options.components) {
      expected.set(`${target}_by_layer`, float(this.shape.nLayers));
      expected.set(`${target}_top_index`, { shape: [size, TOP, 2], type: 'int32' });
      expected.set(`${target}_top_value`, float(TOP));
    }
    return expected;
  }

  /** The chunks that a unit writes, by path within the store, with their sizes in bytes. Unreachable ones are absent. */
  *chunksOf(unit: Unit): Generator<[path: string, bytes: number]> {
    if (unit.phase !== PATCHING) return;
    const { direction, kind, layer, chunk } = unit;
    for (const target of this.options.components) {
      for (const measure of ['change', ...this.options.measures] as const) {
        const name = matrixName(kind, target, measure);
        const bytes = this.chunkBytes.get(name);
        if (bytes === undefined) continue;
        for (const to of layersKept(unit, target, this.shape.nLayers))
          yield [chunkPath(direction, name, [layer, chunk, to, 0]), bytes];
      }
    }
  }

  /** Every file that the store may hold, with its size; metadata, which is written anew, with none. */
  get storeFiles(): ReadonlyMap<string, number | undefined> {
    this.files ??= this.listStore();
    return this.files;
  }

  private listStore(): Map<string, number | undefined> {
    const files = new Map<string, number | undefined>([['zarr.json', undefined]]);
    for (const direction of this.options.directions) {
      files.set(`${direction}/zarr.json`, undefined);
      for (const { name, shape, chunks } of this.effects.arrays) {
        files.set(`${direction}/${name}/zarr.json`, undefined);
        if (!isSummary(name)) continue;
        const rest = shape.slice(1).map(() => 0);
        for (let layer = 0; layer < this.shape.nLayers; layer++)
          files.set(chunkPath(direction, name, [layer, ...rest]), BYTES * sizeOf(chunks));
      }
    }
    for (const unit of this.units.values())
      for (const [path, bytes] of this.chunksOf(unit)) files.set(path, bytes);
    return files;
  }
}

/** Whether an array is one of those that are written at the end, from all units. */
function isSummary(name: string): boolean {
  return /_(by_layer|top_index|top_value)$/.test(name);
}
