/**
 * The notebook's question, answered in sentences: do labelled components act on others more than controls, is it so on
 * other prompts, and is it the label?
 */
import { labelsText } from '../plots/palette.ts';
import { formatCount } from '../plots/text.ts';
import type { SurveyGainJson, SurveySetJson } from '../results/survey-json.ts';
import { LEAST_CLUSTERS } from '../stats/clusters.ts';
import type { Contrast } from '../terms.ts';
import { capital, counted, real } from '../words.ts';

/** Drawn swaps come in both orders, and exchanging the prompts exchanges the directions. */
const ALIKE =
  ' Over swaps of both orders the two directions are alike by design, so this is expected; a removal can tell.';

/** The answer to the notebook's question: labelled components against matched controls. */
export function gained({ answers, gains }: SurveySetJson, contrast: Contrast): string[] {
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
  const reach = `${matched} of ${count} labelled ${kind} in all pairs have a matched control`;
  if (clusters < LEAST_CLUSTERS)
    return `${about}: log gains differ from those of matched controls by ${real(mean)}, ${over}; ${reach}. Fewer than ${LEAST_CLUSTERS} clusters allow no test.`;
  const r = `r = ${real(row.r)} (95% interval ${real(row.r_low)} to ${real(row.r_high)})`;
  const verdict =
    p_adjusted < 0.05
      ? `act on others ${mean > 0 ? 'more' : 'less'} than matched controls do, for each unit of own change`
      : 'act on others neither more nor less than matched controls do, as far as these pairs tell';
  const isNarrow = p_adjusted >= 0.05 && (low > 0 || high < 0);
  const narrow = isNarrow ? `, whose interval is too narrow for ${clusters} clusters` : '';
  return `${about} ${verdict}: mean difference of log gains ${real(mean)} (${real(low)} to ${real(high)})${narrow}, ${r}, ${over}, adjusted p = ${p2(p_adjusted)}; ${reach}. ${amongOthers(row, nearest)}`;
}

/** Whether it may be more than these few components: the test before it is over prompts alone. */
function amongOthers(row: SurveyGainJson, nearest: SurveyGainJson | undefined): string {
  const { kind, mean, p_adjusted, stand_ins: found } = row;
  const few = `nothing tells the label from these few ${kind}`;
  if (found === null)
    return `No set of other ${kind} of the same layers and own change can be made, so ${few}.`;
  const { components, sets, exceeds, p, smallest_p } = found;
  const exchanged = components === 1 ? `one of these ${kind} is` : `${components} of these ${kind} are`;
  const among = `Among ${formatCount(sets)} sets in which ${exchanged} exchanged for others of their layers and own change`;
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
