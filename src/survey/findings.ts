/**
 * What a survey found, in sentences: each with its numbers, and no more than they allow.
 */
import { labelsAmong, labelsText } from '../plots/palette.ts';
import { formatCount, formatNumber, namedComponent } from '../plots/text.ts';
import {
  approximateMethods,
  type DisagreementJson,
  type SurveyAgreementJson,
  type MethodComparisonJson,
  type SurveyDisagreementJson,
  type SurveyGainJson,
  type SurveyJson,
  type SurveySetJson,
} from '../results/survey-json.ts';
import { LEAST_CLUSTERS } from '../stats/clusters.ts';
import { type Contrast, type Direction, DIRECTIONS, type Kind } from '../terms.ts';
import { capital, counted, percent, real } from '../words.ts';

type Described = Omit<SurveyJson, 'findings' | 'phases'>;

/** Sentences about all valid pairs: how the model answers, labels, gains. */
export function findings(survey: Described): string[] {
  const all = survey.sets.find(({ set }) => set === 'all');
  if (!all) return [];
  return [
    answered(survey, all),
    ...labelled(all),
    ...gained(all, survey.task.contrast),
    ...survey.options.components.flatMap((kind) => [
      ...agreed(all, kind),
      ...disagreed(all, kind, survey.options.tau),
    ]),
  ];
}

function answered({ task }: Described, { answers }: SurveySetJson): string {
  const { n, clusters, accuracy, clean, corrupted, small_d } = answers;
  const about = `${task.name}, ${task.contrast}`;
  const one = clusters === 1 ? ' There is one cluster: no intervals.' : '';
  if (n === 1) {
    const small = small_d > 0 ? ' D is too small for labels.' : '';
    return `${about}: the model ${accuracy > 0 ? 'solves' : 'does not solve'} the one pair; F is ${real(clean)} on the clean prompt and ${real(corrupted)} on the corrupted one.${small}${one}`;
  }
  const small = small_d > 0 ? ` In ${counted(small_d, 'pair')} D is too small for labels of their own.` : '';
  return `${about}: the model solves ${percent(accuracy)} of ${counted(n, 'pair')}; F is ${real(clean)} on clean prompts and ${real(corrupted)} on corrupted ones, on average.${small}${one}`;
}

function labelled({ labels }: SurveySetJson): string[] {
  return labels.map(
    ({ kind, pairs, components, changed_at_half_tau: half, changed_at_double_tau: double }) => {
      if (components.length === 0) return `No ${kind} are labelled by pooled effects.`;
      const list = labelsAmong(components.map(({ label }) => label))
        .map((label) => `${components.filter((one) => one.label === label).length} ${labelsText([label])}`)
        .join(', ');
      const share = components.reduce((sum, one) => sum + one.same_in_pairs, 0) / components.length;
      const same = pairs > 1 ? `a single pair gives the same label in ${percent(share)} of cases, ` : '';
      return `Of ${kind}, ${list} by pooled effects; ${same}half and twice tau change ${half} and ${double} labels.`;
    },
  );
}

/** Drawn swaps come in both orders, and exchanging the prompts exchanges the directions. */
const ALIKE =
  ' Over swaps of both orders the two directions are alike by design, so this is expected; a removal can tell.';

/** The answer to the notebook's question: labelled components against matched controls. */
function gained({ answers, gains }: SurveySetJson, contrast: Contrast): string[] {
  const rows = gains.filter(({ controls, labels }) => controls === 'matched' && labels.length > 1);
  const without = rows.filter(({ labelled: count }) => count === 0);
  const kinds = [...new Set(without.map(({ kind }) => kind))];
  const none = kinds.map(
    (kind) =>
      `No ${kind} are ${labelsText(without[0]!.labels)} by the labels of the other clusters, so there is nothing to compare with controls.${contrast === 'swap' ? ALIKE : ''}`,
  );
  if (rows.length > 0 && answers.clusters === 1)
    return [
      'There is one cluster: labels that are compared with controls come from other clusters, so nothing can be compared.',
    ];
  const byStrengthOf = (row: SurveyGainJson) =>
    gains.find(
      ({ kind, direction, labels, controls }) =>
        kind === row.kind &&
        direction === row.direction &&
        labels.length > 1 &&
        controls === 'matched_unlabelled',
    );
  const told = rows.filter((row) => !without.includes(row));
  return [...told.map((row) => gainSentence(row, byStrengthOf(row))), ...none];
}

function gainSentence(row: SurveyGainJson, nearest: SurveyGainJson | undefined): string {
  const { kind, direction, n, clusters, labelled: count, matched, mean, low, high, p_adjusted } = row;
  const about = `${capital(direction)}, ${kind} (${labelsText(row.labels)})`;
  if (matched === 0)
    return `${about}: none of ${count} in all pairs has a matched control, so nothing can be compared.`;
  const over = `n = ${counted(n, 'pair')}, k = ${counted(clusters, 'cluster')}`;
  if (clusters < LEAST_CLUSTERS)
    return `${about}: log gains differ from those of matched controls by ${real(mean)}, ${over}: fewer than ${LEAST_CLUSTERS} clusters allow no test.`;
  const r = `r = ${real(row.r)} (95% interval ${real(row.r_low)} to ${real(row.r_high)})`;
  const verdict =
    p_adjusted < 0.05
      ? `act on others ${mean > 0 ? 'more' : 'less'} than matched controls do, for each unit of own change`
      : 'act on others neither more nor less than matched controls do, as far as these pairs tell';
  return `${about} ${verdict}: mean difference of log gains ${real(mean)} (${real(low)} to ${real(high)}), ${r}, ${over}, adjusted p = ${p2(p_adjusted)}. ${amongOthers(row, nearest)}`;
}

/** Whether it may be more than these few components: the test before it is over prompts alone. */
function amongOthers(row: SurveyGainJson, nearest: SurveyGainJson | undefined): string {
  const { kind, mean, p_adjusted, stand_ins: found } = row;
  const few = `nothing tells the label from these few ${kind}`;
  if (found === null)
    return `No set of other ${kind} of the same layers and own change can be made, so ${few}.`;
  const { sets, exceeds, p, smallest_p } = found;
  const among = `Among ${formatCount(sets)} sets of ${kind} of the same layers and own change`;
  if (smallest_p >= 0.05)
    return `${among} they cannot stand out (smallest attainable p ${p2(smallest_p)} over components), so ${few}.`;
  const ranked = `(p = ${p2(p)} over components)`;
  const isFound = p_adjusted < 0.05;
  if (p >= 0.05)
    return `${among} they do not stand out ${isFound ? `${ranked}, so ${few}` : `either ${ranked}`}.`;
  const isMore = 2 * exceeds > sets;
  const side = isMore ? 'more' : 'less';
  if (!isFound) return `${among} they act ${side} ${ranked}, but not on one prompt as on another.`;
  if (isMore !== mean > 0) return `${among} they act ${side} ${ranked}, the other way, so nothing follows.`;
  return `${among} they act ${side}, too ${ranked}. ${byStrength(row, nearest)}`;
}

/** Sets are not matched in strength, and what is labelled is strong: the third rule of controls looks at that. */
function byStrength({ kind }: SurveyGainJson, nearest: SurveyGainJson | undefined): string {
  const mend = 'Whether that is their label or their strength';
  if (!nearest || nearest.matched === 0)
    return `${mend} is open: none has a control among unlabelled ${kind} and ADDERs of its own change.`;
  const { mean, low, high, p_adjusted, n, clusters } = nearest;
  const p = clusters < LEAST_CLUSTERS ? 'no test' : `adjusted p = ${p2(p_adjusted)}`;
  return `${mend}, tells only a comparison with unlabelled ${kind} and ADDERs nearest in effect: ${real(mean)} (${real(low)} to ${real(high)}), n = ${counted(n, 'pair')}, ${p}.`;
}

function p2(p: number): string {
  return p.toPrecision(2);
}

/** The two methods with signs that agree best in each direction, and whether one does so beyond chance. */
function agreed({ agreement, comparisons }: SurveySetJson, kind: Kind): string[] {
  return DIRECTIONS.flatMap((direction) => {
    const [best, next] = agreement
      .filter((one) => one.kind === kind && one.direction === direction && one.signed)
      .filter(({ pearson }) => !Number.isNaN(pearson.mean))
      .toSorted((a, b) => b.pearson.mean - a.pearson.mean);
    if (!best) return [];
    const { pearson } = best;
    const limits = Number.isFinite(pearson.low) ? `${real(pearson.low)} to ${real(pearson.high)}, ` : '';
    const over = `${limits}n = ${counted(pearson.n, 'pair')}, k = ${counted(pearson.clusters, 'cluster')}`;
    const about = `${capital(kind)}, ${direction}: within a pair the scores of ${best.method} have a correlation of ${real(pearson.mean)} with those of exact patching (${over})`;
    const test =
      next &&
      comparisons.find((one) => one.kind === kind && isBetween(one, best.method, next.method, direction));
    return [`${about}${test ? `, ${againstWords(best, next!, test)}` : ''}.`];
  });
}

function isBetween(
  { first, second }: MethodComparisonJson,
  one: string,
  other: string,
  direction: Direction,
): boolean {
  const methods = [first.method, second.method];
  const within = first.direction === direction && second.direction === direction;
  return within && one !== other && methods.includes(one) && methods.includes(other);
}

/** Differences are the best less the next; they are of the pairs in which both have a correlation. */
function againstWords(
  best: SurveyAgreementJson,
  { method, pearson }: SurveyAgreementJson,
  { first, mean, r, clusters, p_adjusted }: MethodComparisonJson,
): string {
  const next = `those of ${method} ${real(pearson.mean)}`;
  if (Number.isNaN(r)) return `${next}: they do not differ in any cluster`;
  const sign = first.method === best.method ? 1 : -1;
  const size = `mean difference ${formatNumber(sign * mean, 2)}, r = ${real(sign * r)}`;
  if (clusters < LEAST_CLUSTERS)
    return `${next} (${size}): fewer than ${LEAST_CLUSTERS} clusters allow no test`;
  const less = sign * mean > 0 ? 'less' : 'yet more, pair by pair';
  const verdict = p_adjusted < 0.05 ? less : 'no less, as far as these pairs tell';
  return `${next}, ${verdict} (${size}, adjusted p = ${p2(p_adjusted)})`;
}

/**
 * Where the first method with signs is furthest off: a component for each direction in which a difference reaches tau, one
 * sentence for those in which none does.
 */
function disagreed(set: SurveySetJson, kind: Kind, tau: number): string[] {
  const own = set.disagreements.filter((one) => one.kind === kind);
  const first = approximateMethods(set).find((name) => own.some(({ method }) => method === name));
  const known = own.flatMap((one) =>
    one.method === first && one.largest ? [{ ...one, largest: one.largest }] : [],
  );
  const size = ({ largest }: Differing): number => Math.abs(largest.difference);
  const near = known.filter((one) => size(one) < tau).toSorted((a, b) => size(b) - size(a));
  return [...known.filter((one) => size(one) >= tau).map(farText), ...(near[0] ? [nearText(near, tau)] : [])];
}

type Differing = SurveyDisagreementJson & { readonly largest: DisagreementJson };

function farText({ kind, direction, method, largest, n, reach_tau: reach }: Differing): string {
  const { component, approximate, exact } = largest;
  return `${capital(kind)}, ${direction}: ${method} is furthest from exact patching on ${namedComponent(kind, component)} (pooled effect ${formatNumber(approximate)} against ${formatNumber(exact)}); ${reach} of ${n} differences reach tau.`;
}

function nearText(near: readonly Differing[], tau: number): string {
  const { kind, method, direction, largest } = near[0]!;
  const { component, approximate, exact } = largest;
  const directions = DIRECTIONS.filter((one) => near.some((row) => row.direction === one)).join(' and ');
  return `${capital(kind)}, ${directions}: no difference of pooled effects between ${method} and exact patching reaches tau = ${formatNumber(tau)} (largest: ${namedComponent(kind, component)}${near.length > 1 ? ` in ${direction}` : ''}, ${formatNumber(approximate)} against ${formatNumber(exact)}).`;
}
