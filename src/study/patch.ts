/**
 * The patching phase: sources of every layer, kind and direction. A unit's chunks are in place before its summary is,
 * and the summary says that the unit is done.
 */
import { blocksOf } from '../effects/blocks.ts';
import { LINEAR_MEASURES, type LinearMeasure } from '../effects/measures.ts';
import {
  type Observation,
  patchSources,
  type Patching,
  preparePatching,
  releasePatching,
} from '../effects/patching.ts';
import { AlikeNeurons, publishedPosition } from '../effects/published.ts';
import type { ChunkStore } from '../chunk-store.ts';
import { arrayPath, CHUNK_SOURCES, matrixName } from '../effects/store.ts';
import { summariesOf } from '../effects/summaries.ts';
import { type AnyMeasure, unitContext, type UnitContext } from '../effects/unit.ts';
import { componentsPerLayer } from '../model/config.ts';
import { baseAndOther, type PairRuns } from '../patch/open-pair.ts';
import type { SuffixChain } from '../patch/suffix.ts';
import { joinRows, tensor } from '../tensor/tensor.ts';
import type { Metric } from '../tasks/metric.ts';
import type { Direction, Kind } from '../terms.ts';
import type { StudyFolder, Tensors } from './folder.ts';
import type { StudyOptions } from './options.ts';
import type { Done } from './phases.ts';
import { runUnits } from './run-units.ts';
import type { PatchUnit } from './units.ts';

export interface PatchPhase {
  readonly chain: SuffixChain;
  readonly runs: PairRuns;
  readonly metric: Metric;
  readonly folder: StudyFolder;
  readonly store: ChunkStore;
  readonly options: StudyOptions;
  /** Names of arrays that are too large to be written whole. */
  readonly absent: ReadonlySet<string>;
}

/** Runs the units that are not done. `done` is told of the sources of each finished unit. */
export async function patchAll(
  phase: PatchPhase,
  units: readonly PatchUnit[],
  done: Done,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chain, options, folder } = phase;
  for (const kind of options.components) {
    for (const direction of options.directions) {
      const own = units.filter((unit) => unit.kind === kind && unit.direction === direction);
      let context: Promise<UnitContext> | undefined;
      let alike: AlikeNeurons | undefined;
      const begin = async (unit: PatchUnit) => {
        const { patching } = await (context ??= directionContext(phase, kind, direction));
        if (!options.asPublished || kind === 'heads') return patchInBatches(patching, unit, options.batch);
        return (alike ??= new AlikeNeurons(patching)).patch(unit.layer, unit.size);
      };
      const finish = async (unit: PatchUnit, seen: Observation) =>
        keepUnit(phase, await context!, unit, seen);
      await runUnits(own, folder, { begin, finish }, done, signal);
      if (context) await releasePatching((await context).patching);
    }
    // Sources of the other kind are observed otherwise.
    await chain.release();
  }
}

async function directionContext(
  { chain, runs, metric, options, absent }: PatchPhase,
  kind: Kind,
  direction: Direction,
): Promise<UnitContext> {
  const { nHeads } = chain.model.config;
  const positionOf = (of: Kind, index: number) => publishedPosition(of, index, nHeads) - chain.range.from;
  const ends = baseAndOther(runs, direction);
  const source = { model: chain.model, metric, ...ends, ...(options.asPublished && { positionOf }) };
  const kept = (target: Kind, measure: LinearMeasure) =>
    options.measures.includes(measure) &&
    options.components.includes(target) &&
    !absent.has(matrixName(kind, target, measure));
  // The ledger needs `direct` of heads whatever was asked; of neurons it follows from their change.
  const heads = LINEAR_MEASURES.filter((measure) => measure === 'direct' || kept('heads', measure));
  const neurons = kept('neurons', 'through') ? (['through'] as const) : [];
  return unitContext(await preparePatching(chain, source, heads, neurons), options.components);
}

/** Writes a unit's chunks; gives what its file holds. */
async function keepUnit(
  phase: PatchPhase,
  context: UnitContext,
  unit: PatchUnit,
  seen: Observation,
): Promise<Tensors> {
  const measures: AnyMeasure[] = ['change', ...phase.options.measures];
  const isKept = (target: Kind, measure: AnyMeasure) =>
    measures.includes(measure) && !phase.absent.has(matrixName(unit.kind, target, measure));
  for (const block of blocksOf(context, seen, unit, isKept)) {
    const name = matrixName(unit.kind, block.target, block.measure);
    const { config } = context.patching.chain.model;
    const targets = componentsPerLayer(config, block.target);
    const rows = unit.kind === 'heads' ? config.nHeads : Math.min(CHUNK_SOURCES, config.dMlp);
    const at = [unit.layer, unit.chunk, block.targetLayer, 0];
    await phase.store.writeChunk(arrayPath(unit.direction, name), at, padded(block.data, rows * targets));
  }
  return summariesOf(context, seen, unit);
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
  { kind, layer, indices }: PatchUnit,
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
