/**
 * What the faithfulness of circuits over a data set can be asked for. docs/faithfulness.md tells what the numbers mean.
 */
import { InputError } from '../../errors.ts';
import { type Level, LEVELS } from '../../faithfulness/curves.ts';
import { CURVE_SIZES } from '../../faithfulness/faithfulness.ts';
import { type Select, SELECTION_METHODS, type SelectionMethod, SELECTS } from '../../faithfulness/nested.ts';
import { DRAWS } from '../../faithfulness/random.ts';
import { MAX_SEED } from '../../study/options.ts';
import { type Direction, DIRECTIONS } from '../../terms.ts';
import { checkShare, checkWhole, inOrder } from '../checked.ts';
import { CIRCUIT_METHODS, scorerOf } from './scorers.ts';

export interface FaithfulnessOptions {
  /** Folder of results. */
  readonly out: string;
  /** Where scores come from, in the order of `CIRCUIT_METHODS`. */
  readonly methods: readonly string[];
  /** What the scores are of; a method takes those that it has. */
  readonly levels: readonly Level[];
  readonly select: readonly Select[];
  /** Of circuits of edges; circuits of nodes are always `top_n`, which is the default where only nodes are asked for. */
  readonly rules: readonly SelectionMethod[];
  /** Of the scores. */
  readonly direction: Direction;
  /** Shares of the edges (nodes), growing, two or more. */
  readonly sizes: readonly number[];
  /** Those of the sizes whose circuits are written as files; by default the one nearest to .05, by ratio. */
  readonly circuitSizes: readonly number[];
  /** Random circuits of each size. */
  readonly draws: number;
  /** Of the split, of random circuits and of bootstrap draws. */
  readonly seed: number;
  /** Share of the pairs that the scores come from, in (0, 1). */
  readonly split: number;
  readonly resume: boolean;
  readonly figures: boolean;
  /** What reproduces it, for the record. */
  readonly command: string | undefined;
}

const CIRCUIT_SIZE = 0.05;

export const FAITHFULNESS_DEFAULTS: FaithfulnessOptions = {
  out: './mediators-faithfulness',
  methods: ['attribution_patching', 'eap', 'eap_ig_inputs'],
  levels: LEVELS,
  select: SELECTS,
  rules: ['greedy'],
  direction: 'noising',
  sizes: CURVE_SIZES,
  circuitSizes: [CIRCUIT_SIZE],
  draws: DRAWS,
  seed: 0,
  split: 0.5,
  resume: false,
  figures: true,
  command: undefined,
};

/** More random circuits than anybody waits for. */
export const MAX_CIRCUIT_DRAWS = 1000;

/** Fills in defaults. Throws InputError, one line, for a bad value. */
export function resolveFaithfulnessOptions(given: Partial<FaithfulnessOptions>): FaithfulnessOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged: FaithfulnessOptions = { ...FAITHFULNESS_DEFAULTS, ...set };
  const all: FaithfulnessOptions = {
    ...merged,
    circuitSizes: given.circuitSizes ?? [usual(merged.sizes)],
    rules: given.rules ?? (merged.levels.includes('edges') ? merged.rules : ['top_n']),
  };
  const options: FaithfulnessOptions = {
    ...all,
    methods: inOrder('methods', all.methods, CIRCUIT_METHODS),
    levels: inOrder('levels', all.levels, LEVELS),
    select: inOrder('select', all.select, SELECTS),
    rules: inOrder('rules', all.rules, SELECTION_METHODS),
  };
  inOrder('direction', [options.direction], DIRECTIONS);
  checkSizes(options);
  checkShare('split', options.split);
  checkWhole('draws', options.draws, 1, MAX_CIRCUIT_DRAWS);
  checkWhole('seed', options.seed, 0, MAX_SEED);
  if (given.methods !== undefined) checkLevels(options);
  if (given.rules !== undefined) checkRules(options);
  return { ...options, methods: options.methods.filter((method) => hasLevel(options, method)) };
}

/** The size nearest to the usual one, by ratio. */
function usual(sizes: readonly number[]): number {
  const distance = (size: number) => Math.abs(Math.log(size / CIRCUIT_SIZE));
  return sizes.toSorted((a, b) => distance(a) - distance(b))[0] ?? CIRCUIT_SIZE;
}

function hasLevel({ levels }: FaithfulnessOptions, method: string): boolean {
  return levels.some((level) => scorerOf(method, level) !== undefined);
}

/** A method that was asked for by name must have something to score. */
function checkLevels(options: FaithfulnessOptions): void {
  const without = options.methods.find((method) => !hasLevel(options, method));
  if (without === undefined) return;
  const own = LEVELS.filter((level) => scorerOf(without, level) !== undefined);
  throw new InputError(
    `expected ${own.join(' or ')} among levels for ${without}, which scores no others, got ${options.levels.join(',')}; add the level or leave the method out`,
  );
}

/** A rule that was asked for by name must have circuits of edges to take. */
function checkRules({ rules, levels }: FaithfulnessOptions): void {
  const without = rules.find((rule) => rule !== 'top_n');
  if (without === undefined || levels.includes('edges')) return;
  throw new InputError(
    `expected top_n alone among rules for circuits of nodes, got ${without}; leave it out or add edges to levels`,
  );
}

function checkSizes({ sizes, circuitSizes }: FaithfulnessOptions): void {
  const isGrowing = sizes.every((size, i) => size > (sizes[i - 1] ?? 0) && size <= 1);
  if (!isGrowing || sizes.length < 2)
    throw new InputError(
      `expected two sizes or more that grow, above 0 and up to 1, got ${sizes.join(',') || 'none'}; give shares such as 0.01,0.1,1`,
    );
  const other = circuitSizes.find((size) => !sizes.includes(size));
  if (other !== undefined)
    throw new InputError(
      `expected circuit sizes among the sizes ${sizes.join(',')}, got ${other}; give one of these or add it to the sizes`,
    );
}
