/**
 * The patching phase: every source of every layer, kind and direction. Units are a function of the model and options
 * alone; a unit's chunks are in place before its summary is, and the summary says that the unit is done.
 */
import type { LinearMeasure } from '../effects/measures.ts';
import {
  type Observation,
  patchSources,
  type Patching,
  preparePatching,
  releasePatching,
} from '../effects/patching.ts';
import { CHUNK_SOURCES, type EffectsStore, matrixName } from '../effects/store.ts';
import { summariesOf } from '../effects/summaries.ts';
import { type AnyMeasure, blocksOf, type Sources, unitContext, type UnitContext } from '../effects/unit.ts';
import { throwIfCancelled } from '../errors.ts';
import { componentsPerLayer, type ModelConfig } from '../model/config.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { tensor, type Tensor } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import { baseAndOther, type PairRuns } from './attribute.ts';
import type { StudyFolder } from './folder.ts';
import type { StudyOptions } from './options.ts';
import type { Direction, Kind } from '../terms.ts';

export interface Unit extends Sources {
  readonly direction: Direction;
  /** Number of the chunk of sources within the layer. */
  readonly chunk: number;
}

/** All units, in the order in which they run. */
export function unitsOf(config: ModelConfig, options: StudyOptions): Unit[] {
  return options.directions.flatMap((direction) =>
    options.components.flatMap((kind) =>
      Array.from({ length: config.nLayers }, (_, layer) => layerUnits(config, direction, kind, layer)).flat(),
    ),
  );
}

/** The units of one layer, in order of their chunks. */
export function layerUnits(config: ModelConfig, direction: Direction, kind: Kind, layer: number): Unit[] {
  const count = componentsPerLayer(config, kind);
  const size = kind === 'heads' ? count : CHUNK_SOURCES;
  return Array.from({ length: Math.ceil(count / size) }, (_, chunk) => ({
    direction,
    kind,
    layer,
    chunk,
    indices: Array.from({ length: Math.min(size, count - chunk * size) }, (_, i) => chunk * size + i),
  }));
}

export function unitName({ direction, kind, layer, chunk }: Unit): string {
  return `patch.${direction}.${kind}.${layer}.${chunk}`;
}

/** Units that the engine has before it while an earlier one is reduced and written. */
const IN_FLIGHT = 1;

export interface PatchPhase {
  readonly chain: SuffixChain;
  readonly runs: PairRuns;
  readonly metric: Metric;
  readonly folder: StudyFolder;
  readonly store: EffectsStore;
  readonly options: StudyOptions;
  /** Names of arrays that are too large to be written whole. */
  readonly absent: ReadonlySet<string>;
}

/** Runs the units that are not done. `done` is told of the sources of each finished unit. */
export async function patchAll(
  phase: PatchPhase,
  done: (count: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chain, options, folder } = phase;
  for (const kind of options.components) {
    for (const direction of options.directions) {
      const units = unitsOf(chain.model.config, { ...options, components: [kind], directions: [direction] });
      const missing: Unit[] = [];
      for (const unit of units) {
        if (await folder.has(unitName(unit))) done(unit.indices.length);
        else missing.push(unit);
      }
      if (missing.length > 0) await patchUnits(phase, kind, direction, missing, done, signal);
    }
    // Sources of the other kind are observed otherwise.
    await chain.release();
  }
}

/** Units of one kind and direction. While one is reduced and written, the engine runs the next. */
async function patchUnits(
  phase: PatchPhase,
  kind: Kind,
  direction: Direction,
  units: readonly Unit[],
  done: (count: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  throwIfCancelled(signal);
  const context = await directionContext(phase, kind, direction);
  const running: { unit: Unit; seen: Promise<Observation> }[] = [];
  const finishOne = async () => {
    const { unit, seen } = running.shift()!;
    await keepUnit(phase, context, unit, await seen);
    done(unit.indices.length);
  };
  try {
    for (const unit of units) {
      throwIfCancelled(signal);
      running.push({ unit, seen: patchInBatches(context.patching, unit, phase.options.batch) });
      if (running.length > IN_FLIGHT) await finishOne();
    }
    while (running.length > 0) await finishOne();
  } finally {
    await Promise.allSettled(running.map(({ seen }) => seen));
    await releasePatching(context.patching);
  }
}

async function directionContext(
  { chain, runs, metric, options, absent }: PatchPhase,
  kind: Kind,
  direction: Direction,
): Promise<UnitContext> {
  const source = { model: chain.model, metric, ...baseAndOther(runs, direction) };
  const kept = (target: Kind, measure: LinearMeasure) =>
    options.measures.includes(measure) &&
    options.components.includes(target) &&
    !absent.has(matrixName(kind, target, measure));
  const linear: LinearMeasure[] = ['through', 'direct', 'shift', 'mean'];
  // The ledger needs `direct` of heads whatever was asked; of neurons it follows from their change.
  const heads = linear.filter((measure) => measure === 'direct' || kept('heads', measure));
  const neurons = kept('neurons', 'through') ? (['through'] as const) : [];
  const patching = await preparePatching(chain, source, heads, neurons);
  return unitContext(patching, options.components);
}

/** The unit's chunks, then its summaries, which say that it is done. */
async function keepUnit(
  phase: PatchPhase,
  context: UnitContext,
  unit: Unit,
  seen: Observation,
): Promise<void> {
  const kept: AnyMeasure[] = ['change', ...phase.options.measures];
  const isKept = (target: Kind, measure: AnyMeasure) =>
    kept.includes(measure) && !phase.absent.has(matrixName(unit.kind, target, measure));
  for (const block of blocksOf(context, seen, unit, isKept)) {
    const name = matrixName(unit.kind, block.target, block.measure);
    const { config } = context.patching.chain.model;
    const targets = componentsPerLayer(config, block.target);
    const rows = unit.kind === 'heads' ? config.nHeads : Math.min(CHUNK_SOURCES, config.dMlp);
    const at = [unit.layer, unit.chunk, block.targetLayer, 0];
    await phase.store.writeChunk(unit.direction, name, at, padded(block.data, rows * targets));
  }
  await phase.folder.save(unitName(unit), summariesOf(context, seen, unit));
}

function padded(data: Float32Array, length: number): Float32Array {
  if (data.length === length) return data;
  const whole = new Float32Array(length);
  whole.set(data);
  return whole;
}

/** A unit in batches of at most `batch` runs. It is finished once begun: a stop between units loses nothing. */
async function patchInBatches(
  patching: Patching,
  { kind, layer, indices }: Unit,
  batch: number,
): Promise<Observation> {
  const parts: Observation[] = [];
  for (let from = 0; from < indices.length; from += batch) {
    parts.push(await patchSources(patching, kind, layer, indices.slice(from, from + batch)));
  }
  return parts.length === 1 ? parts[0]! : joinObservations(parts);
}

type Observed = Observation['heads'];

function joinObservations(parts: readonly Observation[]): Observation {
  const join = (pick: (part: Observation) => Observed): Observed =>
    new Map(
      [...pick(parts[0]!)].map(([layer, measures]) => [
        layer,
        new Map(
          [...measures.keys()].map((m) => [m, joinRows(parts.map((part) => pick(part).get(layer)!.get(m)!))]),
        ),
      ]),
    );
  const ap = joinRows(parts.map((part) => tensor(part.ap, [part.ap.length]))).data;
  return { ap, heads: join((part) => part.heads), neurons: join((part) => part.neurons) };
}

/** Joins tensors along their first axis. */
function joinRows(parts: readonly Tensor[]): Tensor {
  const rows = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return tensor(data, [rows, ...parts[0]!.shape.slice(1)]);
}
