/**
 * The machine's rates, by running the study's own code for a few seconds: on random weights in the model's shape, with
 * three layers and a small vocabulary. What starts in the last layer, in the second and in the first are timed; the
 * difference between first and second is one block, which a deeper model repeats. No weight of the model is read.
 *
 * Wide models are measured at a smaller width and long prompts with fewer rows; rates are by FLOP, so they carry over
 * (larger products run at a higher rate, so a plan made this way is cautious).
 */
import { MAX_ROWS, layerIntegratedGradients } from '../../attribution/integrated-gradients.ts';
import { observe } from '../../effects/observe.ts';
import { patchSources, preparePatching } from '../../effects/patching.ts';
import { summariesOf } from '../../effects/summaries.ts';
import { unitContext } from '../../effects/unit.ts';
import { throwIfCancelled } from '../../errors.ts';
import { loadCheckpoint } from '../../load-model.ts';
import { componentsPerLayer, type ModelConfig } from '../../model/config.ts';
import type { LoadedModel } from '../../model/loaded.ts';
import { finalLogits, type Run, runBoth } from '../../patch/pair-runs.ts';
import { SuffixChain } from '../../patch/suffix.ts';
import { backward, forward } from '../../patch/variants.ts';
import { logitDifference } from '../../tasks/metric.ts';
import type { Kind } from '../../terms.ts';
import type { StudyOptions } from '../options.ts';
import { batchFlop, type Extent, patchedFlop, pathFlop } from './flop.ts';
import { type Batches, blockBytes } from './memory.ts';
import { randomCheckpoint } from './probe-model.ts';
import type { ProgramRates, Rates } from './rates.ts';

const LAYERS = 3;
const VOCABULARY = 16;
/** The widest residual stream that is measured: larger products run no faster on two cores. */
const WIDEST = 1024;
/** Positions of all rows together, at most: more run no faster either. */
const MOST_POSITIONS = { attribution: 288, patching: 576 };
const FEWEST_ROWS = 4;
const METRIC = logitDifference(3, 4);

export interface MeasureOptions {
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Measures what a study of a model of this config and such a pair repeats. Leaves nothing behind. */
export async function measureRates(
  config: ModelConfig,
  extent: Extent,
  options: Pick<StudyOptions, 'components'>,
  batches: Batches,
  { threads, signal }: MeasureOptions = {},
): Promise<Rates> {
  const checkpoint = randomCheckpoint(probeConfig(config, extent.length));
  const model = await loadCheckpoint(checkpoint, { raw: true, ...(threads !== undefined && { threads }) });
  try {
    const probe = { model: model.loaded, extent, kinds: options.components, batches, signal };
    return await rates(probe);
  } finally {
    await model.dispose();
  }
}

interface Probe {
  readonly model: LoadedModel;
  readonly extent: Extent;
  readonly kinds: readonly Kind[];
  readonly batches: Batches;
  readonly signal: AbortSignal | undefined;
}

/** Three layers of the model, at most WIDEST wide. */
function probeConfig(config: ModelConfig, length: number): ModelConfig {
  const group = config.nHeads / config.nKvHeads;
  const share = Math.min(1, WIDEST / config.dModel);
  const nKvHeads = Math.max(1, Math.round((share * config.nHeads) / group));
  const nHeads = nKvHeads * group;
  return {
    ...config,
    nLayers: LAYERS,
    nHeads,
    nKvHeads,
    dModel: share < 1 ? nHeads * config.dHead : config.dModel,
    dMlp: Math.round(share * config.dMlp),
    vocabulary: VOCABULARY,
    context: length,
    tiedEmbeddings: true,
  };
}

async function rates(probe: Probe): Promise<Rates> {
  const { model, extent } = probe;
  const bytes = blockBytes(model.config);
  const clean = new Array<number>(extent.length).fill(1);
  const corrupted = clean.map((id, position) => (position === extent.first ? 2 : id));
  const create = () => SuffixChain.create(model, METRIC, [clean, corrupted], extent.first);
  // The engine's own start is no work of the model's.
  await create();
  const begin = performance.now();
  const chain = await create();
  const [base, other] = (await runBoth(chain)) as [Run, Run];
  await finalLogits(chain, [base, other]);
  const bothRuns = since(begin) / bytes;
  await chain.release();
  const attribution = await attributionRates(probe, chain, base, other);
  await chain.release();
  const patching = await patchingRates(probe, chain, base, other);
  return {
    source: 'measured',
    bothRuns,
    attribution: attribution.programs,
    attributionSessions: attribution.sessions / bytes,
    patching: patching.programs,
    patchingSessions: patching.sessions / bytes,
    direction: patching.direction / bytes,
  };
}

type Programs = Readonly<Record<Kind, ProgramRates>>;

async function attributionRates(
  { model, extent, batches, kinds, signal }: Probe,
  chain: SuffixChain,
  base: Run,
  other: Run,
): Promise<{ programs: Programs; sessions: number }> {
  const sessions = await seconds(async () => {
    for (const index of chain.stages.keys()) {
      await chain.session(index, forward([]));
      await chain.session(index, backward);
    }
  });
  // Two rows are the ends of the path.
  const rows = Math.max(
    FEWEST_ROWS,
    Math.min(rowsFor(extent, MOST_POSITIONS.attribution), batches.rows, MAX_ROWS),
  );
  const programs = await perKind(kinds, signal, async (kind) => {
    const run = (layer: number) => layerIntegratedGradients(chain, layer, kind, base, other, rows - 2);
    return programRates(run, rows, (layer) => batchFlop(pathFlop(model.config, extent, kind, layer), rows));
  });
  return { programs, sessions };
}

async function patchingRates(
  { model, extent, batches, kinds, signal }: Probe,
  chain: SuffixChain,
  base: Run,
  other: Run,
): Promise<{ programs: Programs; sessions: number; direction: number }> {
  const variant = observe(model.config, ['direct', 'through'], []);
  const sessions = await seconds(async () => {
    for (const index of chain.stages.keys()) await chain.session(index, variant);
  });
  const begin = performance.now();
  const source = { model, metric: METRIC, base, other };
  const patching = await preparePatching(chain, source, ['direct', 'through'], []);
  const context = unitContext(patching, kinds);
  const direction = since(begin);
  const programs = await perKind(kinds, signal, async (kind) => {
    const rows = Math.min(
      rowsFor(extent, MOST_POSITIONS.patching),
      batches.batch,
      componentsPerLayer(model.config, kind),
    );
    const indices = Array.from({ length: rows }, (_, i) => i);
    const run = async (layer: number) =>
      summariesOf(context, await patchSources(patching, kind, layer, indices), { kind, layer, indices });
    return programRates(run, rows, (layer) =>
      batchFlop(patchedFlop(model.config, extent, kind, layer), rows),
    );
  });
  return { programs, sessions, direction };
}

function rowsFor({ length, first }: Extent, positions: number): number {
  return Math.max(FEWEST_ROWS, Math.floor(positions / (length - first)));
}

/** Kinds that a study leaves out have the rates of the other. */
async function perKind(
  kinds: readonly Kind[],
  signal: AbortSignal | undefined,
  measure: (kind: Kind) => Promise<ProgramRates>,
): Promise<Programs> {
  const measured = new Map<Kind, ProgramRates>();
  for (const kind of kinds) {
    throwIfCancelled(signal);
    measured.set(kind, await measure(kind));
  }
  const other = measured.get(kinds[0]!)!;
  return { heads: measured.get('heads') ?? other, neurons: measured.get('neurons') ?? other };
}

/** Runs a program from the last, the second and the first layer of three. */
async function programRates(
  run: (layer: number) => Promise<unknown>,
  rows: number,
  flopOf: (layer: number) => number,
): Promise<ProgramRates> {
  // What is compiled on first use is not the rate.
  await run(1);
  await run(0);
  const last = await seconds(() => run(2));
  const second = await seconds(() => run(1));
  // Nearly all of a plan's time goes by this one: the mean of two.
  const first = ((await seconds(() => run(0))) + (await seconds(() => run(0)))) / 2;
  // On a busy machine the difference can come out below what is possible.
  const block = Math.max(first - second, first / LAYERS);
  return {
    last: last / rows,
    second: second / flopOf(1),
    block: block / (flopOf(0) - flopOf(1)),
  };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return since(begin);
}

function since(begin: number): number {
  return (performance.now() - begin) / 1000;
}
