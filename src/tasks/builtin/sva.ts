import type { Filler, TaskSpec, TemplateSpec } from '../spec.ts';
import { lines } from './words.ts';

const SENTENCES = lines(`
  The SUBJECT to the OTHER
  The SUBJECT near the OTHER
  The SUBJECT behind the OTHER
  The SUBJECT of the OTHER
  The SUBJECT next to the OTHER
  I know that the SUBJECT near the OTHER
  Every day the SUBJECT from the OTHER
  I know that the SUBJECT behind the OTHER
  Every day the SUBJECT with the OTHER
  We think that the SUBJECT to the OTHER`);

const NUMBERS = ['singular', 'plural'] as const;
type GrammaticalNumber = (typeof NUMBERS)[number];
const OTHER = { singular: 'plural', plural: 'singular' } as const;

/** The subject has this number, the noun beside it the other's or its own. */
function template(sentence: string, subject: GrammaticalNumber, beside: GrammaticalNumber): TemplateSpec {
  const filled = (number: GrammaticalNumber) =>
    sentence.replace('SUBJECT', `{nouns.1.${number}}`).replace('OTHER', `{nouns.2.${beside}}`);
  return {
    name: sentence.replace('SUBJECT', '(subject)').replace('OTHER', '(noun)'),
    clean: filled(subject),
    corrupted: filled(OTHER[subject]),
    answer: `{verbs.1.${subject}}`,
    wrong: `{verbs.1.${OTHER[subject]}}`,
  };
}

/** Both forms of ten verbs: two lists of equal length without a common word. */
export const VERBS = {
  singular: [' is', ' was', ' looks', ' seems', ' has', ' needs', ' makes', ' stands', ' belongs', ' does'],
  plural: [' are', ' were', ' look', ' seem', ' have', ' need', ' make', ' stand', ' belong', ' do'],
} as const;

const NOUNS = `
  key keys, cabinet cabinets, door doors, table tables, chair chairs, window windows, wall walls, lamp lamps, road roads,
  street streets, village villages, town towns, field fields, hill hills, mountain mountains, lake lakes, island islands,
  ship ships, boat boats, engine engines, wheel wheels, machine machines, clock clocks, mirror mirrors, picture pictures,
  painting paintings, poster posters, report reports, story stories, letter letters, paper papers, pencil pencils,
  box boxes, bag bags, bottle bottles, cup cups, plate plates, coat coats, shoe shoes, hat hats, manager managers,
  worker workers, officer officers, child children, boy boys, girl girls, man men, woman women, king kings, queen queens,
  author authors, singer singers, judge judges, cousin cousins, shop shops, tower towers, gate gates, fence fences,
  roof roofs, stone stones`;

export const SVA: TaskSpec = {
  name: 'sva',
  title: 'Subject-verb agreement',
  about:
    'Whether the verb agrees with the subject, beside a second noun that may have the other number. The answers are the ' +
    'forms of ten verbs in the subject’s number, the wrong ones those of the other number; in the corrupted prompt the ' +
    'subject has the other number.',
  metric: 'agreement',
  templates: {
    swap: SENTENCES.flatMap((sentence) =>
      NUMBERS.flatMap((subject) => NUMBERS.map((beside) => template(sentence, subject, beside))),
    ),
  },
  fillers: {
    nouns: NOUNS.trim()
      .split(/,\s+/)
      .map((pair): Filler => {
        const [singular = '', plural = ''] = pair.split(' ');
        return { singular, plural };
      }),
    verbs: [VERBS],
  },
};
