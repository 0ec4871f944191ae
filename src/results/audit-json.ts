/**
 * `audit.json`: which approximations were compared with the exact answer on which pairs, and what came of it.
 *
 * Numbers that do not exist are NaN in memory and null in the file. Scores are in units of F, as they are computed.
 */
import * as z from 'zod';
import type { Tensor } from '../tensor/tensor.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS } from '../terms.ts';
import { count, real } from './json-values.ts';
import {
  identity,
  type IdentityJson,
  lint,
  type LintJson,
  metric,
  type MetricJson,
  model,
  type ModelJson,
  pair,
  type PairJson,
  shape,
  type ShapeJson,
} from './run-json.ts';
import { parseDocument } from './schema.ts';
import { LABELS } from './study-json.ts';

const NAME = 'mediators/audit';
const MAJOR = 1;
/** The value of `schema` in every file written by this version. */
export const AUDIT_SCHEMA: string = `${NAME}@${MAJOR}`;
/** Written last: where it is, the audit is complete. */
export const AUDIT_FILE = 'audit.json';

/** The numbers k at which recall is told. */
export const HEADLINE_AT = [10, 20, 50, 100] as const;
/** The numbers k of recall curves; the headline's are among them. */
export const RECALL_AT: readonly number[] = [
  1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000,
];

/** What is compared: every head, every neuron, every pair of a head and a head of a later layer. */
export const AUDITED = ['heads', 'neurons', 'head_pairs'] as const;
export type Audited = (typeof AUDITED)[number];

/** Labels of the exact scores, and those without one. */
export const AUDIT_LABELS: readonly [...typeof LABELS, 'none'] = [...LABELS, 'none'];
export type AuditLabel = (typeof AUDIT_LABELS)[number];

/** A method as the audit tells of it. */
export interface AuditMethodJson {
  name: string;
  title: string;
  meaning: string;
  /** False for methods that score sizes alone. */
  signed: boolean;
  cost: string;
}

/** The largest exact score that a method leaves out of its top k, though it is in the exact one. */
export interface MissedJson {
  k: number;
  /** [layer, index]; for pairs of heads [layer, head, layer, head], the source first. */
  component: number[];
  label: AuditLabel | null;
  exact: number;
  approximate: number;
  /** Its place by the method, from 1; null where the method scores it 0. */
  place: number | null;
}

/** One method against the exact scores: of one pair, direction and kind, all components or those of one label. */
export interface AuditComparisonJson {
  /** From 1. */
  pair: number;
  direction: Direction;
  kind: Audited;
  method: string;
  /** Null: all components. */
  label: AuditLabel | null;
  /** Components compared. */
  count: number;
  /** At each number k of `recall_at`: exact top k (with this label), and how many of them the method's top k has. */
  among: number[];
  found: number[];
  spearman_size: number;
  spearman_signed: number;
  pearson: number;
  /** Of components with |e| >= tau: those whose sign is wrong. NaN where D is small or the method has no sign. */
  signs_wrong: number;
  signs_of: number;
  /** Exact on approximate, through the origin. */
  slope: number;
  /** One for each headline k at which something is missed. */
  missed: MissedJson[];
}

/** Which labels the method's own scores would give to the components of one exact label. */
export interface LabellingJson {
  pair: number;
  kind: Kind;
  method: string;
  label: AuditLabel;
  labelled: Partial<Record<AuditLabel, number>>;
}

/** What was found of a kind by a method, over all pairs and directions, in sentences. */
export interface FindingJson {
  kind: Audited;
  method: string;
  text: string;
}

export interface AuditPairJson {
  /** The folder of its study, within the audit's. */
  folder: string;
  pair: PairJson;
  metric: MetricJson;
  small_d: boolean;
  lint: LintJson[];
  /** Exact patching, and each method, in seconds, all directions and kinds. */
  seconds: { patching: number; methods: Record<string, number> };
}

export interface AuditJson {
  schema: string;
  complete: boolean;
  model: ModelJson;
  shape: ShapeJson;
  options: { methods: string[]; components: Kind[]; directions: Direction[]; tau: number };
  command: string;
  versions: Record<string, string>;
  provider: string;
  methods: AuditMethodJson[];
  pairs: AuditPairJson[];
  recall_at: number[];
  comparisons: AuditComparisonJson[];
  /** Empty where one direction alone was run. */
  labellings: LabellingJson[];
  findings: FindingJson[];
  identity: IdentityJson;
}

/** The scores behind the comparisons of one pair, direction and kind. */
export interface AuditScores {
  /** From 1. */
  readonly pair: number;
  readonly direction: Direction;
  readonly kind: Audited;
  /** [n, 2] layer and index; for pairs of heads [n, 4]. */
  readonly components: Tensor<Int32Array>;
  /** [n], in units of F; `via` for pairs of heads. */
  readonly exact: Float32Array;
  /** The exact label of each component; for pairs of heads, of the source. Absent where there are none. */
  readonly labels?: readonly AuditLabel[];
  /** [n] each, by the name of the method. */
  readonly methods: ReadonlyMap<string, Float32Array>;
}

const text = z.string();
const label = z.enum(AUDIT_LABELS);
const comparison = z.object({
  pair: count,
  direction: z.enum(DIRECTIONS),
  kind: z.enum(AUDITED),
  method: text,
  label: label.nullable(),
  count,
  among: z.array(count),
  found: z.array(count),
  spearman_size: real,
  spearman_signed: real,
  pearson: real,
  signs_wrong: real,
  signs_of: real,
  slope: real,
  missed: z.array(
    z.object({
      k: count,
      component: z.array(count),
      label: label.nullable(),
      exact: real,
      approximate: real,
      place: count.nullable(),
    }),
  ),
});
const audited = z.object({
  folder: text,
  pair,
  metric,
  small_d: z.boolean(),
  lint,
  seconds: z.object({ patching: real, methods: z.record(text, real) }),
});

/** What a valid `audit.json` looks like. Unknown fields are dropped: a newer minor version may add some. */
const auditJson: z.ZodType<AuditJson> = z.object({
  schema: text,
  complete: z.boolean(),
  model,
  shape,
  options: z.object({
    methods: z.array(text),
    components: z.array(z.enum(KINDS)),
    directions: z.array(z.enum(DIRECTIONS)),
    tau: z.number(),
  }),
  command: text,
  versions: z.record(text, text),
  provider: text,
  methods: z.array(z.object({ name: text, title: text, meaning: text, signed: z.boolean(), cost: text })),
  pairs: z.array(audited),
  recall_at: z.array(count),
  comparisons: z.array(comparison),
  labellings: z.array(
    z.object({
      pair: count,
      kind: z.enum(KINDS),
      method: text,
      label,
      labelled: z.partialRecord(label, count),
    }),
  ),
  findings: z.array(z.object({ kind: z.enum(AUDITED), method: text, text })),
  identity,
});

/** The text of `audit.json`. NaN becomes null. */
export function formatAuditJson(audit: AuditJson): string {
  return `${JSON.stringify(audit, null, 1)}\n`;
}

/** Reads the text of an `audit.json`. Throws InputError for what is not one, or is of a newer major version. */
export function parseAuditJson(source: string, name: string = AUDIT_FILE): AuditJson {
  return parseDocument(source, name, { what: 'audit', name: NAME, major: MAJOR, content: auditJson });
}

/** A method's recall at the k of this place in `recall_at`; NaN where nothing is to be found. */
export function recallOf({ found, among }: AuditComparisonJson, at: number): number {
  return among[at] ? found[at]! / among[at]! : Number.NaN;
}
