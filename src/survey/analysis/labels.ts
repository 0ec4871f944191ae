/**
 * Labels of a data set: the rule of one pair (`latent/labels.ts`) on pooled effects, and how far they hold: over pairs,
 * over resampled clusters, over thresholds.
 */
import { type Label, labelOf, labelName, normalisedEffects } from '../../latent/labels.ts';
import type { SurveyLabelsJson } from '../../results/survey-json.ts';
import { drawCounts } from '../../stats/bootstrap.ts';
import { type Contrast, isSmallD, type Kind } from '../../terms.ts';
import type { Facts } from './facts.ts';
import { drawnEffect, type Pooled, pooledEffects, type ReadScores } from './pool.ts';

/** Pooled patching of one kind in both directions, by the metric that labels read. */
export interface BothPooled {
  readonly noising: Pooled;
  readonly denoising: Pooled;
}

export type Labels = readonly (Label | undefined)[];

/** The label of every component, from all clusters or from those that are kept. */
export function pooledLabels(
  { noising, denoising }: BothPooled,
  tau: number,
  keeps?: (cluster: number) => boolean,
): Labels {
  const [n, d] = [pooledEffects(noising, keeps), pooledEffects(denoising, keeps)];
  return Array.from(n, (e, c) => labelOf(e, d[c]!, tau));
}

export interface LabelRequest {
  readonly kind: Kind;
  readonly contrast: Contrast;
  readonly tau: number;
  readonly draws: number;
  readonly seed: number;
  /** Heads or neurons of one layer. */
  readonly perLayer: number;
  /** The arrays of scores, and the pairs. */
  readonly names: { readonly noising: string; readonly denoising: string };
  readonly among: readonly number[];
}

/** Labelled components, each with how far its label holds. */
export async function describeLabels(
  read: ReadScores,
  facts: Facts,
  both: BothPooled,
  request: LabelRequest,
): Promise<SurveyLabelsJson> {
  const { kind, contrast, tau, perLayer } = request;
  const labels = pooledLabels(both, tau);
  const labelled = labels.flatMap((label, c) => (label === undefined ? [] : [c]));
  const inPairs = await shareOfPairs(read, facts, labels, labelled, request);
  const inDraws = shareOfDraws(both, labels, labelled, request);
  const [n, d] = [pooledEffects(both.noising), pooledEffects(both.denoising)];
  const strength = (c: number) => Math.max(Math.abs(n[c]!), Math.abs(d[c]!));
  const rows = labelled.map((c, k) => ({
    component: [Math.floor(c / perLayer), c % perLayer] as [number, number],
    label: labelName(labels[c]!, contrast),
    noising: n[c]!,
    denoising: d[c]!,
    same_in_pairs: inPairs.share[k]!,
    same_in_draws: inDraws[k]!,
  }));
  const order = labelled.map((_, k) => k).sort((a, b) => strength(labelled[b]!) - strength(labelled[a]!));
  const changed = (scale: number) => {
    const other = pooledLabels(both, tau * scale);
    return labels.filter((label, c) => label !== other[c]).length;
  };
  return {
    kind,
    pairs: inPairs.pairs,
    components: order.map((k) => rows[k]!),
    changed_at_half_tau: changed(0.5),
    changed_at_double_tau: changed(2),
  };
}

/** For each labelled component the share of pairs that give it the same label; pairs with a small D give none. */
async function shareOfPairs(
  read: ReadScores,
  facts: Facts,
  labels: Labels,
  labelled: readonly number[],
  { names, among, tau }: LabelRequest,
): Promise<{ readonly share: Float64Array; readonly pairs: number }> {
  const same = new Float64Array(labelled.length);
  let pairs = 0;
  for (const i of among) {
    const { logitMetric } = facts.pairs[i]!;
    if (isSmallD(logitMetric)) continue;
    pairs++;
    const n = normalisedEffects(await read(names.noising, i), logitMetric, 'noising');
    const d = normalisedEffects(await read(names.denoising, i), logitMetric, 'denoising');
    labelled.forEach((c, k) => {
      if (labelOf(n[c]!, d[c]!, tau) === labels[c]) same[k]!++;
    });
  }
  return { share: same.map((count) => count / pairs), pairs };
}

/** For each labelled component the share of draws of clusters that give it the same label. */
function shareOfDraws(
  { noising, denoising }: BothPooled,
  labels: Labels,
  labelled: readonly number[],
  { draws, seed, tau }: LabelRequest,
): Float64Array {
  const same = new Float64Array(labelled.length);
  const all = drawCounts(noising.d.length, draws, seed);
  for (const counts of all) {
    labelled.forEach((c, k) => {
      const drawn = labelOf(drawnEffect(noising, counts, c), drawnEffect(denoising, counts, c), tau);
      if (drawn === labels[c]) same[k]!++;
    });
  }
  return same.map((count) => count / all.length);
}
