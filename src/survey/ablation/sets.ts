/**
 * The sets of a pair: by labels, and by what exact patching and another method highlight. All come from the pairs of
 * other folds, never from the pair's own cluster.
 */
import { highlighted } from '../../latent/highlight.ts';
import { type Label, labelName } from '../../latent/labels.ts';
import type { FlatSet } from '../../mediation/set-patching.ts';
import type { SetName } from '../../results/ablations-json.ts';
import type { SurveyFields } from '../../results/survey-record.ts';
import type { Direction, Kind } from '../../terms.ts';
import { exactBothWays, pooledArray, type PoolWork } from '../analysis/arrays.ts';
import { clusterFolds, type Folds } from '../analysis/held-out.ts';
import { type BothPooled, pooledLabels } from '../analysis/labels.ts';
import { type Pooled, pooledEffects } from '../analysis/pool.ts';
import { EXACT } from '../options.ts';

export interface NamedSet {
  readonly set: SetName;
  /** Of highlights: the method beside exact patching. */
  readonly method: string | null;
}

/** A set with its members in [layers, heads or neurons], ascending. */
export interface MemberSet extends NamedSet {
  readonly members: FlatSet;
}

/** What a survey's sets are called; those of a label are absent where a survey has no labels. */
export function setsOf({ task, options }: Pick<SurveyFields, 'task' | 'options'>): NamedSet[] {
  const hasLabels = options.methods.includes(EXACT) && options.directions.length > 1;
  const labels = (['or', 'and'] as const).map((label) => labelName(label, task.contrast) as SetName);
  const others = options.methods.includes(EXACT) ? options.methods.filter((name) => name !== EXACT) : [];
  return [
    ...(hasLabels ? [...labels, 'labelled' as const].map((set) => ({ set, method: null })) : []),
    ...others.flatMap((method) =>
      (['shared', 'union', 'exact_own', 'method_own'] as const).map((set) => ({ set, method })),
    ),
  ];
}

/** Pooled arrays of one kind, of which folds take their part. */
interface PooledKind {
  readonly both: BothPooled | undefined;
  /** By method and direction. */
  readonly arrays: ReadonlyMap<string, Pooled>;
}

/** The sets of every fold. */
export class HeldOutSets {
  private readonly known = new Map<string, MemberSet[]>();

  private constructor(
    private readonly work: SetWork,
    private readonly folds: Folds,
    private readonly kinds: ReadonlyMap<Kind, PooledKind>,
  ) {}

  /** Pools all arrays that sets come from. */
  static async of(work: SetWork): Promise<HeldOutSets> {
    const { components, methods, directions, seed } = work.record.options;
    const kinds = new Map<Kind, PooledKind>();
    for (const kind of components) {
      const arrays = new Map<string, Pooled>();
      for (const method of methods) {
        for (const direction of directions)
          arrays.set(`${method} ${direction}`, await pooledArray(work, method, direction, kind));
      }
      kinds.set(kind, { both: await exactBothWays(work, kind), arrays });
    }
    return new HeldOutSets(work, clusterFolds(work.facts.clusters, seed), kinds);
  }

  /** The sets of a pair, in the order of `setsOf`. */
  of(pair: number, kind: Kind, direction: Direction): MemberSet[] {
    const fold = this.folds.foldOf(this.work.facts.pairs[pair]!.cluster);
    const key = `${fold} ${kind} ${direction}`;
    const sets = this.known.get(key) ?? this.outside(fold, kind, direction);
    this.known.set(key, sets);
    return sets;
  }

  private outside(fold: number, kind: Kind, direction: Direction): MemberSet[] {
    const { record } = this.work;
    const { tau, quantile } = record.options;
    const { both, arrays } = this.kinds.get(kind)!;
    const keeps = this.folds.keeps(fold);
    const labels = both ? pooledLabels(both, tau, keeps) : [];
    const highlights = (method: string): boolean[] =>
      highlighted(Float32Array.from(pooledEffects(arrays.get(`${method} ${direction}`)!, keeps)), quantile);
    return setsOf(record).map(({ set, method }) => {
      if (method === null) return { set, method, members: places(labels, isLabelledAs(set)) };
      const [exact, other] = [highlights(EXACT), highlights(method)];
      const members = places(exact, (isExact, c) => CHOICES[set as HighlightSet](isExact, other[c]!));
      return { set, method, members };
    });
  }
}

export interface SetWork extends PoolWork {
  readonly record: PoolWork['record'] & Pick<SurveyFields, 'task'>;
}

type HighlightSet = 'shared' | 'union' | 'exact_own' | 'method_own';

const CHOICES: Readonly<Record<HighlightSet, (exact: boolean, other: boolean) => boolean>> = {
  shared: (exact, other) => exact && other,
  union: (exact, other) => exact || other,
  exact_own: (exact, other) => exact && !other,
  method_own: (exact, other) => !exact && other,
};

function isLabelledAs(set: SetName): (label: Label | undefined) => boolean {
  const isAnd = set === 'and' || set === 'noising_only' || set === 'labelled';
  const isOr = set === 'or' || set === 'denoising_only' || set === 'labelled';
  return (label) => (isAnd && label === 'and') || (isOr && label === 'or');
}

function places<T>(all: readonly T[], test: (value: T, place: number) => boolean): number[] {
  return all.flatMap((value, place) => (test(value, place) ? [place] : []));
}
