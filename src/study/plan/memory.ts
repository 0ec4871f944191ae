/**
 * Peak resident memory of a study's process, by phase, and the batches that a budget allows.
 *
 * Resident is: the process itself; the weights, once; what sessions pack of them; the rows of a batch. Sessions give
 * nothing back to the system, so a phase never stands below the one before it. What grows with a batch is told from
 * the graphs (`row-bytes.ts`); what packing takes was measured: on two shapes (12 layers of GPT-2 small's, 30 of
 * SmolLM2's, float32, ONNX Runtime 1.30, Linux) and is rounded up.
 */
import { constrainedMemory } from 'node:process';
import { totalmem } from 'node:os';
import { InputError } from '../../errors.ts';
import type { ModelConfig } from '../../model/config.ts';
import { expectedTensors } from '../../model/layout.ts';
import type { Pair } from '../../tasks/pair.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import type { StudyOptions } from '../options.ts';
import { formatBytes } from './bytes.ts';
import { columnsOf, type Extent, extentOf } from './flop.ts';
import { rowBytes } from './row-bytes.ts';

/** Node, ONNX Runtime and what is compiled: 130 MB measured, with a study's own small arrays. */
const PROCESS_BYTES = 180e6;
/** A tokenizer's tables, for each word of the vocabulary. */
const WORD_BYTES = 1000;
/** Sessions of both runs, way back included, and the freed ones of the prefix: 2.9 to 3.3 times the blocks' matrices. */
const BOTH_RUNS_PACKED = 3.3;
/** Sessions of the way there and back: 2.9 times. */
const ROUND_TRIP_PACKED = 2.9;
/** Sessions that observe, with a padded copy of W_O: 1.2 to 1.6 times. */
const OBSERVING_PACKED = 1.7;
/** The unembedding as a session of its own: 2.2 times. */
const UNEMBED_PACKED = 2.2;
/** Arrays that wait for their collection: 50 to 130 MB measured. */
const WAITING_BYTES = 130e6;
/** Drawing figures as PNG, and the page: what stands by then and 40 MB more, with so much for each component. */
const PAGE_BYTES = 40e6;
const PAGE_COMPONENT_BYTES = 4600;
/** But no less than this above process and weights. */
const PAGE_LEAST_BYTES = 220e6;
/** ONNX Runtime's copies of a batch inside a stage, beside its values. */
const INSIDE = 1.5;
/** The share of those that does not fit into what earlier phases left: measured on SmolLM2. */
const NOT_REUSED = 0.5;
/** A batch's results: in the worker, in the main thread, and joined. */
const RESULT_COPIES = 3;
/** Logits of both sets apart, their exponentials. */
const LOGIT_COPIES = 4;

const FLOAT_BYTES = 4;
/** The most rows of a batch. */
const MOST_ROWS = 64;
/** The fewest rows of a program: parts of nearly equal size then have two at least. */
const LEAST_ROWS = 4;
/** The fewest patched runs: a run alone is computed twice. */
const LEAST_BATCH = 2;

/** Peak resident bytes of each phase for given batches. */
export interface PhaseMemory {
  readonly weights: number;
  readonly bothRuns: number;
  readonly attribution: number;
  readonly patching: number;
  readonly mediation: number;
  readonly page: number;
}

/** Rows of one program of integrated gradients, and patched runs of one batch; 0 where no such program runs. */
export interface Batches {
  readonly rows: number;
  readonly batch: number;
}

/** Bytes of the weights in memory, float32: a tied embedding stands twice, as it is processed in two ways. */
export function weightBytes(config: ModelConfig): number {
  let floats = config.tiedEmbeddings ? config.vocabulary * config.dModel : 0;
  for (const [, shape] of expectedTensors(config)) floats += sizeOf(shape);
  return FLOAT_BYTES * floats;
}

/** Bytes of the matrices of all blocks: what sessions pack. */
export function blockBytes({ family, nLayers, dModel, dHead, nHeads, nKvHeads, dMlp }: ModelConfig): number {
  const attention = 2 * dModel * dHead * (nHeads + nKvHeads);
  return FLOAT_BYTES * nLayers * (attention + dModel * dMlp * (family === 'llama' ? 3 : 2));
}

/** Peak while weights are read: the process, a tokenizer, weights. */
export function loadedBytes(config: ModelConfig): number {
  return PROCESS_BYTES + WORD_BYTES * config.vocabulary + weightBytes(config);
}

/** Expected peaks; measured ones of real models were up to 13% below (docs/scale.md). */
export function phaseMemory(
  config: ModelConfig,
  extent: Extent,
  { figures, mediation: pairs }: Pick<StudyOptions, 'figures' | 'mediation'>,
  { rows, batch }: Batches,
): PhaseMemory {
  const { vocabulary, dModel, nLayers, nHeads, dMlp } = config;
  const size = extent.length - extent.first;
  const row = rowBytes(config, extent);
  const columns = columnsOf(extent);
  // A metric of probabilities has sessions with the whole unembedding, and all logits in every row.
  const blocks = blockBytes(config) + FLOAT_BYTES * columns * dModel;
  const logits = LOGIT_COPIES * FLOAT_BYTES * columns;
  const loaded = loadedBytes(config);
  const always = loaded + openedBytes(config, extent);
  const results = FLOAT_BYTES * nLayers * (2 * dMlp + 3 * nHeads);
  const state = FLOAT_BYTES * size * dModel;
  const bothRuns =
    always + BOTH_RUNS_PACKED * blocks + UNEMBED_PACKED * FLOAT_BYTES * vocabulary * dModel + 2 * row.saved;
  const roundTrip =
    always +
    WAITING_BYTES +
    ROUND_TRIP_PACKED * blocks +
    rows * (row.saved + INSIDE * row.roundTrip + state + logits);
  // Every observing session keeps the memory of its largest run.
  const arenas = nLayers * batch * row.observing;
  const observing =
    always +
    WAITING_BYTES +
    OBSERVING_PACKED * blocks +
    batch * (INSIDE * row.observing + RESULT_COPIES * results + 3 * state + logits) +
    arenas;
  const attribution = Math.max(bothRuns, rows > 0 ? roundTrip : 0);
  const drawing = PAGE_BYTES + PAGE_COMPONENT_BYTES * nLayers * (nHeads + dMlp);
  const patching = Math.max(attribution + NOT_REUSED * arenas, batch > 0 ? observing : 0);
  const mediation = pairs === 'none' ? 0 : patching + firstRunBytes(config, extent);
  return {
    weights: loaded,
    bothRuns,
    attribution,
    patching,
    mediation,
    page: figures ? Math.max(always + PAGE_LEAST_BYTES, Math.max(patching, mediation) + drawing) : 0,
  };
}

/** What an opened pair holds: states, values, what was written, gradients of both runs; keys and values before them. */
export function openedBytes(
  { nLayers, dModel, nHeads, nKvHeads, dHead, dMlp }: ModelConfig,
  { length, first }: Extent,
): number {
  const runs = 2 * (length - first) * (4 * dModel + 2 * nHeads * dHead + 2 * dMlp);
  return FLOAT_BYTES * nLayers * (runs + 2 * first * nKvHeads * dHead);
}

/** Of the runs that pairs of heads start from, every stream and value behind them: as they come, and as they are kept. */
export function firstRunBytes({ nLayers, dModel, nHeads, dHead }: ModelConfig, extent: Extent): number {
  const size = extent.length - extent.first;
  return 2 * FLOAT_BYTES * nHeads * nLayers * size * (dModel + nHeads * dHead);
}

/** A third of the machine's memory, or of what its container may use. */
export function defaultBudget(): number {
  const limit = constrainedMemory();
  // Without a limit Node says 0, or more than any machine has.
  return Math.floor((limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 3);
}

/**
 * The largest batches, powers of two, that keep each phase within the budget.
 * @param options `batch`: no more patched runs than this in one batch.
 * @throws InputError where not even the smallest fit.
 */
export function batchesFor(
  config: ModelConfig,
  extent: Extent,
  options: Pick<StudyOptions, 'batch' | 'memory' | 'figures' | 'mediation'>,
): Batches {
  const { batch: most, memory: budget = defaultBudget() } = options;
  const least = Math.min(LEAST_BATCH, most);
  const needed = Math.max(
    ...Object.values(phaseMemory(config, extent, options, { rows: LEAST_ROWS, batch: least })),
  );
  if (needed > budget) {
    throw new InputError(
      `expected a memory budget of at least ${formatBytes(needed)} for this model and pair, got ${formatBytes(budget)}; give --memory ${formatBytes(needed).replace(' ', '')} where the machine has it`,
    );
  }
  const smaller = [MOST_ROWS, 32, 16, 8, 4, 2];
  const fits = (batches: Batches) => {
    const { attribution, patching, mediation, page } = phaseMemory(config, extent, options, batches);
    return Math.max(attribution, patching, mediation, page) <= budget;
  };
  const rows = smaller.find((count) => fits({ rows: count, batch: least })) ?? LEAST_ROWS;
  const batch = [most, ...smaller.filter((count) => count < most)].find((count) =>
    fits({ rows, batch: count }),
  );
  return { rows, batch: batch ?? least };
}

/** The options of a study with the batches that its budget allows. Throws InputError as `batchesFor`. */
export function withinBudget(config: ModelConfig, pair: Pair, options: StudyOptions): StudyOptions {
  return { ...options, ...batchesFor(config, extentOf(pair), options) };
}
