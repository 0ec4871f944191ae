import type { TaskSpec, TemplateSpec } from '../spec.ts';
import { FEMALE_NAMES, lines, MALE_NAMES, PLACES } from './words.ts';

/** `GIVER` is one of the first two names: the second gives, so the first receives, or the other way round. */
const SENTENCES = lines(`
  When A and B went to the {places.1}, GIVER gave {things.1} to
  After A and B went to the {places.1}, GIVER gave {things.1} to
  When A and B got to the {places.1}, GIVER handed {things.1} to
  While A and B were at the {places.1}, GIVER showed {things.1} to
  Then A and B went to the {places.1}, and GIVER gave {things.1} to
  Then A and B walked to the {places.1}. There GIVER offered {things.1} to
  As soon as A and B came to the {places.1}, GIVER passed {things.1} to
  Yesterday A and B met at the {places.1}, where GIVER lent {things.1} to
  Last week A and B were working at the {places.1}, and GIVER sold {things.1} to
  Friends A and B found {things.1} at the {places.1}. In the end GIVER gave it to
  The {places.1} was quiet when A and B arrived, so GIVER gave {things.1} to
  Before A and B left the {places.1}, GIVER returned {things.1} to
  While A and B walked to the {places.1}, GIVER gave {things.1} to
  Today A and B stayed at the {places.1}. Then GIVER passed {things.1} to`);

/** The first or the second of the two names receives; in the corrupted prompt `other` gives. */
function template(sentence: string, receiver: 1 | 2, other: string): TemplateSpec {
  const giver = receiver === 1 ? 2 : 1;
  const filled = (who: string) =>
    sentence.replace('A and B', '{names.1} and {names.2}').replace('GIVER', who);
  return {
    name: sentence.replaceAll(/\{(\w+)s\.1\}/g, '($1)').replace('GIVER', '(giver)'),
    clean: filled(`{names.${giver}}`),
    corrupted: filled(other),
    answer: ` {names.${receiver}}`,
    wrong: ` {names.${giver}}`,
  };
}

export const IOI: TaskSpec = {
  name: 'ioi',
  title: 'Indirect object identification',
  about:
    'Two people are named, one of them gives something: the sentence goes on with the other. In a swap the other one ' +
    'gives, so the answers change places; in a removal a third person gives, so that both are as likely.',
  metric: 'logit_difference',
  templates: {
    swap: SENTENCES.flatMap((sentence) => [
      template(sentence, 1, '{names.1}'),
      template(sentence, 2, '{names.2}'),
    ]),
    removal: SENTENCES.flatMap((sentence) => [
      template(sentence, 1, '{names.3}'),
      template(sentence, 2, '{names.3}'),
    ]),
  },
  fillers: {
    names: [...MALE_NAMES, ...FEMALE_NAMES],
    places: PLACES,
    things: lines(`
      a bottle of milk
      a drink
      a book
      a letter
      a ring
      a ball
      a basket
      a computer
      a bag of apples
      a cup of tea
      a kiss
      a necklace
      a snack
      the newspaper
      the keys
      the money
      a bunch of flowers
      a piece of cake
      an umbrella
      a ticket
      a picture
      the map
      a box of chocolate
      a glass of water`),
  },
};
