/**
 * Single components in both surveys: the strongest, and those that change most, each with its effects and intervals.
 *
 * Intervals of e are of each survey by itself, as it draws them; that of the difference comes from draws of both. Components are listed because
 * their difference is large: for the first of many, a difference is partly luck, and its interval does not know that.
 */
import { labelName } from '../latent/labels.ts';
import type { ComparedComponentJson, Estimate } from '../results/comparison-json.ts';
import type { Drawing } from '../stats/bootstrap.ts';
import { effectColumns } from '../survey/analysis/effects.ts';
import { pooledLabels } from '../survey/analysis/labels.ts';
import { drawnEffect } from '../survey/analysis/pool.ts';
import type { Direction, Kind } from '../terms.ts';
import type { PooledSides } from './components.ts';
import { type Draw, estimate } from './draws.ts';
import type { LabelledSide } from './labels.ts';

export const LISTED = 12;

export interface ChangeRequest {
  readonly kind: Kind;
  readonly perLayer: number;
  /** Exact patching by direction. */
  readonly pooled: ReadonlyMap<Direction, PooledSides>;
  /** Where both have both directions. */
  readonly labels: { readonly a: LabelledSide; readonly b: LabelledSide } | undefined;
  readonly draws: readonly Draw[];
  /** How each survey drew its own intervals. */
  readonly how: { readonly a: Drawing; readonly b: Drawing };
}

export interface Listed {
  readonly strongest: ComparedComponentJson[];
  readonly changed: ComparedComponentJson[];
}

/** None where D of a survey is small. */
export function listComponents(request: ChangeRequest): Listed {
  const columns = [...request.pooled].map(([direction, { a, b }]) => ({
    direction,
    pooled: { a, b },
    a: effectColumns(a, request.how.a.draws, request.how.a.seed),
    b: effectColumns(b, request.how.b.draws, request.how.b.seed),
  }));
  const size = columns[0]?.a.mean.length ?? 0;
  const most = (of: (a: number, b: number) => number) => (c: number) =>
    Math.max(...columns.map(({ a, b }) => of(a.mean[c]!, b.mean[c]!)));
  const first = (by: (c: number) => number): number[] => {
    const values = Float64Array.from({ length: size }, (_, c) => by(c));
    return Array.from(values.keys())
      .filter((c) => values[c]! > 0)
      .sort((x, y) => values[y]! - values[x]! || x - y)
      .slice(0, LISTED);
  };
  const describe = describer(columns, request);
  return {
    strongest: first(most((a, b) => Math.max(Math.abs(a), Math.abs(b)))).map(describe),
    changed: first(most((a, b) => Math.abs(a - b))).map(describe),
  };
}

type Columns = ReturnType<typeof effectColumns>;

function describer(
  columns: readonly { direction: Direction; pooled: PooledSides; a: Columns; b: Columns }[],
  { kind, perLayer, labels, draws }: ChangeRequest,
): (c: number) => ComparedComponentJson {
  const named = (side: LabelledSide | undefined) => {
    const all = side && pooledLabels(side.both, side.tau);
    return (c: number) => (all?.[c] === undefined ? null : labelName(all[c], side!.contrast));
  };
  const [inA, inB] = [named(labels?.a), named(labels?.b)];
  return (c) => ({
    kind,
    component: [Math.floor(c / perLayer), c % perLayer],
    label: { a: inA(c), b: inB(c) },
    effects: columns.map(({ direction, pooled, a, b }) => ({
      direction,
      a: at(a, c),
      b: at(b, c),
      difference: estimate(
        a.mean[c]! - b.mean[c]!,
        draws.map((draw) => drawnEffect(pooled.a, draw.a, c) - drawnEffect(pooled.b, draw.b, c)),
      ),
    })),
  });
}

function at({ mean, low, high }: Columns, c: number): Estimate {
  return { value: mean[c]!, low: low[c]!, high: high[c]! };
}
