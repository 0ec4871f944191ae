/**
 * What an audit can be asked to do, and which methods there are.
 */
import { METHODS } from '../attribution/methods.ts';
import { InputError } from '../errors.ts';
import { DEFAULT_TAU } from '../latent/labels.ts';
import type { AuditMethodJson } from '../results/audit-json.ts';
import type { ModelConfig } from '../model/config.ts';
import { DEFAULTS, resolveOptions, type StudyOptions } from '../study/options.ts';
import { extentOf } from '../study/plan/flop.ts';
import { defaultBudget, firstRunBytes } from '../study/plan/memory.ts';
import type { Pair } from '../tasks/pair.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';

const DEFAULT_AUDIT_OUT = './mediators-audit';

/** First-order effects between heads, against exact mediation: the one approximation that is not of components. */
export const THROUGH: AuditMethodJson = {
  name: 'through',
  title: 'Through, to first order',
  meaning:
    'What reaches F from one head through another if the slope at the base run held: compared with exact mediation (via).',
  signed: true,
  cost: 'None: a measure of exact patching.',
};

/** All that can be compared, in order. */
export const AUDIT_METHODS: readonly AuditMethodJson[] = [
  ...METHODS.map(({ name, title, meaning, sign, cost }) => ({
    name,
    title,
    meaning,
    signed: sign !== 'none',
    cost,
  })),
  THROUGH,
];

/** Names of all of them. */
export const ALL_METHODS: readonly string[] = AUDIT_METHODS.map(({ name }) => name);

/**
 * What is compared unless more is asked for. The nodes of `eap` are attribution patching's to the last bit, and both
 * parts of Split-IG cost more than all others together.
 */
const DEFAULT_METHODS: readonly string[] = ALL_METHODS.filter(
  (name) => name !== 'eap' && !name.startsWith('split_ig_'),
);

export interface AuditOptions {
  /** The folder of results. */
  readonly out: string;
  /** Names of methods, in any order; `through` is that of pairs of heads. */
  readonly methods: readonly string[];
  readonly components: readonly Kind[];
  readonly directions: readonly Direction[];
  /** Smallest normalised effect that gets a label, and whose sign counts. */
  readonly tau: number;
  /** Go on with what the folder holds. */
  readonly resume: boolean;
  /** Draw figures and page. */
  readonly figures: boolean;
  /** The command that makes this audit again, for provenance. */
  readonly command?: string;
}

export const AUDIT_DEFAULTS: AuditOptions = {
  out: DEFAULT_AUDIT_OUT,
  methods: DEFAULT_METHODS,
  components: KINDS,
  directions: DIRECTIONS,
  tau: DEFAULT_TAU,
  resume: false,
  figures: true,
};

/** Fills in defaults and checks values; methods come in the order of the table. Throws InputError for a bad one. */
export function resolveAuditOptions(given: Partial<AuditOptions>): AuditOptions {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: AuditOptions = { ...AUDIT_DEFAULTS, ...Object.fromEntries(present) };
  const { methods } = options;
  const known = ALL_METHODS;
  if (methods.length === 0 || methods.some((name, i) => !known.includes(name) || methods.indexOf(name) !== i))
    throw new InputError(
      `expected methods to be some of ${known.join(', ')}, each once, got ${methods.join(',')}`,
    );
  const heads = options.components.includes('heads');
  const chosen = known.filter((name) => methods.includes(name) && (heads || name !== THROUGH.name));
  if (chosen.length === 0)
    throw new InputError('expected heads among the components for through, got neurons alone; add heads');
  // The study's own checks of what it is given.
  resolveOptions(exactOptions({ ...options, methods: chosen }, options.out));
  return { ...options, methods: chosen };
}

/** The study whose exact scores a pair is audited against, and how much of it fits the machine. */
export function exactStudy(
  config: ModelConfig,
  pair: Pair,
  options: AuditOptions,
  out: string,
): StudyOptions {
  const exact = resolveOptions(exactOptions(options, out));
  if (!options.methods.includes(THROUGH.name)) return exact;
  // Mediation, which comes after it in the same process, takes so much more.
  const memory = Math.max(1, defaultBudget() - firstRunBytes(config, extentOf(pair)));
  return { ...exact, memory };
}

function exactOptions(options: AuditOptions, out: string): Partial<StudyOptions> {
  const { components, directions, tau, command } = options;
  const through = options.methods.includes(THROUGH.name);
  return {
    ...DEFAULTS,
    out,
    components,
    directions,
    tau,
    measures: through ? [THROUGH.name as 'through'] : [],
    // Its half for interaction is not compared: `mediation.ts` runs the other.
    mediation: 'none',
    resume: true,
    figures: false,
    ...(command !== undefined && { command }),
  };
}

/** Whether a method scores with signs. */
export function isSignedMethod(name: string): boolean {
  return AUDIT_METHODS.find((method) => method.name === name)?.signed === true;
}
