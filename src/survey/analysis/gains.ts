/**
 * Do labelled components act on others more than controls do, for each unit of own change? (design: many pairs)
 *
 *   d_i = mean over labelled components of pair i of (log gain - mean log gain of its controls)
 *
 * 1. Clusters are put into folds. The labels of a fold's pairs come from all other folds: never from the pairs that are
 *    evaluated.
 * 2. Controls are drawn within a pair, kind and layer, by the three rules of `latent/controls.ts`.
 * 3. The test of paired differences (`stats/paired.ts`) on d_i: mean with interval, r, sign-flip p; the unit is the
 *    cluster; under 8 clusters no p.
 * 4. Benjamini-Hochberg over all tests of the survey.
 * 5. Where these components stand among others like them (`stand-ins.ts`): 3 is about prompts, and takes the labelled
 *    components as given.
 */
import { type ControlRule, controlsOf } from '../../latent/controls.ts';
import { type Label, labelName } from '../../latent/labels.ts';
import { CONTROL_RULES } from '../../results/study-json.ts';
import type { SurveyGainJson } from '../../results/survey-json.ts';
import { mean } from '../../stats/moments.ts';
import { paired } from '../../stats/paired.ts';
import type { Contrast, Direction, Kind } from '../../terms.ts';
import type { Clustered } from './facts.ts';
import { type HeldOut, type HoldingOut, holdOut } from './held-out.ts';
import type { BothPooled } from './labels.ts';
import type { ReadScores } from './pool.ts';
import { LogSums, standIns } from './stand-ins.ts';

/** The labels that are compared: each, and both together. */
export const COMPARED: readonly (readonly Label[])[] = [['and', 'or'], ['and'], ['or']];

export interface GainRequest {
  readonly kind: Kind;
  readonly direction: Direction;
  readonly contrast: Contrast;
  readonly tau: number;
  readonly perLayer: number;
  readonly names: { readonly gain: string; readonly own: string };
  readonly among: readonly number[];
  readonly draws: number;
  readonly seed: number;
}

/** All comparisons of one kind and direction; `p_adjusted` is filled in when all of the survey are known. */
export async function compareGains(
  read: ReadScores,
  facts: Clustered,
  both: BothPooled,
  request: GainRequest,
): Promise<SurveyGainJson[]> {
  const held = holdOut(both, facts.clusters, request);
  const [cases, sums] = [comparisons(), new LogSums()];
  for await (const pair of pairGains(read, facts, held, request)) {
    for (const one of cases) one.add(pair, request);
    sums.add(pair);
  }
  const rankOf = standIns(sums, held, request);
  return cases.map((one) => ({
    ...summarised(one, request),
    p_adjusted: Number.NaN,
    stand_ins: rankOf(one.among, one.rule),
  }));
}

/** One set of labels against one rule of controls, over pairs. */
export interface GainDifferences {
  readonly among: readonly Label[];
  readonly rule: ControlRule;
  /** d_i of the pairs that have one, and the cluster of each. */
  readonly differences: readonly number[];
  readonly clusters: readonly number[];
  /** Labelled components with a gain, over all pairs; and those of them with a control. */
  readonly labelled: number;
  readonly matched: number;
}

/** d_i of all pairs, for each set of labels and each rule of controls. */
export async function gainDifferences(
  read: ReadScores,
  facts: Clustered,
  held: HoldingOut,
  request: GainRequest,
): Promise<GainDifferences[]> {
  const cases = comparisons();
  for await (const pair of pairGains(read, facts, held, request))
    for (const one of cases) one.add(pair, request);
  return cases;
}

/** The gains of one pair, and what is known of components outside its fold. */
export interface PairGains extends HeldOut {
  readonly gain: Float32Array;
  readonly own: Float32Array;
  readonly cluster: number;
  readonly fold: number;
}

/** Pair after pair: each array is read once. */
async function* pairGains(
  read: ReadScores,
  { pairs }: Clustered,
  { foldOf, outside }: HoldingOut,
  { among, names }: GainRequest,
): AsyncGenerator<PairGains> {
  for (const i of among) {
    const { cluster } = pairs[i]!;
    const fold = foldOf(cluster);
    const [gain, own] = [await read(names.gain, i), await read(names.own, i)];
    yield { ...outside(fold), gain, own, cluster, fold };
  }
}

function comparisons(): Comparison[] {
  return COMPARED.flatMap((labels) => CONTROL_RULES.map((rule) => new Comparison(labels, rule)));
}

class Comparison implements GainDifferences {
  readonly differences: number[] = [];
  readonly clusters: number[] = [];
  labelled = 0;
  matched = 0;

  constructor(
    readonly among: readonly Label[],
    readonly rule: ControlRule,
  ) {}

  add({ labels, strength, gain, own, cluster }: PairGains, { contrast, perLayer, seed }: GainRequest): void {
    const differences: number[] = [];
    labels.forEach((label, c) => {
      if (label === undefined || !this.among.includes(label) || !(gain[c]! > 0)) return;
      this.labelled++;
      const controls = controlsOf(c, this.rule, { labels, contrast, gain, own, strength, perLayer, seed });
      if (controls.length === 0) return;
      this.matched++;
      const others = controls.reduce((sum, k) => sum + Math.log(gain[k]!), 0) / controls.length;
      differences.push(Math.log(gain[c]!) - others);
    });
    if (differences.length === 0) return;
    this.differences.push(mean(differences));
    this.clusters.push(cluster);
  }
}

function summarised(
  { among, rule, differences, clusters, labelled, matched }: GainDifferences,
  { kind, direction, contrast, draws, seed }: GainRequest,
): Omit<SurveyGainJson, 'stand_ins' | 'p_adjusted'> {
  return {
    kind,
    direction,
    labels: among.map((label) => labelName(label, contrast)),
    controls: rule,
    labelled,
    matched,
    ...paired(differences, clusters, { draws, seed }),
  };
}
