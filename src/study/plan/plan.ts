/**
 * What a study will do, before it does it: runs, FLOP, time, memory and disk of each phase, and which option would
 * spare what. Needs a model's config and a pair, no weights.
 */
import { publishedRuns } from '../../effects/published.ts';
import type { ModelConfig } from '../../model/config.ts';
import { PAGE_PHASE } from '../../results/study-json.ts';
import type { Pair } from '../../tasks/pair.ts';
import type { Kind } from '../../terms.ts';
import { DEFAULT_STEPS, type StudyOptions } from '../options.ts';
import { shardOf } from '../shard.ts';
import {
  ATTRIBUTION,
  type Group,
  MEDIATION,
  mediatedSize,
  type MediationUnit,
  ofPhase,
  PATCHING,
  unitsOf,
} from '../units.ts';
import { type DiskPlan, diskPlan } from './disk.ts';
import {
  type BatchFlop,
  batchFlop,
  bothRunsFlop,
  entrancesFlop,
  type Extent,
  extentOf,
  firstFlop,
  logitsFlop,
  pairBaseFlop,
  pairFlop,
  patchedFlop,
  patchedRows,
  pathFlop,
} from './flop.ts';
import { type Batches, batchesFor, blockBytes, defaultBudget, phaseMemory, weightBytes } from './memory.ts';
import { ASSUMED, programSeconds, type Rates } from './rates.ts';
import { type Saving, savings } from './spare.ts';

/** Start of the process and of its worker: 0.4 to 0.8 s measured. */
const START_SECONDS = 0.6;
/** Reading, widening and processing weights: 4 to 6 ns a byte of float32 measured. */
const WEIGHT_SECONDS = 5e-9;
/** Writing a file, flushed and renamed: 1 to 3 ms measured on a quiet disk. */
const FILE_SECONDS = 2e-3;
/** Writing its bytes: 0.5 GB a second. */
const BYTE_SECONDS = 2e-9;
/** Reading a unit back, joining it, and comparing its sources with controls. */
const SOURCE_SECONDS = 3e-5;
/** All figures as SVG and PNG, and the page: 2 to 4 s measured, whatever the model. */
const PAGE_SECONDS = 3;

export interface PhasePlan {
  /** As progress and `study.json` name it. */
  readonly name: string;
  /** Rows computed: both prompts; points of paths; patched runs. */
  readonly runs: number;
  /** Matrix products, 2 m k n each. */
  readonly flop: number;
  readonly seconds: number;
  /** Peak resident memory of the process. */
  readonly peak_bytes: number;
  /** What the phase writes, metadata apart. */
  readonly disk_bytes: number;
}

export interface StudyPlan {
  readonly model: string;
  readonly tokens: number;
  readonly first_difference: number;
  readonly phases: readonly PhasePlan[];
  readonly runs: number;
  readonly flop: number;
  readonly seconds: number;
  readonly peak_bytes: number;
  /** While it runs; `work_bytes` of them go at the end. */
  readonly disk_bytes: number;
  readonly work_bytes: number;
  readonly batch: number;
  readonly rows: number;
  /** Bytes that the process may take. */
  readonly budget: number;
  /** Whether the expected time rests on this machine's measured rates. */
  readonly rate: Rates['source'];
  /** True where `--steps auto` may take more points than counted. */
  readonly at_least: boolean;
  /** What other options would save. */
  readonly spare: readonly Saving[];
}

/** What a plan needs to know of a model; a loaded model and an open checkpoint have it. */
export interface PlannedModel {
  readonly id: string;
  readonly config: ModelConfig;
}

/**
 * Plans a study of a pair. `options` as for `study`; without `rates` the time is a cautious guess.
 * Throws InputError where not even the smallest batches fit the budget of memory.
 */
export function planStudy(
  model: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  rates: Rates = ASSUMED,
): StudyPlan {
  const plan = planWithout(model, pair, options, rates);
  const alternative = (changed: StudyOptions) => planWithout(model, pair, changed, rates);
  return { ...plan, spare: savings(plan, options, alternative) };
}

/** The plan, without what other options would spare. */
function planWithout(
  { id, config }: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  rates: Rates,
): Omit<StudyPlan, 'spare'> {
  const extent = extentOf(pair);
  const batches = batchesFor(config, extent, options);
  const disk = diskPlan(config, extent, options);
  const phases = phasesOf({ config, extent, options, batches, disk, rates });
  return {
    model: id,
    tokens: extent.length,
    first_difference: extent.first,
    phases,
    ...totalOf(phases),
    work_bytes: disk.attributionWork.bytes + disk.patchingWork.bytes + disk.mediation.work.bytes,
    ...batches,
    budget: options.memory ?? defaultBudget(),
    rate: rates.source,
    at_least: options.steps === 'auto',
  };
}

/** All phases together: sums, and the largest peak. */
export function totalOf(phases: readonly PhasePlan[]): Omit<PhasePlan, 'name'> {
  const sum = (pick: (phase: PhasePlan) => number) => phases.reduce((total, phase) => total + pick(phase), 0);
  return {
    runs: sum(({ runs }) => runs),
    flop: sum(({ flop }) => flop),
    seconds: sum(({ seconds }) => seconds),
    peak_bytes: Math.max(...phases.map(({ peak_bytes }) => peak_bytes)),
    disk_bytes: sum(({ disk_bytes }) => disk_bytes),
  };
}

interface Work {
  readonly config: ModelConfig;
  readonly extent: Extent;
  readonly options: StudyOptions;
  readonly batches: Batches;
  readonly disk: DiskPlan;
  readonly rates: Rates;
}

function phasesOf(work: Work): PhasePlan[] {
  const { config, extent, options, batches, disk, rates } = work;
  const memory = phaseMemory(config, extent, options, batches);
  const phases: PhasePlan[] = [
    weightsPhase(config, memory.weights),
    {
      name: 'both runs',
      runs: 2,
      flop: bothRunsFlop(config, extent) + logitsFlop(config),
      seconds: rates.bothRuns * blockBytes(config),
      peak_bytes: memory.bothRuns,
      disk_bytes: 0,
    },
    { name: 'integrated gradients', ...attributionWork(work), peak_bytes: memory.attribution },
    { name: 'patching', ...patchingWork(work), peak_bytes: memory.patching },
  ];
  if (options.mediation !== 'none')
    phases.push({ name: MEDIATION, ...mediationWork(work), peak_bytes: memory.mediation });
  return options.figures ? [...phases, pagePhase(disk.page, memory.page)] : phases;
}

/** Start, and reading all weights. */
export function weightsPhase(config: ModelConfig, peak_bytes: number): PhasePlan {
  const seconds = START_SECONDS + WEIGHT_SECONDS * weightBytes(config);
  return { name: 'weights', runs: 0, flop: 0, seconds, peak_bytes, disk_bytes: 0 };
}

/** Figures and page. */
export function pagePhase(disk_bytes: number, peak_bytes: number): PhasePlan {
  return { name: PAGE_PHASE, runs: 0, flop: 0, seconds: PAGE_SECONDS, peak_bytes, disk_bytes };
}

type Amounts = Omit<PhasePlan, 'name' | 'peak_bytes'>;

/** The units of the study's shard: all, where there is one. */
function unitsOfShard({ config, options }: Pick<Work, 'config' | 'options'>) {
  return shardOf(unitsOf(config, options), options.shard);
}

/** Layers of every kind, in both directions whatever is patched. */
function attributionWork(work: Work): Amounts {
  const { config, options, disk, rates } = work;
  const steps = options.steps === 'auto' ? DEFAULT_STEPS : options.steps;
  let runs = 0;
  let flop = 0;
  let seconds = rates.attributionSessions * blockBytes(config);
  for (const { kind, layer } of ofPhase(unitsOfShard(work), ATTRIBUTION)) {
    const path = pathWork(work, kind, layer, [steps + 2]);
    runs += path.runs;
    flop += path.flop;
    seconds += path.seconds;
  }
  const { files, bytes } = disk.attributionWork;
  return { runs, flop, seconds: seconds + writing(files, bytes), disk_bytes: bytes };
}

/** Passes of so many rows each along the path of a layer and kind, forward and back. */
export function pathWork(
  { config, extent, batches, rates }: Pick<Work, 'config' | 'extent' | 'batches' | 'rates'>,
  kind: Kind,
  layer: number,
  passes: readonly number[],
): Pick<PhasePlan, 'runs' | 'flop' | 'seconds'> {
  const runs = passes.reduce((sum, rows) => sum + rows, 0);
  const programs = passes.reduce((sum, rows) => sum + Math.ceil(rows / batches.rows), 0);
  const flopOf = (at: number) => batchFlop(pathFlop(config, extent, kind, at), runs, programs);
  const seconds = programSeconds(rates.attribution[kind], config, layer, runs, flopOf);
  return { runs, flop: flopOf(layer), seconds };
}

function patchingWork(work: Work): Amounts {
  const { config, extent, options, batches, disk, rates } = work;
  const directions = options.directions.length;
  const costs = layerCosts(config, extent);
  let runs = 0;
  let sources = 0;
  let flop = directions * entrancesFlop(config, extent, options.components);
  let seconds = (rates.patchingSessions + directions * rates.direction) * blockBytes(config);
  const alike = new Set<string>();
  for (const { direction, kind, layer, size } of ofPhase(unitsOfShard(work), PATCHING)) {
    sources += size;
    const layerName = `${direction} ${kind} ${layer}`;
    if (alike.has(layerName)) continue;
    // As published, a layer's neurons are one source, and later units repeat what it changed.
    const patched = options.asPublished ? publishedRuns(kind, size) : size;
    if (patched < size) alike.add(layerName);
    const rows = patchedRows(patched, batches.batch);
    const programs = Math.ceil(patched / batches.batch);
    const flopOf = (at: number) => batchFlop(costs[kind](at), rows, programs);
    runs += patched;
    flop += flopOf(layer);
    seconds += programSeconds(rates.patching[kind], config, layer, rows, flopOf);
  }
  const bytes = disk.effects + disk.patchingWork.bytes + disk.scores;
  const files = disk.effectFiles + disk.patchingWork.files;
  // Files are written while the engine runs.
  seconds = Math.max(seconds, writing(files, bytes)) + SOURCE_SECONDS * sources;
  return { runs, flop, seconds, disk_bytes: bytes };
}

/** The pairs of the study's shard. */
function mediationWork(work: Work): Amounts {
  const { options, disk } = work;
  const { work: units, file } = disk.mediation;
  const bytes = units.bytes + file;
  const { runs, flop, seconds } = pairsWork(work, ofPhase(unitsOfShard(work), MEDIATION), options);
  return { runs, flop, seconds: seconds + writing(units.files, bytes), disk_bytes: bytes };
}

/** The runs of all pairs of some units, and those of the first components that they start from. */
export function pairsWork(
  { config, extent, rates }: Pick<Work, 'config' | 'extent' | 'rates'>,
  units: readonly MediationUnit[],
  options: Pick<StudyOptions, 'mediation'>,
): Pick<PhasePlan, 'runs' | 'flop' | 'seconds'> {
  const sizeOf = ({ kind }: Group) => mediatedSize(config, options, kind);
  let runs = 0;
  let flop = 0;
  let seconds = rates.patchingSessions * blockBytes(config);
  const add = ({ kind, layer }: Group, count: number, flopOf: typeof pairFlop) => {
    const rows = count === 1 ? 2 : count;
    const all = (at: number) => rows * flopOf(config, extent, kind, at);
    runs += rows;
    flop += all(layer);
    seconds += programSeconds(rates.patching[kind], config, layer, rows, all);
  };
  const begun = new Set<string>();
  for (const { direction, first, second, size } of units) {
    if (!begun.has(direction)) flop += pairBaseFlop(config, extent);
    const name = `${direction} ${first.kind} ${first.layer}`;
    if (!begun.has(name)) add(first, Math.max(2, sizeOf(first)), firstFlop);
    begun.add(direction).add(name);
    const isSame = first.kind === second.kind && first.layer === second.layer;
    add(second, size, isSame ? firstFlop : pairFlop);
  }
  return { runs: Math.round(runs), flop, seconds };
}

/** FLOP of patched runs, kept by layer: a deep model has thousands of units. */
function layerCosts(config: ModelConfig, extent: Extent): Record<Kind, (layer: number) => BatchFlop> {
  const of = (kind: Kind) => {
    const costs = Array.from({ length: config.nLayers }, (_, layer) =>
      patchedFlop(config, extent, kind, layer),
    );
    return (layer: number) => costs[layer]!;
  };
  return { heads: of('heads'), neurons: of('neurons') };
}

/** Seconds that files take, and their bytes. */
export function writing(files: number, bytes: number): number {
  return FILE_SECONDS * files + BYTE_SECONDS * bytes;
}

/** Below so much work a cautious guess does; measuring would take longer than it tells. */
const SMALL_FLOP = 3e11;

/** Whether a plan's time is worth measuring rates for. */
export function isWorthMeasuring({ flop }: Pick<StudyPlan, 'flop'>): boolean {
  return flop > SMALL_FLOP;
}
