/**
 * What a survey can be asked to do. docs/definitions.md tells what the numbers mean.
 */
import type { Method } from '../attribution/method.ts';
import { methodNamed, METHODS } from '../attribution/methods.ts';
import { InputError } from '../errors.ts';
import { DEFAULT_QUANTILE } from '../latent/highlight.ts';
import { DEFAULT_TAU } from '../latent/labels.ts';
import { type Shard, WHOLE } from '../study/shard.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { checkShare, checkWhole, inOrder } from './checked.ts';

/** Exact activation patching. */
export const EXACT = 'ap';
/** Layer integrated gradients, under the name that surveys give them. */
export const GRADIENTS = 'ig';
/** Approximate methods of the project, by the names of docs/methods.md; layer_ig is `ig`. */
export const SURVEY_METHODS: readonly string[] = [
  EXACT,
  ...METHODS.map(({ name }) => (name === 'layer_ig' ? GRADIENTS : name)),
];

/** A method of a survey other than exact patching. */
export function approximation(method: string): Method {
  return methodNamed(method === GRADIENTS ? 'layer_ig' : method);
}

/** Whether a method of a survey gives signs, not sizes alone. */
export function hasSigns(method: string): boolean {
  return method === EXACT || approximation(method).sign === 'as ap';
}

export interface SurveyOptions {
  /** Folder of results. */
  readonly out: string;
  /** In the order of `SURVEY_METHODS`. */
  readonly methods: readonly string[];
  readonly components: readonly Kind[];
  readonly directions: readonly Direction[];
  /** Whether patching observes what every component changes in all others: the gains of the test against controls. */
  readonly gains: boolean;
  /** Points of a path, for methods that have one; the method's own number by default. */
  readonly steps: number | undefined;
  /** Highlight threshold, in (0, 1). */
  readonly quantile: number;
  /** Smallest normalised effect that gets a label, above 0. */
  readonly tau: number;
  /** Of bootstrap draws and folds. */
  readonly seed: number;
  /** Draws of the bootstrap. */
  readonly draws: number;
  readonly resume: boolean;
  readonly figures: boolean;
  readonly shard: Shard;
  /** What reproduces the survey, for its record. */
  readonly command: string | undefined;
}

export const SURVEY_DEFAULTS: SurveyOptions = {
  out: './mediators-survey',
  methods: [EXACT, GRADIENTS],
  components: KINDS,
  directions: DIRECTIONS,
  gains: true,
  steps: undefined,
  quantile: DEFAULT_QUANTILE,
  tau: DEFAULT_TAU,
  seed: 0,
  draws: 1000,
  resume: false,
  figures: true,
  shard: WHOLE,
  command: undefined,
};

/** Fills in defaults. Throws InputError for values out of range. */
export function resolveSurveyOptions(given: Partial<SurveyOptions>): SurveyOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: SurveyOptions = { ...SURVEY_DEFAULTS, ...set };
  const { quantile, tau, draws, seed, steps } = options;
  checkShare('quantile', quantile);
  if (!(tau > 0)) throw new InputError(`expected tau above 0, got ${tau}; leave it out for the default`);
  checkWhole('draws', draws, 1);
  checkWhole('seed', seed, 0);
  checkWhole('steps', steps ?? 1, 1);
  return {
    ...options,
    methods: inOrder('methods', options.methods, SURVEY_METHODS),
    components: inOrder('components', options.components, KINDS),
    directions: inOrder('directions', options.directions, DIRECTIONS),
  };
}
