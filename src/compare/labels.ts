/**
 * The labels of one model's components in two surveys: a cross table, and how many keep theirs.
 *
 *   share of A = components with one label in both / those labelled in A               (of B: in B)
 *   expected   = sum over labels of (number in A) (number in B) / n, over those labelled: labels of B dealt at random
 *   kappa      = Cohen's over all components, no label being one of the labels (`stats/kappa.ts`)
 *
 * `noising_only` and `denoising_only` of a swap stand opposite AND and OR: they follow one rule.
 */
import { type Label, labelName, labelOf } from '../latent/labels.ts';
import { type LabelTableJson, NO_LABEL } from '../results/comparison-json.ts';
import { cohenKappa } from '../stats/kappa.ts';
import { type BothPooled, type Labels, pooledLabels } from '../survey/analysis/labels.ts';
import type { Contrast, Kind } from '../terms.ts';
import { type Counts, type Draw, drawnEffects, estimate } from './draws.ts';

/** The order of rows and columns. */
export const ROWS: readonly (Label | typeof NO_LABEL)[] = [
  'and',
  'or',
  'adder',
  'inhibitory',
  'mixed',
  NO_LABEL,
];

/** Patching of both directions, and by which rule its labels are. */
export interface LabelledSide {
  readonly both: BothPooled;
  readonly tau: number;
  readonly contrast: Contrast;
}

export function compareLabels(
  kind: Kind,
  a: LabelledSide,
  b: LabelledSide,
  draws: readonly Draw[],
): LabelTableJson {
  const value = keptOf(crossTable(pooledLabels(a.both, a.tau), pooledLabels(b.both, b.tau)));
  const drawn = draws.map((draw) => keptOf(crossTable(drawnLabels(a, draw.a), drawnLabels(b, draw.b))));
  const over = (pick: (kept: Kept) => number) => estimate(pick(value), drawn.map(pick));
  return {
    kind,
    n: value.n,
    rows: names(a.contrast),
    columns: names(b.contrast),
    table: value.table,
    labelled: value.labelled,
    kept: value.kept,
    share: {
      a: over(({ kept, labelled }) => kept / labelled.a),
      b: over(({ kept, labelled }) => kept / labelled.b),
    },
    share_expected: { a: value.expected / value.labelled.a, b: value.expected / value.labelled.b },
    kappa: over(({ kappa }) => kappa),
    draws: drawn.length,
  };
}

function names(contrast: Contrast): LabelTableJson['rows'] {
  return ROWS.map((label) => (label === NO_LABEL ? label : labelName(label, contrast)));
}

function drawnLabels({ both, tau }: LabelledSide, counts: Counts): Labels {
  const d = drawnEffects(both.denoising, counts);
  return Array.from(drawnEffects(both.noising, counts), (e, c) => labelOf(e, d[c]!, tau));
}

/** Counts of components by label in A (rows) and in B (columns), in the order of `ROWS`. */
export function crossTable(a: Labels, b: Labels): number[][] {
  const table = ROWS.map(() => ROWS.map(() => 0));
  const place = (label: Label | undefined): number => ROWS.indexOf(label ?? NO_LABEL);
  a.forEach((label, c) => table[place(label)]![place(b[c])]!++);
  return table;
}

export interface Kept {
  readonly table: number[][];
  readonly n: number;
  readonly labelled: { readonly a: number; readonly b: number };
  readonly kept: number;
  /** How many would be kept by chance. */
  readonly expected: number;
  readonly kappa: number;
}

/** What a cross table says; its last row and column are of those without a label. */
export function keptOf(table: number[][]): Kept {
  const last = table.length - 1;
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const inA = table.map(sum);
  const inB = table.map((_, j) => sum(table.map((row) => row[j]!)));
  const n = sum(inA);
  return {
    table,
    n,
    labelled: { a: n - inA[last]!, b: n - inB[last]! },
    kept: sum(table.slice(0, last).map((row, i) => row[i]!)),
    expected: sum(inA.slice(0, last).map((count, i) => (count * inB[i]!) / n)),
    kappa: cohenKappa(table).kappa,
  };
}
