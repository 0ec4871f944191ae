/**
 * Which scores are computed, and which curves come of them.
 */
import { type Level, LEVELS } from '../../faithfulness/curves.ts';
import type { Select, SelectionMethod } from '../../faithfulness/nested.ts';
import type { FaithfulnessOptions } from './options.ts';
import { scorerOf } from './scorers.ts';

/** Scores of one method on one level. */
export interface ScorePlan {
  /** `<method>.<level>`: the name of their file. */
  readonly name: string;
  readonly method: string;
  readonly level: Level;
}

export interface CurvePlan {
  readonly name: string;
  readonly scores: ScorePlan;
  readonly select: Select;
  readonly rule: SelectionMethod;
}

export function scorePlans({
  methods,
  levels,
}: Pick<FaithfulnessOptions, 'methods' | 'levels'>): ScorePlan[] {
  return LEVELS.filter((level) => levels.includes(level)).flatMap((level) =>
    methods
      .filter((method) => scorerOf(method, level) !== undefined)
      .map((method) => ({ name: `${method}.${level}`, method, level })),
  );
}

/** Greedy selection goes along edges: circuits of nodes are `top_n`. */
export function curvePlans(options: FaithfulnessOptions): CurvePlan[] {
  return scorePlans(options).flatMap((scores) =>
    options.select.flatMap((select) =>
      (scores.level === 'nodes' ? (['top_n'] as const) : options.rules).map((rule) => ({
        name: `${scores.name}.${select}.${rule}`,
        scores,
        select,
        rule,
      })),
    ),
  );
}
