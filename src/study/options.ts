/**
 * What a study can be asked to do. docs/definitions.md tells what the numbers mean.
 */
import { DEFAULT_STEPS } from '../attribution/integrated-gradients.ts';
import { MEASURES, type Measure } from '../effects/measures.ts';
import { InputError } from '../errors.ts';
import { DEFAULT_QUANTILE } from '../latent/highlight.ts';
import { DEFAULT_TAU } from '../latent/labels.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { type MediationOption, mediatedOf } from './mediation-option.ts';
import { MAX_SHARDS, type Shard, WHOLE } from './shard.ts';

export { DEFAULT_STEPS };

export const DEFAULT_OUT = './mediators-study';
/** Patched runs in one batch: the fastest size measured on two cores (docs/performance.md). */
const DEFAULT_BATCH = 64;

/** The most of them: the chunk of an effect matrix. */
export const MAX_BATCH = 64;
/** Seeds are whole numbers of 32 bits. */
export const MAX_SEED: number = 2 ** 32 - 1;
/** The most points of integrated gradients that can be asked for. */
export const MAX_POINTS = 10_000;

export interface StudyOptions {
  /** The folder of results. */
  readonly out: string;
  readonly components: readonly Kind[];
  /** Of patching and effects; integrated gradients always run in both. */
  readonly directions: readonly Direction[];
  /** Measures beside `change`. */
  readonly measures: readonly Measure[];
  /** Pairs of which exact mediation and interaction are computed. */
  readonly mediation: MediationOption;
  /** The published notebook's own indexing and averaging (docs/definitions.md); `measures` then has `mean`. */
  readonly asPublished: boolean;
  /** Write effect matrices whole however large. */
  readonly full: boolean;
  /** Points of integrated gradients; `auto` doubles them until completeness holds. */
  readonly steps: number | 'auto';
  readonly quantile: number;
  readonly tau: number;
  readonly seed: number;
  /** Patched runs in one batch, at most 64; fewer where the budget of memory asks for it. */
  readonly batch: number;
  /** Bytes that the process may take; default: a third of the machine's. */
  readonly memory?: number;
  /** Rows of one program of integrated gradients; the study chooses them from its budget. */
  readonly rows?: number;
  /** Which part to compute. All of it is shard 0 of 1. */
  readonly shard: Shard;
  /** Go on with what a folder holds. A shard of several always does: a requeued job runs the same command. */
  readonly resume: boolean;
  /** Draw figures and page; otherwise `mediators report` can do so later. */
  readonly figures: boolean;
  /** The command that makes this study again, for provenance. */
  readonly command?: string;
}

export const DEFAULTS: StudyOptions = {
  out: DEFAULT_OUT,
  components: KINDS,
  directions: DIRECTIONS,
  measures: ['through'],
  mediation: 'heads',
  asPublished: false,
  full: false,
  steps: DEFAULT_STEPS,
  quantile: DEFAULT_QUANTILE,
  tau: DEFAULT_TAU,
  seed: 0,
  batch: DEFAULT_BATCH,
  shard: WHOLE,
  resume: false,
  figures: true,
};

/** Fills in defaults and checks values. Throws InputError, one line, for a bad one. */
export function resolveOptions(given: Partial<StudyOptions>): StudyOptions {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: StudyOptions = { ...DEFAULTS, ...Object.fromEntries(present) };
  const unpaired = options.asPublished || !options.components.includes('heads');
  if (given.mediation === undefined && unpaired) return resolveOptions({ ...given, mediation: 'none' });
  const { steps, quantile, tau, seed, batch, shard } = options;
  checkList('components', options.components, KINDS);
  checkList('directions', options.directions, DIRECTIONS);
  if (options.measures.length > 0) checkList('measures', options.measures, MEASURES);
  if (steps !== 'auto') checkWhole('steps', steps, 1, MAX_POINTS);
  if (!(quantile > 0 && quantile < 1)) fail('quantile', 'a number between 0 and 1', quantile);
  if (!(tau > 0 && Number.isFinite(tau))) fail('tau', 'a number above 0', tau);
  checkWhole('seed', seed, 0, MAX_SEED);
  checkWhole('batch', batch, 1, MAX_BATCH);
  if (options.memory !== undefined) checkWhole('memory', options.memory, 1);
  checkWhole('the number of shards', shard.count, 1, MAX_SHARDS);
  checkWhole('the shard', shard.index, 0, shard.count - 1);
  checkMediation(options);
  return {
    ...options,
    measures: options.asPublished ? publishedMeasures(given.measures) : options.measures,
    resume: options.resume || shard.count > 1,
  };
}

/** The notebook's measure, and those that are asked for beside it. */
function publishedMeasures(asked: readonly Measure[] = []): Measure[] {
  return MEASURES.filter((measure) => measure === 'mean' || asked.includes(measure));
}

function checkMediation({ mediation, components, shard, asPublished }: StudyOptions): void {
  const { heads, neurons } = mediatedOf(mediation);
  if (heads && asPublished) fail('mediation', 'none with --as-published', mediation);
  if (heads && !components.includes('heads'))
    fail('mediation', 'none where components leave out heads', mediation);
  if (neurons === 0) return;
  if (!components.includes('neurons'))
    fail('mediation', 'heads or none where components leave out neurons', mediation);
  // Which neurons are strongest is known only when all shards are done.
  if (shard.count > 1) fail('mediation', 'heads or none with shards', mediation);
}

function checkWhole(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  fail(name, `a whole number ${range}`, value);
}

function checkList(name: string, values: readonly string[], known: readonly string[]): void {
  const bad = values.find((value, i) => !known.includes(value) || values.indexOf(value) !== i);
  if (bad !== undefined || values.length === 0)
    fail(name, `some of ${known.join(', ')}, each once`, values.join(','));
}

function fail(name: string, expected: string, got: unknown): never {
  throw new InputError(`expected ${name} to be ${expected}, got ${String(got)}`);
}
