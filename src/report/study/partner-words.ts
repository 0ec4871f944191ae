/** Words for how components stand to each other, for the page and the terminal. */
import { componentName, formatNumber } from '../../plots/text.ts';
import type { PartnerJson } from '../../results/partners-json.ts';
import type { Contrast, Relation } from '../../terms.ts';

/** What comes before the partner's name. */
export const RELATION_WORDS: Readonly<Record<Relation, string>> = {
  and: 'AND with',
  or: 'OR with',
  backed_up_by: 'backed up by',
  backs_up: 'backs up',
  needs: 'needs',
  redundant_with: 'redundant with',
  more_in_denoising: 'more together in denoising with',
  more_in_noising: 'more together in noising with',
  compensated_by: 'compensated by',
  compensates: 'compensates',
  more_together: 'more together with',
  less_together: 'less together with',
  overlaps: 'overlaps with',
  reinforces: 'reinforces',
  acts_through: 'acts through',
  carries: 'carries part of the effect of',
};

/** Relations that tell of one direction alone: which one is to be said. */
const ONE_SIDED: readonly Relation[] = [
  'needs',
  'redundant_with',
  'more_together',
  'less_together',
  'compensated_by',
  'compensates',
  'acts_through',
  'carries',
];

/** Relations whose sign would be read against their words: they say "interaction" before the number. */
const BY_INTERACTION: readonly Relation[] = [
  'more_in_denoising',
  'more_in_noising',
  'more_together',
  'less_together',
  'overlaps',
  'reinforces',
];

/** "+0.31", "−0.18": two digits after the point, or two significant ones, with its sign. */
export function signed(value: number): string {
  const size = Math.abs(value);
  const text = size < 0.01 ? formatNumber(size, 2) : size.toFixed(2);
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** "10.2: −0.18" or "10.2 (interaction −0.18)", with the direction where the relation tells of one alone. */
export function partnerText(partner: PartnerJson): string {
  const direction = ONE_SIDED.includes(partner.relation) ? ` in ${partner.direction}` : '';
  const name = componentName(partner.kind, partner.component);
  const number = `${signed(partner.value)}${direction}`;
  return BY_INTERACTION.includes(partner.relation) ? `${name} (interaction ${number})` : `${name}: ${number}`;
}

const EXCHANGE =
  'Which of the two directions this is depends, on a swap pair, on which prompt one calls clean.';
const ABOVE = 'the effect of both together lies above the sum of what each does alone';
const BELOW = 'the effect of both together lies below the sum of what each does alone';
const EITHER = 'in the direction that is named; the other shows less than tau, or was not run';

/** What each word means; `acts_through` and `carries` share theirs. */
const MEANINGS: Readonly<Record<Relation, string>> = {
  and: 'Above 0 in both directions. Once one is broken, breaking the other costs less than it does alone; restoring both brings back more than the two restored alone.',
  or: 'Below 0 in both directions. Breaking both costs more than the two broken alone; once one is restored, restoring the other brings back less than it does alone.',
  backed_up_by:
    'Below 0 in noising and below tau in size in denoising: breaking both costs more than the two broken alone. Besides, the later component, the backup, answers to the patch of the earlier one in such a way that the patch has less effect.',
  backs_up: '',
  needs: `Above 0 ${EITHER}: without the one, the other does less than it does alone. An AND looks like this, and so may a chain, in which one acts through the other.`,
  redundant_with: `Below 0 ${EITHER}: a part of what the one does is done by the other too. An OR looks like this, and so may a backup or a chain.`,
  more_in_denoising: `In denoising ${ABOVE}, in noising below it. ${EXCHANGE}`,
  more_in_noising: `In noising ${ABOVE}, in denoising below it. ${EXCHANGE}`,
  compensated_by: `In the direction that is named ${ABOVE}; in the other the interaction is below tau. Besides, the later component answers to the patch of the earlier one in such a way that the patch has less effect.`,
  compensates: '',
  more_together: `Here ${ABOVE} ${EITHER}.`,
  less_together: `Here ${BELOW} ${EITHER}.`,
  overlaps: `In both directions ${BELOW}, as where one acts through the other.`,
  reinforces: `In both directions ${ABOVE}.`,
  acts_through:
    'A part of the effect of the earlier component, of the same sign as its effect, needs the later one: held at the value it has without the patch, the later one lets that part of the effect vanish.',
  carries: '',
};

/** The meanings of a relation and of its inverse stand under one word. */
const STANDS_FOR: Partial<Record<Relation, Relation>> = {
  backs_up: 'backed_up_by',
  compensates: 'compensated_by',
  carries: 'acts_through',
};

/** The words that are used, each with its meaning, in reading order. */
export function meaningsOf(used: readonly Relation[]): [string, string][] {
  const wanted = new Set(used.map((relation) => STANDS_FOR[relation] ?? relation));
  return (Object.keys(RELATION_WORDS) as Relation[])
    .filter((relation) => wanted.has(relation))
    .map((relation) => {
      const others = Object.entries(STANDS_FOR).filter(([, stands]) => stands === relation);
      const words = [relation, ...others.map(([name]) => name as Relation)];
      return [words.map((name) => RELATION_WORDS[name]).join(', '), MEANINGS[relation]];
    });
}

/** How signs of an interaction are to be read. */
export function interactionSigns(contrast: Contrast): string {
  return contrast === 'swap'
    ? `Above 0 it means that in denoising ${ABOVE}, and in noising below it; below 0 it is the other way round.`
    : 'Above 0 it means in noising that breaking both costs less than the two broken alone, and in denoising that restoring both brings back more than the two restored alone; below 0 it is the other way round.';
}
