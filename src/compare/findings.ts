/**
 * What a comparison found, in sentences: each with its numbers, and no more than they allow.
 */
import { greatest } from 'd3-array';
import { namedComponent } from '../plots/text.ts';
import type { ComponentAgreementJson, GainSideJson, LabelTableJson } from '../results/comparison-json.ts';
import type { Kind } from '../terms.ts';
import { counted, percent, ranged, real } from '../words.ts';
import type { Compared } from './analyse.ts';

const MOST = 8;

/** From the most to the least general, at most eight. */
export function findings(compared: Compared): string[] {
  return [
    different(compared),
    answered(compared),
    ...kindsOf(compared).flatMap((kind) => [...correlated(compared, kind), ...labelled(compared, kind)]),
    ...gained(compared),
    ...changed(compared),
    ...paired(compared),
    ...(compared.same_model ? [] : deep(compared)),
  ].slice(0, MOST);
}

function kindsOf({ components }: Compared): Kind[] {
  return [...new Set(components.map(({ kind }) => kind))];
}

/** What tells most of two surveys; the table has all. */
const TOLD = new Set([
  'model',
  'sha256',
  'shape',
  'weights',
  'task',
  'contrast',
  'metric',
  'methods',
  'tau',
  'seed',
]);

function different({ differences, shared, a, b }: Compared): string {
  // The sha256 of two models of two names tell nothing.
  const oneName = !differences.some(({ what }) => what === 'model');
  const told = differences.filter(({ what }) => TOLD.has(what) && (oneName || what !== 'sha256'));
  const list = told.map((one) => `${one.what} (${one.a} against ${one.b})`).join(', ');
  const what =
    told.length > 0
      ? `A and B differ in ${list}`
      : differences.length > 0
        ? `A and B differ in ${differences.map((one) => one.what).join(', ')}`
        : 'A and B differ in nothing that their files tell';
  return `${what}; of ${a.n} and ${b.n} pairs ${shared.pairs} are in both.`;
}

function answered({ answers, a, b, same_model }: Compared): string {
  const of = (quantity: string) => answers.find((row) => row.quantity === quantity)!;
  const [solved, d] = [of('solved'), of('D')];
  const apart = Number.isFinite(d.difference.value)
    ? `, a difference of ${ranged(d.difference)}`
    : ', in other units';
  const [one, two] = [percent(solved.a.value), percent(solved.b.value)];
  const solves = same_model
    ? `The model solves ${one} of A and ${two} of B`
    : `The model of A solves ${one} of its pairs, that of B ${two}`;
  return `${solves}; D is ${ranged(d.a)} and ${ranged(d.b)} on average${apart}, over ${a.clusters} and ${b.clusters} clusters.`;
}

function correlated({ components, a, b }: Compared, kind: Kind): string[] {
  const rows = components.filter((row) => row.kind === kind);
  const known = rows.filter(({ pearson }) => Number.isFinite(pearson.value));
  if (known.length === 0)
    return [
      `Pooled effects of ${kind} cannot be correlated: D is small, or nothing has an effect, in one of the two.`,
    ];
  const each = known.map((row) => `r = ${ranged(row.pearson)} in ${row.direction}${withoutText(row)}`);
  const sizes = known.map(({ direction, spearman_size: size }) => `${ranged(size)} in ${direction}`);
  const halves = known.map(
    ({ direction, reliability }) => `${real(reliability.a)} and ${real(reliability.b)} in ${direction}`,
  );
  return [
    `Over ${known[0]!.n} ${kind}, pooled effects of A and B correlate by Pearson’s ${each.join(' and ')} (n = ${a.pooled} and ${b.pooled} pairs, k = ${a.clusters} and ${b.clusters} clusters), their sizes by Spearman’s ${sizes.join(' and ')}; for Pearson’s, halves of each survey by itself give ${halves.join(', ')}${noisy(known)}; the overlap of what is highlighted is ${shares(known)}.`,
  ];
}

/** Pearson's r that changes by more than this without one component is decided by it. */
const DECIDES = 0.1;

function withoutText({ kind, pearson, without_largest: without }: ComponentAgreementJson): string {
  if (!without || !(Math.abs(pearson.value - without.pearson) > DECIDES)) return '';
  return ` (without ${namedComponent(kind, without.component)}: r = ${real(without.pearson)})`;
}

/** Draws add noise to both surveys: without a word an interval below its value would look like a mistake. */
function noisy(rows: readonly ComponentAgreementJson[]): string {
  return rows.some(({ pearson }) => pearson.value > pearson.high)
    ? ' (draws are noisier than the surveys, so intervals lie below)'
    : '';
}

function shares(rows: readonly ComponentAgreementJson[]): string {
  const each = rows.map(
    ({ direction, jaccard, jaccard_expected }) =>
      `${real(jaccard.value)} in ${direction} (by chance ${real(jaccard_expected)})`,
  );
  return each.join(', ');
}

function labelled({ labels }: Compared, kind: Kind): string[] {
  const found = labels.find((row) => row.kind === kind);
  if (!found) return [];
  const { a, b } = found.labelled;
  if (a === 0 && b === 0) return [`No ${kind} are labelled in either.`];
  return [
    `Of ${a} ${kind} labelled in A and ${b} in B, ${found.kept} have one label in both: ${keptText(found)}.`,
  ];
}

function keptText({ share, share_expected, kappa }: LabelTableJson): string {
  const each = (['a', 'b'] as const)
    .filter((side) => Number.isFinite(share[side].value))
    .map(
      (side) =>
        `${percent(share[side].value)} of ${side.toUpperCase()}’s (labels dealt at random: ${percent(share_expected[side])})`,
    );
  const chance = Number.isFinite(kappa.value) ? `; kappa = ${ranged(kappa)}` : '';
  return `${each.join(', ')}${chance}`;
}

/** The largest difference among those whose interval excludes 0; where none does, the largest of all, which says so. */
function changed({ changed: rows }: Compared): string[] {
  const all = rows.flatMap(({ kind, component, effects }) =>
    effects.map((effect) => ({ kind, component, ...effect })),
  );
  const clear = all.filter(({ difference: { low, high } }) => low > 0 || high < 0);
  const among = clear.length > 0 ? clear : all;
  const own = among.filter(({ kind }) => kind === among[0]!.kind);
  const most = greatest(own, ({ difference }) => Math.abs(difference.value));
  if (!most) return [];
  const { kind, component, direction, a, b, difference } = most;
  const none =
    clear.length === 0 && Number.isFinite(difference.low)
      ? `; no interval of the ${counted(rows.length, 'component')} that differ most excludes 0`
      : '';
  return [
    `Of ${kind}, ${namedComponent(kind, component)} changes most: e in ${direction} is ${ranged(a)} in A and ${ranged(b)} in B, a difference of ${ranged(difference)}${none}; it was picked for that, so the size is partly luck.`,
  ];
}

/** The row of one method with itself or another that differs most, among those that were tested. */
function paired({ paired: found }: Compared): string[] {
  const rows =
    found?.methods.filter(({ difference: { mean } }) => Number.isFinite(mean.value) && mean.value !== 0) ??
    [];
  if (!found || rows.length === 0) return [];
  const most = rows.reduce((best, row) =>
    Math.abs(row.difference.mean.value) > Math.abs(best.difference.mean.value) ? row : best,
  );
  const { method, kind, direction, agreement, difference } = most;
  const { n, clusters, mean, r, p_adjusted } = difference;
  const test = Number.isFinite(p_adjusted)
    ? `r = ${ranged(r)}, adjusted p = ${p_adjusted.toPrecision(2)}`
    : 'no test is possible';
  return [
    `On the ${n} pairs of both, agreement with exact patching differs most for ${kind} in ${direction}: ${real(agreement.a)} by ${method.a} in A, ${real(agreement.b)} by ${method.b} in B, a mean difference of ${ranged(mean)}, ${test}, k = ${clusters} clusters, ${counted(rows.length, 'row')} compared.`,
  ];
}

/** Heads before neurons: AND and OR together against matched controls. */
function gained({ gains }: Compared): string[] {
  const row = gains.find(
    ({ controls, labels, a, b }) => controls === 'matched' && labels.a.length > 1 && a.n > 0 && b.n > 0,
  );
  if (!row) return [];
  const { kind, direction, a, b, difference } = row;
  const verdict = difference.low > 0 || difference.high < 0 ? '' : ', which does not tell them apart';
  return [
    `Labelled ${kind} less matched controls, log gain in ${direction}: ${gainText(a)} in A and ${gainText(b)} in B, a difference of ${ranged(difference)}${verdict}.`,
  ];
}

function gainText({ mean, r, n, clusters, p_components: p }: GainSideJson): string {
  const components = Number.isFinite(p) ? `, p over components ${p.toPrecision(2)}` : '';
  return `${ranged(mean)} (r = ${ranged(r)}, n = ${n}, k = ${clusters}${components})`;
}

function deep({ depth }: Compared): string[] {
  const rows = depth.filter(({ centre }) => Number.isFinite(centre.a) && Number.isFinite(centre.b));
  if (rows.length === 0) return [];
  const each = rows.map(
    ({ kind, direction, centre }) => `${kind} in ${direction} ${real(centre.a)} and ${real(centre.b)}`,
  );
  return [
    `Effects lie in the depth of A and of B (0: start of the first layer, 1: end of the last; means weighted by |e|) at: ${each.join('; ')}.`,
  ];
}
