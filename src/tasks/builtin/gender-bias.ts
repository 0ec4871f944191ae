import type { TaskSpec, TemplateSpec } from '../spec.ts';
import { FEMALE_NAMES, lines, MALE_NAMES, PLACES, words } from './words.ts';

/** `WHO` is "the nurse" or a name. */
const SENTENCES = lines(`
  WHO said that
  WHO left early because
  WHO thought that
  WHO told us that
  Everybody liked WHO because
  When WHO came home,
  After WHO came home,
  We asked WHO whether
  WHO at the {places.1} said that
  At the {places.1} WHO knew that
  Yesterday WHO said that`);

const ANSWERS = { women: ' she', men: ' he' };
const OTHER = { women: 'men', men: 'women' } as const;

/** `women` and `men` are lists of nouns; with `names` lists of names. */
function template(
  sentence: string,
  kind: 'nouns' | 'names',
  list: 'women' | 'men',
  corrupted: string,
): TemplateSpec {
  const who = (filler: string) => {
    const text = sentence.replace('WHO', kind === 'nouns' ? `the ${filler}` : filler);
    return text[0]!.toUpperCase() + text.slice(1);
  };
  return {
    name: sentence.replace('{places.1}', '(place)').replace('WHO', '(who)'),
    clean: who(`{${list}_${kind}.1}`),
    corrupted: who(corrupted),
    answer: ANSWERS[list],
    wrong: ANSWERS[OTHER[list]],
  };
}

const SIDES = ['women', 'men'] as const;

export const GENDER_BIAS: TaskSpec = {
  name: 'gender_bias',
  title: 'Gender information',
  about:
    'Which pronoun follows a noun or a name: it measures what the model takes from it about gender, be it meaning ' +
    '("aunt"), a name, or a stereotype ("nurse"). A difference is no verdict on bias by itself. In a swap the person is one ' +
    'of the other gender, in a removal a noun that leans to neither side.',
  metric: 'logit_difference',
  templates: {
    swap: SENTENCES.flatMap((sentence) =>
      SIDES.flatMap((list) => [
        template(sentence, 'nouns', list, `{${OTHER[list]}_nouns.1}`),
        ...(sentence.startsWith('WHO')
          ? []
          : [template(sentence, 'names', list, `{${OTHER[list]}_names.1}`)]),
      ]),
    ),
    removal: SENTENCES.flatMap((sentence) =>
      SIDES.map((list) => template(sentence, 'nouns', list, '{people.1}')),
    ),
  },
  fillers: {
    women_nouns: words(`
      nurse secretary dancer teacher librarian nanny maid hairdresser housekeeper receptionist florist babysitter cleaner
      midwife typist stylist cashier woman girl mother daughter sister queen aunt lady`),
    men_nouns: words(`
      doctor engineer plumber carpenter soldier pilot mechanic farmer lawyer boss builder driver butcher sailor miner guard
      banker captain hunter smith man boy father son brother king uncle gentleman`),
    people: words('student neighbour guest writer friend patient customer artist visitor reader'),
    women_names: FEMALE_NAMES,
    men_names: MALE_NAMES,
    places: PLACES,
  },
};
