/**
 * The section on pairs: who carries the effect, through whom, and who backs whom up. Every claim comes with its number,
 * and says no more than the definitions of via and interaction allow: parts overlap and do not add up.
 */
import { LABEL_STYLES } from '../../plots/palette.ts';
import { componentKey, componentName, countText, formatCount, formatNumber } from '../../plots/text.ts';
import type { ComponentPartnersJson, PartnerJson } from '../../results/partners-json.ts';
import { capital } from '../../words.ts';
import { definitionsHtml } from '../html/html.ts';
import { interactionSigns, meaningsOf, partnerText, RELATION_WORDS, signed } from './partner-words.ts';
import { labelsOf, type StudyView } from './view.ts';
import { type Direction, DIRECTIONS, type Kind, KINDS, type Relation, singular } from '../../terms.ts';

/** So many components have a sentence, in each of both lists. */
const SENTENCES = 12;
/** So many partners of one relation are named. */
const NAMED = 3;

/** The section, with its figures; empty for a study without pairs, or whose values are no effects. */
export function partnersHtml(view: StudyView, figures: string): string {
  const { partners, hidden_backups: hidden } = view.study;
  if (!partners || !hidden || view.asPublished) return '';
  const parts = view.normalised
    ? [strongestHtml(view, partners), hiddenHtml(view, hidden), figures, wordsHtml(view, partners, hidden)]
    : ['<p>D is small on this pair, so nothing is claimed from these numbers.</p>', figures];
  return [introHtml(view), ...parts].join('\n');
}

function introHtml({ study, directions }: StudyView): string {
  const runs = directions.length === 1 ? `In ${directions[0]}, every` : 'Every';
  const [, neurons] = /^heads\+neurons:(\d+)$/.exec(String(study.options.mediation)) ?? [];
  const which = neurons ? `all heads and the ${neurons} neurons that are strongest alone` : 'all heads';
  return `<p>Patching one component alone does not show how components work together. ${runs} pair among ${which} was therefore run as well, exactly, in two ways.</p>
<ul>
<li><strong>Via</strong>: the one is patched, and then once more while the other, in a later layer or later in the same one, is held at the value that it has without the patch. The difference is the part of the effect of the one that needs the other. Such parts overlap, since one part may need several components: they do not add up.</li>
<li><strong>Interaction</strong>: both are patched at once, and what each does alone is taken away. It is 0 where the two do not depend on each other. ${interactionSigns(study.pair.contrast)}</li>
</ul>`;
}

function strongestHtml(view: StudyView, partners: readonly ComponentPartnersJson[]): string {
  const { tau } = view;
  if (partners.length === 0)
    return `<p>No component that was paired has an effect of tau = ${formatNumber(tau)} alone.</p>`;
  const shown = partners.slice(0, SENTENCES);
  const labels = new Map(KINDS.map((kind) => [kind, labelsOf(view, kind)]));
  const which =
    shown.length < partners.length
      ? `the ${shown.length} strongest of the ${formatCount(partners.length)} components`
      : 'all components';
  const items = shown.map((entry) => {
    const label = labels.get(entry.kind)?.get(componentKey(entry.component));
    return `<li>${sentenceOf(entry, label ? LABEL_STYLES[label].name : undefined)}</li>`;
  });
  return `<h3>The strongest components and their partners</h3>
<p>Numbers are divided by D, so that 1 is the whole effect of the pair. Listed are ${which} whose effect alone reaches tau = ${formatNumber(tau)} in size, each with the partners that reach tau too. Where a word needs both directions, the number is the smaller one in size.</p>
<ul>${items.join('\n')}</ul>`;
}

/** "Head 9.6 (AND): alone, e = 0.62 in noising and 0.04 in denoising. In noising, +0.21 of it needs 10.0. ..." */
function sentenceOf(entry: ComponentPartnersJson, label: string | undefined): string {
  const { kind, component, effect, partners } = entry;
  const name = `<strong>${capital(singular(kind))} ${componentName(kind, component)}</strong>${label ? ` (${label})` : ''}`;
  const alone = DIRECTIONS.flatMap((direction) => {
    const e = effect[direction];
    return e === undefined ? [] : [`${effectText(e)} in ${direction}`];
  });
  const clauses = [
    ...DIRECTIONS.map((direction) => throughClause(partners, direction)),
    ...withClauses(partners),
  ];
  const rest = clauses.filter((clause) => clause !== '').map((clause) => `${capital(clause)}.`);
  const all = rest.length > 0 ? rest.join(' ') : 'No pair with it reaches tau.';
  return `${name}: alone, e = ${alone.join(' and ')}. ${all}`;
}

/** Three digits after the point, with a real minus sign and no minus zero. */
function effectText(e: number): string {
  return Number.isNaN(e)
    ? '–'
    : e
        .toFixed(3)
        .replace(/^-(?=0\.0+$)/, '')
        .replace('-', '−');
}

/** "in noising, +0.21 of it needs 10.0 and +0.10 needs 11.2" */
function throughClause(partners: readonly PartnerJson[], direction: Direction): string {
  const parts = partners
    .filter((partner) => partner.relation === 'acts_through' && partner.direction === direction)
    .slice(0, NAMED)
    .map(
      ({ kind, component, value }, i) =>
        `${signed(value)}${i === 0 ? ' of it' : ''} needs ${componentName(kind, component)}`,
    );
  return parts.length > 0 ? `in ${direction}, ${listed(parts)}` : '';
}

function withClauses(partners: readonly PartnerJson[]): string[] {
  const linked = new Set(partners.filter(isVia).map((partner) => `${nameOf(partner)} ${partner.direction}`));
  const isChain = (partner: PartnerJson): boolean =>
    DIRECTIONS.some(
      (d) => linked.has(`${nameOf(partner)} ${d}`) && (partner.relation === 'overlaps' || isLess(partner, d)),
    );
  const relations = [...new Set(partners.map(({ relation }) => relation))].filter(
    (name) => name !== 'acts_through',
  );
  return relations.map((relation) => {
    // That one of the two acts through the other says it better.
    const kept = partners.filter((partner) => partner.relation === relation && !isChain(partner));
    if (kept.length === 0) return '';
    const names = kept.slice(0, NAMED).map((partner) => `${partnerText(partner)}${viaText(partner)}`);
    return `${RELATION_WORDS[relation]} ${listed(kept.length > NAMED ? [...names, 'others'] : names)}`;
  });
}

const isVia = ({ relation }: PartnerJson): boolean => relation === 'acts_through' || relation === 'carries';
/** Whether the two do less than the sum of both alone in this direction, and nothing else is claimed: a chain does so. */
const isLess = ({ relation, direction }: PartnerJson, at: Direction): boolean =>
  direction === at &&
  (relation === 'less_together' || relation === (at === 'noising' ? 'needs' : 'redundant_with'));
const nameOf = ({ kind, component }: PartnerJson): string => componentName(kind, component);

/** How much a backup takes from the effect of what it backs up. */
function viaText({ via }: PartnerJson): string {
  return via === undefined ? '' : ` (via ${signed(via)})`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

const BACKUPS: readonly Relation[] = ['backs_up', 'compensates'];

function hiddenHtml(view: StudyView, hidden: readonly ComponentPartnersJson[]): string {
  const title = '<h3>Seen in pairs only: hidden backups</h3>';
  if (view.directions.length < DIRECTIONS.length)
    return `${title}\n<p>This needs both directions, and only one was run.</p>`;
  if (hidden.length === 0)
    return `${title}\n<p>None: of the components that were paired, each that stays below tau alone in both directions stays below it in every pair too.</p>`;
  const backups = hidden.filter(({ partners }) =>
    partners.some(({ relation }) => BACKUPS.includes(relation)),
  );
  const items = hidden.slice(0, SENTENCES).map((entry) => `<li>${sentenceOf(entry, undefined)}</li>`);
  const kinds = KINDS.map((kind) => countOf(hidden, kind)).filter((text) => text !== '');
  return `${title}
<p>Patched alone, each of these stays below tau in both directions, so that no single score shows it; some pair does. There ${hidden.length === 1 ? 'is' : 'are'} ${listed(kinds)} of this form; those that answer to the patch of another component as a backup does: ${formatCount(backups.length)}.${hidden.length > SENTENCES ? ` The ${SENTENCES} with the strongest pairs:` : ''}</p>
<ul>${items.join('\n')}</ul>`;
}

function countOf(entries: readonly ComponentPartnersJson[], kind: Kind): string {
  const count = entries.filter((entry) => entry.kind === kind).length;
  return count === 0 ? '' : countText(count, kind);
}

/** Words that make no use of AND and OR. */
const NEUTRAL: readonly Relation[] = [
  'more_in_denoising',
  'more_in_noising',
  'more_together',
  'less_together',
];

/** The words that occur in the sentences above, each with its meaning. */
function wordsHtml({ study }: StudyView, ...lists: readonly (readonly ComponentPartnersJson[])[]): string {
  const used = lists.flatMap((list) =>
    list.slice(0, SENTENCES).flatMap(({ partners }) => partners.map(({ relation }) => relation)),
  );
  const meanings = meaningsOf(used).map(([word, text]) => [capital(word), text] as const);
  if (meanings.length === 0) return '';
  const why =
    study.pair.contrast === 'removal' && used.some((relation) => NEUTRAL.includes(relation))
      ? '<p>AND and OR are said of components that work for the answer. Where one of the two works against it, by tau or more in some direction, a sum of effects is all that the words speak of: more together, less together.</p>\n'
      : '';
  return `<h3>What the words mean</h3>\n${why}${definitionsHtml(meanings)}`;
}
