/**
 * Pairs that are in both surveys, compared pair by pair: answers, how well each method agrees with exact patching, and, of
 * one model, exact patching of one with that of the other.
 *
 *   d_i = value of pair i in A - value in B
 *
 * Tested over clusters' means of d_i: two-sided sign-flip test, matched-pairs rank-biserial correlation r; the mean with a
 * BCa interval. Under 8 clusters no p. Benjamini-Hochberg over all answers, and over all methods.
 */
import {
  ANSWER_QUANTITIES,
  type Estimate,
  type PairedJson,
  type PairedMethodsJson,
  type PairedTestJson,
} from '../results/comparison-json.ts';
import type { Drawing } from '../stats/bootstrap.ts';
import { pearson } from '../stats/correlation.ts';
import { meanOverPairs } from '../stats/mean-over-pairs.ts';
import { mean } from '../stats/moments.ts';
import { benjaminiHochberg } from '../stats/multiple.ts';
import { paired } from '../stats/paired.ts';
import { EXACT, hasSigns } from '../survey/options.ts';
import { arrayName } from '../survey/passes.ts';
import type { Direction, Kind } from '../terms.ts';
import { answerOf } from './answers.ts';
import { exactMethod, hasExact, inBoth, type Side, type Sides } from './side.ts';

type Places = readonly (readonly [a: number, b: number])[];

/** Null where no pair is in both. `sameModel`: a component of one is the same component of the other. */
export async function comparePaired(
  sides: Sides,
  places: Places,
  sameModel: boolean,
  how: Drawing,
): Promise<PairedJson | null> {
  if (places.length === 0) return null;
  const { a, b } = sides;
  const cluster = places.map(([i]) => a.pairs[i]!.cluster);
  const oneUnit = a.survey.task.metric === b.survey.task.metric;
  const quantities = ANSWER_QUANTITIES.filter((quantity) => oneUnit || quantity === 'solved');
  const answers = quantities.map((quantity) => {
    const values = places.map(([i, k]) => answerOf(quantity, a.pairs[i]!) - answerOf(quantity, b.pairs[k]!));
    return { quantity, difference: pairedTest(values, cluster, how) };
  });
  const methods: PairedMethodsJson[] = [];
  const exact: PairedJson['exact'] = [];
  const { kinds, directions } = inBoth(sides);
  for (const kind of hasExact(a) && hasExact(b) ? kinds : []) {
    for (const direction of directions) {
      methods.push(...(await methodRows(sides, places, cluster, { kind, direction }, how)));
      if (sameModel) exact.push(await exactRow(sides, places, cluster, { kind, direction }, how));
    }
  }
  return {
    n: places.length,
    clusters: new Set(cluster).size,
    answers: adjusted(answers),
    methods: adjusted(methods),
    exact,
  };
}

/** Over clusters; `values` are differences of pairs, NaN left out. */
export function pairedTest(
  values: readonly number[],
  cluster: readonly number[],
  how: Drawing,
): PairedTestJson {
  const { mean: value, low, high, n, clusters, r, r_low, r_high, p } = paired(values, cluster, how);
  return {
    n,
    clusters,
    mean: { value, low, high },
    r: { value: r, low: r_low, high: r_high },
    p,
    p_adjusted: Number.NaN,
  };
}

function adjusted<T extends { difference: PairedTestJson }>(rows: readonly T[]): T[] {
  const all = benjaminiHochberg(rows.map(({ difference }) => difference.p));
  return rows.map((row, i) => ({ ...row, difference: { ...row.difference, p_adjusted: all[i]! } }));
}

interface Where {
  readonly kind: Kind;
  readonly direction: Direction;
}

/**
 * A method of one against the same of the other; one that is not in the other, against each of the other's. A method without
 * signs stands apart: its correlation is with sizes of exact effects, another number.
 */
async function methodRows(
  { a, b }: Sides,
  places: Places,
  cluster: readonly number[],
  { kind, direction }: Where,
  how: Drawing,
): Promise<PairedMethodsJson[]> {
  const [ofA, ofB] = [approximate(a), approximate(b)];
  const values = async (side: Side, methods: readonly string[], pairs: readonly number[]) => {
    const found = new Map<string, number[]>();
    for (const method of methods)
      found.set(method, await agreements(side, method, pairs, { kind, direction }));
    return found;
  };
  const inA = await values(
    a,
    ofA,
    places.map(([i]) => i),
  );
  const inB = await values(
    b,
    ofB,
    places.map(([, k]) => k),
  );
  const areApart = (one: string, two: string) => !ofB.includes(one) || !ofA.includes(two);
  return ofA.flatMap((one) =>
    ofB
      .filter((two) => one === two || (areApart(one, two) && hasSigns(one) === hasSigns(two)))
      .map((two) => {
        const [first, second] = [inA.get(one)!, inB.get(two)!];
        const differences = first.map((value, i) => value - second[i]!);
        // What stands side by side is of the same pairs.
        const known = [...differences.keys()].filter((i) => Number.isFinite(differences[i]));
        return {
          kind,
          direction,
          method: { a: one, b: two },
          agreement: { a: mean(known.map((i) => first[i]!)), b: mean(known.map((i) => second[i]!)) },
          difference: pairedTest(differences, cluster, how),
        };
      }),
  );
}

function approximate({ survey }: Side): string[] {
  return survey.options.methods.filter((method) => method !== EXACT);
}

/** Within each pair Pearson's correlation of a method with exact patching; of one without signs, with its sizes. */
async function agreements(
  { read }: Side,
  method: string,
  pairs: readonly number[],
  { kind, direction }: Where,
): Promise<number[]> {
  const found: number[] = [];
  for (const pair of pairs) {
    const exact = await read(arrayName(EXACT, direction, kind), pair);
    const compared = hasSigns(method) ? exact : exact.map(Math.abs);
    found.push(pearson(await read(arrayName(method, direction, kind), pair), compared));
  }
  return found;
}

async function exactRow(
  { a, b }: Sides,
  places: Places,
  cluster: readonly number[],
  { kind, direction }: Where,
  how: Drawing,
): Promise<PairedJson['exact'][number]> {
  const values: number[] = [];
  for (const [i, k] of places) {
    const one = await a.read(arrayName(exactMethod(a), direction, kind), i);
    values.push(pearson(one, await b.read(arrayName(exactMethod(b), direction, kind), k)));
  }
  const { mean: value, low, high, n, clusters } = meanOverPairs(values, cluster, how);
  const interval: Estimate = { value, low, high };
  return { kind, direction, pearson: interval, n, clusters };
}
