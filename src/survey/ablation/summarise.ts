/**
 * From the changes of pairs to pooled effects of sets: ratios of sums with intervals over clusters, each set against its
 * random sets by a sign-flip test over clusters.
 *
 *   e(set) = -+ sum over pairs of the change of F / sum over pairs of D        (- noising, + denoising)
 */
import type { SetControlJson, SetEffectJson, TakeoverJson } from '../../results/ablations-json.ts';
import { PAIR_SETS, type PairSet } from '../../results/survey-json.ts';
import { ratioBootstrap } from '../../stats/ratio-bootstrap.ts';
import { mean } from '../../stats/moments.ts';
import { benjaminiHochberg } from '../../stats/multiple.ts';
import { signFlip } from '../../stats/sign-flip.ts';
import type { StudyFolder } from '../../study/folder.ts';
import { type Direction, isSmallD, type Kind } from '../../terms.ts';
import { meanMetric, pairsIn } from '../analysis/facts.ts';
import { signOf } from '../analysis/pool.ts';
import { changesName, changesOf, type SetChanges } from './pair.ts';
import { type NamedSet, setsOf, type SetWork } from './sets.ts';

/** Heads listed of those that take over. */
const LISTED = 20;

export const ablationUnit = (pair: number): string => `sets.${pair}`;
export const takeoverUnit = (pair: number): string => `takeover.${pair}`;

/** Every set of every kind and direction, for all pairs and for those that the model solves. */
export async function summariseSets(folder: StudyFolder, work: SetWork): Promise<SetEffectJson[]> {
  const { facts, record, among } = work;
  const units = new Map<number, Map<string, SetChanges>>();
  for (const pair of among) {
    const kept = await folder.load(ablationUnit(pair));
    units.set(
      pair,
      new Map([...kept].map(([name, { data }]) => [name, changesOf({ data: data as Float32Array })])),
    );
  }
  const rows: SetEffectJson[] = [];
  for (const pairs of PAIR_SETS) {
    const chosen = new Set(pairsIn(facts, pairs));
    const own = among.filter((pair) => chosen.has(pair));
    // Where the model solves every pair both sets are one.
    if (own.length === 0 || (pairs === 'solved' && own.length === among.length)) continue;
    const found: SetEffectJson[] = [];
    for (const kind of record.options.components) {
      for (const direction of record.options.directions) {
        for (const named of setsOf(record)) {
          const changes = (pair: number) => units.get(pair)!.get(changesName(kind, direction, named))!;
          found.push(effectOf(work, { pairs, kind, direction, named, own, changes }));
        }
      }
    }
    rows.push(...adjusted(found));
  }
  return rows;
}

interface EffectRequest {
  readonly pairs: PairSet;
  readonly kind: Kind;
  readonly direction: Direction;
  readonly named: NamedSet;
  readonly own: readonly number[];
  readonly changes: (pair: number) => SetChanges;
}

function effectOf(
  work: SetWork,
  { pairs, kind, direction, named, own, changes }: EffectRequest,
): SetEffectJson {
  const filled = own.filter((pair) => changes(pair).size > 0);
  const { n, clusters, ratios } = pooledRatios(work, direction, filled, [(pair) => changes(pair).change]);
  const control = (rule: 'random' | 'matched'): SetControlJson => {
    const among = filled.filter((pair) => !Number.isNaN(changes(pair)[rule].change));
    return controlOf(work, direction, among, changes, rule);
  };
  const { options } = work.record;
  return {
    pairs,
    kind,
    direction,
    set: named.set,
    method: named.method,
    n,
    clusters,
    size: mean(filled.map((pair) => changes(pair).size)),
    ...ratios[0]!,
    random: control('random'),
    matched: options.gains ? control('matched') : null,
  };
}

function controlOf(
  work: SetWork,
  direction: Direction,
  among: readonly number[],
  changes: EffectRequest['changes'],
  rule: 'random' | 'matched',
): SetControlJson {
  const difference = (pair: number): number => changes(pair).change - changes(pair)[rule].change;
  const { n, clusters, ratios, sums } = pooledRatios(work, direction, among, [
    (pair) => changes(pair)[rule].change,
    difference,
  ]);
  const [controls, apart] = ratios;
  return {
    n,
    clusters,
    ...controls!,
    difference: apart!.e,
    difference_low: apart!.low,
    difference_high: apart!.high,
    p: signFlip(sums[1]!, { seed: work.record.options.seed }).p,
    p_adjusted: Number.NaN,
    within: mean(among.map((pair) => changes(pair)[rule].within)),
  };
}

interface PooledRatios {
  readonly n: number;
  readonly clusters: number;
  /** Of each value: sum / sum of D, and its 95% interval. NaN where D is small or there are no pairs. */
  readonly ratios: readonly { readonly e: number; readonly low: number; readonly high: number }[];
  /** Of each value: its sum in every cluster. */
  readonly sums: readonly Float64Array[];
}

/** Values of pairs over D, with the sign by which 1 is the whole effect. */
function pooledRatios(
  { facts, record }: SetWork,
  direction: Direction,
  among: readonly number[],
  values: readonly ((pair: number) => number)[],
): PooledRatios {
  const present = [...new Set(among.map((pair) => facts.pairs[pair]!.cluster))];
  const place = new Map(present.map((cluster, k) => [cluster, k]));
  const weights = new Float64Array(present.length);
  const sums = new Float64Array(present.length * values.length);
  for (const pair of among) {
    const { cluster, logitMetric } = facts.pairs[pair]!;
    const k = place.get(cluster)!;
    weights[k]! += logitMetric.clean - logitMetric.corrupted;
    values.forEach((value, v) => {
      sums[k * values.length + v]! += signOf(direction) * value(pair);
    });
  }
  const column = (v: number) => Float64Array.from(present, (_, k) => sums[k * values.length + v]!);
  const total = weights.reduce((sum, d) => sum + d, 0);
  const isSmall = isSmallD(meanMetric(facts, among, ({ logitMetric }) => logitMetric));
  const { draws, seed } = record.options;
  const limits = ratioBootstrap({ sums, weights, draws, seed });
  const ratios = values.map((_, v) => {
    if (isSmall || among.length === 0) return { e: Number.NaN, low: Number.NaN, high: Number.NaN };
    const sum = column(v).reduce((all, own) => all + own, 0);
    return { e: sum / total, low: limits.low[v]!, high: limits.high[v]! };
  });
  return { n: among.length, clusters: present.length, ratios, sums: values.map((_, v) => column(v)) };
}

/** With p values adjusted over all rows and both rules. */
function adjusted(rows: readonly SetEffectJson[]): SetEffectJson[] {
  const controls = rows.flatMap(({ random, matched }) => (matched ? [random, matched] : [random]));
  const all = benjaminiHochberg(controls.map(({ p }) => p));
  const byControl = new Map(controls.map((control, i) => [control, { ...control, p_adjusted: all[i]! }]));
  return rows.map((row) => ({
    ...row,
    random: byControl.get(row.random)!,
    matched: row.matched && byControl.get(row.matched)!,
  }));
}

/** Heads whose pooled effect grows most when the labelled heads are ablated. */
export async function summariseTakeover(
  folder: StudyFolder,
  work: SetWork,
  among: readonly number[],
): Promise<TakeoverJson[]> {
  const units = new Map<number, ReadonlyMap<string, { readonly data: ArrayLike<number> }>>();
  for (const pair of among) units.set(pair, await folder.load(takeoverUnit(pair)));
  return work.record.options.directions.flatMap((direction) => {
    const own = among.filter((pair) => units.get(pair)!.has(`after.${direction}`));
    const read = (when: 'before' | 'after', pair: number) =>
      units.get(pair)!.get(`${when}.${direction}`)!.data;
    return own.length === 0 ? [] : [takeoverIn(work, direction, own, read)];
  });
}

function takeoverIn(
  work: SetWork,
  direction: Direction,
  own: readonly number[],
  read: (when: 'before' | 'after', pair: number) => ArrayLike<number>,
): TakeoverJson {
  const { heads, layers } = work.record.shape;
  const isLeft = (pair: number, head: number): boolean => !Number.isNaN(read('after', pair)[head]!);
  const all = Array.from({ length: layers * heads }, (_, head) => head);
  const found = all.flatMap((head) => {
    const among = own.filter((pair) => isLeft(pair, head));
    if (among.length === 0) return [];
    const { n, ratios } = pooledRatios(work, direction, among, [
      (pair) => read('before', pair)[head]!,
      (pair) => read('after', pair)[head]!,
      (pair) => read('after', pair)[head]! - read('before', pair)[head]!,
    ]);
    const [before, after, growth] = ratios;
    const component: [number, number] = [Math.floor(head / heads), head % heads];
    const { e, low, high } = growth!;
    return [{ component, before: before!.e, after: after!.e, growth: e, low, high, n }];
  });
  return {
    direction,
    n: own.length,
    clusters: new Set(own.map((pair) => work.facts.pairs[pair]!.cluster)).size,
    size: mean(own.map((pair) => all.filter((head) => !isLeft(pair, head)).length)),
    components: found
      .filter(({ growth }) => Number.isFinite(growth))
      .sort((a, b) => b.growth - a.growth)
      .slice(0, LISTED),
  };
}
