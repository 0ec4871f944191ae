/**
 * How large differences of matched pairs are, one difference a cluster, without a unit.
 *
 * r, the matched-pairs rank-biserial correlation (Kerby 2014, "The simple difference formula: an approach to teaching
 * nonparametric correlation"): of all ranks of |d|, the share that belongs to differences above 0 less the share of those
 * below.
 *
 *   r = (sum of ranks of d > 0 - sum of ranks of d < 0) / sum of all ranks
 *
 * 1: every difference is above 0; 0: as much above as below. Differences of 0 have no rank (as in Wilcoxon's test). It is
 * the r of sentences: it needs no normal values, one extreme cluster cannot decide it, and it says the direction.
 */
import { bcaInterval, type Drawing, type Limits } from './bootstrap.ts';
import { ranks } from './ranks.ts';

export interface RankBiserial extends Limits {
  /** NaN where there is no difference. */
  readonly r: number;
}

/** r with its 95% BCa interval over clusters. All NaN where a difference is NaN or all are 0; limits NaN for one. */
export function rankBiserial(differences: Float64Array, how: Drawing): RankBiserial {
  const r = correlation(differences);
  const n = differences.length;
  if (Number.isNaN(r)) return { r, low: Number.NaN, high: Number.NaN, n };
  const of = (counts: ArrayLike<number>): number =>
    // Draws without any difference tell nothing: 0.
    correlation(repeated(differences, counts)) || 0;
  return { r, ...bcaInterval(n, of, how) };
}

function repeated(values: Float64Array, counts: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    Array.from(values).flatMap((value, i) => new Array<number>(counts[i]!).fill(value)),
  );
}

function correlation(differences: Float64Array): number {
  const own = differences.filter((d) => d !== 0);
  const ranked = ranks(own.map(Math.abs));
  let [signed, all] = [0, 0];
  ranked.forEach((rank, i) => {
    signed += Math.sign(own[i]!) * rank;
    all += rank;
  });
  return all > 0 ? signed / all : Number.NaN;
}
