/**
 * Is it the label, or these few components? The sign-flip test of gains (`gains.ts`) is about prompts: nearly the same
 * components are labelled in all folds, and a single neuron whose gain is a little high on every prompt makes p small. So
 * the labelled components are ranked among others like them.
 *
 *   T = sum over pairs of the mean, over the components that other folds label, of the pair's log gain
 *
 * 1. Stand-ins of a labelled component: those of its layer and kind, itself among them, whose own change (geometric mean
 *    over pairs) is within e^0.25 of its own; under the rule `any` the whole layer.
 * 2. A set exchanges every labelled component for one of its stand-ins, the same one in all pairs. T of a set is a sum of
 *    what each of its members gives, so sets are drawn by `stats/randomisation.ts`: all, or 10,000.
 * 3. p = twice the share of sets with a T at least as high as the observed one, or at least as low: the smaller of both.
 *    It is a rank among these sets: a probability only as far as chance might as well have labelled the stand-ins
 *    (docs/definitions.md tells where it might not).
 *
 * The third rule of controls leaves one stand-in, so there is nothing to draw from; it alone looks at strength.
 * Components without a gain in some pair are left out.
 */
import { type ControlRule, OWN_CHANGE_CALIPER } from '../../latent/controls.ts';
import type { Label } from '../../latent/labels.ts';
import type { StandInsJson } from '../../results/survey-json.ts';
import { type RandomisationRank, randomisationRank } from '../../stats/randomisation.ts';
import type { GainRequest, PairGains } from './gains.ts';
import type { HoldingOut } from './held-out.ts';

/** Where the components of some labels stand under a rule; null where there is nothing to draw from. */
export type RankOf = (among: readonly Label[], rule: ControlRule) => StandInsJson | null;

export function standIns(sums: LogSums, held: HoldingOut, request: GainRequest): RankOf {
  return (among, rule) => {
    if (rule === 'matched_unlabelled') return null;
    const shares = [...sharesOf(held, sums, among)];
    const pools = shares.map(([c]) => poolOf(c, rule, sums, request));
    if (!pools.some((pool) => pool.length > 1)) return null;
    const own = shares.map(([c, share]) => partOf(c, share, sums));
    const others = shares.map(([, share], k) => pools[k]!.map((x) => partOf(x, share, sums)));
    const components = pools.filter((pool) => pool.length > 1).length;
    return { components, ...described(randomisationRank(own, others, request.seed)) };
  };
}

/** Sums over pairs for every component. */
export class LogSums {
  /** Of log gains, for each fold that has pairs; NaN where a component has none in one of them. */
  readonly gain: Map<number, Float64Array> = new Map();
  /** Of log own changes. */
  own: Float64Array = new Float64Array(0);
  pairs = 0;

  add({ gain, own, fold }: Pick<PairGains, 'gain' | 'own' | 'fold'>): void {
    if (this.pairs++ === 0) this.own = new Float64Array(own.length);
    const ofFold = this.gain.get(fold) ?? new Float64Array(gain.length);
    this.gain.set(fold, ofFold);
    for (let c = 0; c < gain.length; c++) {
      ofFold[c]! += gain[c]! > 0 ? Math.log(gain[c]!) : Number.NaN;
      this.own[c]! += Math.log(own[c]!);
    }
  }
}

/** How much a component's log gain counts in each fold: its share of the labelled ones there, nothing where it is none. */
type Shares = Map<number, number>;

/** The labelled components and their shares. */
function sharesOf(held: HoldingOut, sums: LogSums, among: readonly Label[]): Map<number, Shares> {
  const all = new Map<number, Shares>();
  for (const fold of sums.gain.keys()) {
    const { labels } = held.outside(fold);
    const own = labels.flatMap((label, c) =>
      label !== undefined && among.includes(label) && hasGain(c, sums) ? [c] : [],
    );
    for (const c of own) all.set(c, (all.get(c) ?? new Map()).set(fold, 1 / own.length));
  }
  return all;
}

function hasGain(c: number, { gain }: LogSums): boolean {
  return [...gain.values()].every((ofFold) => Number.isFinite(ofFold[c]!));
}

/** What component `x` gives to T in the place of one with these shares. */
function partOf(x: number, shares: Shares, { gain }: LogSums): number {
  let sum = 0;
  for (const [fold, share] of shares) sum += share * gain.get(fold)![x]!;
  return sum;
}

/** Stand-ins of component `c`, itself among them. */
function poolOf(c: number, rule: ControlRule, sums: LogSums, { perLayer }: GainRequest): number[] {
  const first = c - (c % perLayer);
  const layer = Array.from({ length: perLayer }, (_, i) => first + i).filter((x) => hasGain(x, sums));
  const distance = (x: number) => Math.abs(sums.own[x]! - sums.own[c]!) / sums.pairs;
  return rule === 'any' ? layer : layer.filter((x) => distance(x) <= OWN_CHANGE_CALIPER);
}

/** All sets have the observed one among them; of drawn ones it is one more. */
function described(rank: RandomisationRank): Omit<StandInsJson, 'components'> {
  const { sets, exhaustive, exceeds, exceededBy } = rank;
  const extra = exhaustive ? 0 : 1;
  const least = Math.min(sets - exceeds, sets - exceededBy) + extra;
  const all = sets + extra;
  return {
    sets,
    exceeds,
    p: Math.min(1, (2 * least) / all),
    smallest_p: Math.min(1, 2 / all),
  };
}
