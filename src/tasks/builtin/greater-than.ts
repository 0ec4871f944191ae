import { pairsAbove, tensAbove, TWO_DIGITS } from '../digits.ts';
import type { Filler, TaskSpec, TemplateSpec } from '../spec.ts';
import { lines, words } from './words.ts';

/** `YEAR` is the first year: a century and two digits. */
const SENTENCES = lines(`
  The {events.1} lasted from the year YEAR to the year {centuries.1}
  The {events.1} went on from YEAR to {centuries.1}
  The {events.1} began in YEAR and ended in {centuries.1}
  The {events.1} started in the year YEAR and was over in {centuries.1}
  The {events.1} continued from YEAR until {centuries.1}
  It is known that the {events.1} ran from YEAR to {centuries.1}
  In YEAR the {events.1} began, and it ended in {centuries.1}
  The {events.1} began in the year YEAR and lasted until {centuries.1}
  In the year YEAR the {events.1} started, and it was over in {centuries.1}
  It is known that the {events.1} went on from the year YEAR to {centuries.1}`);

/**
 * The corrupted first year: nearly every later year lies above it. The field's files take 01; 02 does the same, and the
 * embedded model has read it as a first year.
 */
const EARLY = '02';

const TEMPLATES: readonly TemplateSpec[] = SENTENCES.map((sentence) => {
  const year = (digits: string) => sentence.replace('YEAR', `{centuries.1}${digits}`);
  return {
    name: sentence.replaceAll(/\{(?:(event)s|centuries)\.1\}/g, (_, event: string) =>
      event ? '(event)' : 'CC',
    ),
    clean: year('{years.1.digits}'),
    corrupted: year('{early.1}'),
    answer: '{years.1.above}',
    wrong: '{years.1.others}',
  };
});

const LISTS = {
  events: words(`
    war siege reign project strike conflict journey expedition festival famine flood drought rebellion voyage campaign
    crisis plague peace contract career tour revolution debate trial study boom search occupation feud crusade`),
  centuries: words('10 11 12 13 14 15 16 17 18 19'),
  early: [EARLY],
};

export const GREATER_THAN: TaskSpec = {
  name: 'greater_than',
  title: 'Greater than',
  about:
    'Something lasts from a year to a later one of the same century. The answers are the two-digit tokens above the first ' +
    `year’s, the wrong ones all others. In the corrupted prompt the first year ends in ${EARLY}.`,
  metric: 'greater_than',
  digits: 'pairs',
  templates: { removal: TEMPLATES },
  fillers: {
    ...LISTS,
    years: TWO_DIGITS.slice(3, 98).map((digits): Filler => ({ digits, ...pairsAbove(digits) })),
  },
};

export const GREATER_THAN_TENS: TaskSpec = {
  name: 'greater_than_tens',
  title: 'Greater than, tens digit',
  about:
    'Greater than for tokenizers that split numbers into digits: the answers are the digits above the first year’s tens ' +
    'digit, the wrong ones those below it. The digit itself is on neither side, since the same decade may hold a later year.',
  metric: 'greater_than',
  digits: 'single',
  templates: { removal: TEMPLATES },
  fillers: {
    ...LISTS,
    years: TWO_DIGITS.slice(10, 90).map((digits): Filler => ({ digits, ...tensAbove(digits) })),
  },
};
