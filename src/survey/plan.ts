/**
 * What a survey will do, before it does it: both runs of every pair, and the passes of its methods. Pairs of one shape
 * share sessions, which are made again for every block. Of approximate methods, runs along paths of layers are counted;
 * the others are named as not counted. Needs a model's config and pairs, no weights.
 */
import { componentsPerLayer, type ModelConfig } from '../model/config.ts';
import { blocksOf } from '../patch/batches.ts';
import { logitsOf } from '../patch/metric-graph.ts';
import { PAGE_BYTES } from '../study/plan/disk.ts';
import { bothRunsFlop, type Extent, logitsFlop } from '../study/plan/flop.ts';
import { blockBytes, loadedBytes, openedBytes, type PhaseMemory, phaseMemory } from '../study/plan/memory.ts';
import {
  pagePhase,
  type PhasePlan,
  type PlannedModel,
  type StudyPlan,
  totalOf,
  weightsPhase,
  writing,
} from '../study/plan/plan.ts';
import { ASSUMED, type Rates } from '../study/plan/rates.ts';
import type { DataSet, Item } from '../tasks/item.ts';
import { labelMetric, type Metric } from '../tasks/metric.ts';
import { checkData, hasTwin, pairsOf } from './data.ts';
import { resolveSurveyOptions, type SurveyOptions } from './options.ts';
import {
  type Amounts,
  BATCHES,
  isPatching,
  passAmounts,
  passRows,
  type PassWork,
  sessionSeconds,
  sumOf,
} from './pass-work.ts';
import { type Pass, passesOf, TWIN } from './passes.ts';

/** Drawing a survey's figures: 170 to 290 MB above process and weights measured. */
const FIGURES_BYTES = 300e6;
const FLOAT_BYTES = 4;

/** Sums over all pairs of the shard; `not_counted` comes on top. */
export interface SurveyPlan
  extends Pick<
    StudyPlan,
    'model' | 'phases' | 'runs' | 'flop' | 'seconds' | 'peak_bytes' | 'disk_bytes' | 'rate'
  > {
  readonly pairs: number;
  /** How often sessions are made: the pairs of a block share them. */
  readonly blocks: number;
  /** Methods, and what else takes time that no plan knows. */
  readonly not_counted: readonly string[];
}

/**
 * Plans a survey, or a shard of one; `given` as for `survey`. Without `rates` the time is a cautious guess. Pairs of
 * `done` are left out, as one that goes on has them; what it has of other pairs is planned again.
 * Throws InputError for bad options, no pairs, and pairs that do not fit the model.
 */
export function planSurvey(
  model: PlannedModel,
  data: DataSet,
  given: Partial<SurveyOptions> = {},
  rates: Rates = ASSUMED,
  done: ReadonlySet<number> = new Set(),
): SurveyPlan {
  const options = resolveSurveyOptions(given);
  checkData(model, data);
  const blocks = blocksOf(data.items, pairsOf(data, options.shard))
    .map((block) => block.filter((pair) => !done.has(pair)))
    .filter(({ length }) => length > 0);
  const work = workOf(model.config, data, blocks, options, rates);
  const { passes, pairs, peaks } = work;
  const methods = [...new Set(passes.map(({ method }) => method))];
  // A shard is no survey yet: merging makes the page.
  const isWhole = options.shard.count === 1;
  const phases = [
    weightsPhase(model.config, peaks.weights),
    bothRunsPhase(work),
    ...methods.map((method) => methodPhase(work, method)),
    ...(isWhole && options.figures ? [pagePhase(PAGE_BYTES, peaks.page)] : []),
  ];
  const isCounted = (method: string) => isPatching(method) || passRows(method, undefined) !== undefined;
  return {
    model: model.id,
    pairs,
    blocks: work.blocks,
    phases,
    ...totalOf(phases),
    rate: rates.source,
    not_counted: [...methods.filter((method) => !isCounted(method)), ...(isWhole ? ['statistics'] : [])],
  };
}

interface Work extends PassWork {
  readonly passes: readonly Pass[];
  readonly pairs: number;
  /** Pairs that cost the same, together. */
  readonly alike: readonly Alike[];
  readonly blocks: number;
  readonly peaks: PhaseMemory;
}

interface Alike {
  readonly extent: Extent;
  /** By the metric that labels read. */
  readonly twin: Extent;
  readonly pairs: number;
}

function workOf(
  config: ModelConfig,
  data: DataSet,
  blocks: readonly (readonly number[])[],
  options: SurveyOptions,
  rates: Rates,
): Work {
  const passes = passesOf(options, hasTwin(data));
  const own = blocks.flat();
  const alike = new Map<string, Alike>();
  for (const pair of own) {
    const item = data.items[pair]!;
    const [extent, twin] = [item.metric, labelMetric(item.metric)!].map((by) => extentBy(config, item, by));
    const key = JSON.stringify([extent, twin]);
    alike.set(key, { extent: extent!, twin: twin!, pairs: (alike.get(key)?.pairs ?? 0) + 1 });
  }
  const peaks = peaksOf(config, data, blocks, passes, options);
  const { steps } = options;
  return {
    config,
    rates,
    steps,
    passes,
    pairs: own.length,
    alike: [...alike.values()],
    blocks: blocks.length,
    peaks,
  };
}

/** How much of a pair's prompts has to be computed, and of the logits behind them. */
function extentBy(config: ModelConfig, { clean, firstDifference }: Item, metric: Metric): Required<Extent> {
  const columns = logitsOf(metric).tokens?.length ?? config.vocabulary;
  return { length: clean.ids.length, first: firstDifference, columns };
}

/**
 * The largest of any block: what a study of one of its pairs takes, and what the others hold, as all are open at once.
 * Sessions and rows of methods that do not run, or that nobody counts, are left out. Patching without gains is taken for
 * patching that observes, which needs no less.
 */
function peaksOf(
  config: ModelConfig,
  data: DataSet,
  blocks: readonly (readonly number[])[],
  passes: readonly Pass[],
  { figures, steps }: SurveyOptions,
): PhaseMemory {
  const methods = passes.map(({ method }) => method);
  const isOnPath = (method: string) => !isPatching(method) && (passRows(method, steps) ?? []).length > 0;
  const batches = {
    rows: methods.some(isOnPath) ? BATCHES.rows : 0,
    batch: methods.some(isPatching) ? BATCHES.batch : 0,
  };
  const opens = methods.includes(TWIN) ? 2 : 1;
  const each = blocks.map((block) => {
    const extents = block.map((pair) => extentBy(config, data.items[pair]!, data.items[pair]!.metric));
    // Shapes are the same; one pair's metric may read more of the logits than another's.
    const extent = extents.reduce((widest, one) => (one.columns > widest.columns ? one : widest));
    const memory = phaseMemory(config, extent, { figures, mediation: 'none' }, batches);
    return { memory, held: (opens * block.length - 1) * openedBytes(config, extent) };
  });
  // Where no pairs are to be computed, weights are read all the same, and nothing else.
  const weights = loadedBytes(config);
  const most = (phase: keyof PhaseMemory) =>
    Math.max(weights, ...each.map(({ memory, held }) => memory[phase] + held));
  return {
    weights,
    bothRuns: most('bothRuns'),
    attribution: most('attribution'),
    patching: most('patching'),
    mediation: 0,
    page: Math.max(most('page'), weights + FIGURES_BYTES),
  };
}

/** Both runs of each pair; again by the metric that labels read, where they have one of their own. */
function bothRunsPhase({ config, rates, passes, alike, blocks, peaks }: Work): PhasePlan {
  const opens = passes.some(({ method }) => method === TWIN) ? 2 : 1;
  const runs = alike.map(({ extent, twin, pairs }): Amounts => {
    const again = opens > 1 ? bothRunsFlop(config, twin) : 0;
    const flop = pairs * (bothRunsFlop(config, extent) + logitsFlop(config) + again);
    return { runs: 2 * opens * pairs, flop, seconds: rates.attribution.heads.block * flop };
  });
  const sessions = { runs: 0, flop: 0, seconds: blocks * opens * rates.bothRuns * blockBytes(config) };
  return { name: 'both runs', ...sumOf([sessions, ...runs]), peak_bytes: peaks.bothRuns, disk_bytes: 0 };
}

/** All passes of a method over all pairs, and their chunks. */
function methodPhase(work: Work, method: string): PhasePlan {
  const { config, pairs, alike, blocks, peaks } = work;
  const passes = work.passes.filter((pass) => pass.method === method);
  const kinds = new Set(passes.map(({ kind }) => kind)).size;
  const sessions = { runs: 0, flop: 0, seconds: blocks * kinds * sessionSeconds(work, method) };
  const parts = alike.flatMap((each) => passes.map((pass) => onAll(work, pass, each)));
  const floats = passes.reduce(
    (sum, { kind, arrays }) => sum + arrays.length * config.nLayers * componentsPerLayer(config, kind),
    0,
  );
  const files = pairs * passes.reduce((sum, { arrays }) => sum + arrays.length, 0);
  const disk_bytes = pairs * FLOAT_BYTES * floats;
  const { seconds, ...counted } = sumOf([sessions, ...parts]);
  return {
    name: method,
    ...counted,
    seconds: seconds + writing(files, disk_bytes),
    peak_bytes: isPatching(method) ? peaks.patching : peaks.attribution,
    disk_bytes,
  };
}

/** A pass on all pairs that cost the same. */
function onAll(work: Work, pass: Pass, { extent, twin, pairs }: Alike): Amounts {
  const one = passAmounts(work, pass, pass.method === TWIN ? twin : extent);
  return { runs: pairs * one.runs, flop: pairs * one.flop, seconds: pairs * one.seconds };
}
