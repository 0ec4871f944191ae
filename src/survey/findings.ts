/**
 * What a survey found, in sentences: each with its numbers, and no more than they allow.
 */
import { labelsAmong, labelsText } from '../plots/palette.ts';
import { formatNumber, namedComponent } from '../plots/text.ts';
import {
  type DisagreementJson,
  type SurveyAgreementJson,
  type MethodComparisonJson,
  type SurveyDisagreementJson,
  type SurveyJson,
  type SurveySetJson,
} from '../results/survey-json.ts';
import { LEAST_CLUSTERS } from '../stats/clusters.ts';
import { type Direction, DIRECTIONS, type Kind } from '../terms.ts';
import { capital, counted, percent, real } from '../words.ts';
import { gained } from './gain-findings.ts';

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
    const about = `${capital(kind)}, ${direction}: within a pair the scores of ${best.method} have a correlation of ${real(pearson.mean)} with those of exact patching (${over})${scale(best)}`;
    const test =
      next &&
      comparisons.find((one) => one.kind === kind && isBetween(one, best.method, next.method, direction));
    return [`${about}${test ? `, ${againstWords(best, next!, test)}` : ''}.`];
  });
}

/** A correlation does not see a scale: the calibration does. */
function scale({ slope }: SurveyAgreementJson): string {
  return Number.isFinite(slope?.mean) ? `, which are ${real(slope!.mean)} times as large` : '';
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
  return `${next}, ${verdict} (${size}, adjusted p = ${p_adjusted.toPrecision(2)})`;
}

/**
 * Which method with signs is furthest off, and where: for each direction in which a difference reaches tau, one sentence for
 * those in which none does.
 */
function disagreed(set: SurveySetJson, kind: Kind, tau: number): string[] {
  const size = ({ largest }: Differing): number => Math.abs(largest.difference);
  const known = set.disagreements
    .flatMap((one) => (one.kind === kind && one.largest ? [{ ...one, largest: one.largest }] : []))
    .toSorted((a, b) => size(b) - size(a));
  const [far, near] = [known.filter((one) => size(one) >= tau), known.filter((one) => size(one) < tau)];
  const isFar = (direction: Direction) => far.some((one) => one.direction === direction);
  const told = DIRECTIONS.filter(isFar).map((direction) =>
    farText(known.filter((one) => one.direction === direction)),
  );
  const quiet = near.filter(({ direction }) => !isFar(direction));
  return [...told, ...(quiet[0] ? [nearText(quiet, tau)] : [])];
}

type Differing = SurveyDisagreementJson & { readonly largest: DisagreementJson };

/** Methods of one direction, the furthest first. */
function farText([furthest, ...others]: readonly Differing[]): string {
  const { kind, direction, method, largest, n, reach_tau: reach } = furthest!;
  const { component, approximate, exact } = largest;
  const rest = others.map((one) => `, of ${one.method} ${one.reach_tau}`).join('');
  const among = others.length > 0 ? 'of all methods ' : '';
  return `${capital(kind)}, ${direction}: ${among}${method} is furthest from exact patching, on ${namedComponent(kind, component)} (pooled effect ${formatNumber(approximate)} against ${formatNumber(exact)}); ${reach} of its ${n} differences reach tau${rest}.`;
}

function nearText(near: readonly Differing[], tau: number): string {
  const { kind, method, direction, largest } = near[0]!;
  const { component, approximate, exact } = largest;
  const directions = DIRECTIONS.filter((one) => near.some((row) => row.direction === one));
  const isAlone = near.every((one) => one.method === method);
  const who = isAlone ? method : 'any method';
  const by = [...(isAlone ? [] : [` by ${method}`]), ...(directions.length > 1 ? [` in ${direction}`] : [])];
  return `${capital(kind)}, ${directions.join(' and ')}: no difference of pooled effects between ${who} and exact patching reaches tau = ${formatNumber(tau)} (largest: ${namedComponent(kind, component)}${by.join('')}, ${formatNumber(approximate)} against ${formatNumber(exact)}).`;
}
