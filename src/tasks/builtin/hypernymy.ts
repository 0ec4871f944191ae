import type { Filler, TaskSpec, TemplateSpec } from '../spec.ts';
import { lines } from './words.ts';

/** ONE: "a sparrow" or "iron". MANY: "sparrows" or "iron". */
const SENTENCES = lines(`
  I think that ONE is a kind of
  Everyone knows that ONE is a type of
  She said that ONE is some sort of
  Everyone knows that ONE is a kind of
  She said that ONE is a type of
  She likes MANY and other
  The book is about MANY and other
  They sell MANY and many other
  We saw MANY and many other`);

/** Category and its plural, then its members: singular and plural, or one form of what is not counted. */
const CATEGORIES = lines(`
  bird birds: sparrow sparrows, robin robins, eagle eagles, swan swans, owl owls, raven ravens, pigeon pigeons, duck ducks, hawk hawks, parrot parrots
  flower flowers: rose roses, tulip tulips, lily lilies, daisy daisies, violet violets, poppy poppies, orchid orchids, sunflower sunflowers
  tree trees: oak oaks, pine pines, birch birches, maple maples, willow willows, elm elms, cedar cedars, palm palms
  fruit fruits: apple apples, pear pears, banana bananas, cherry cherries, plum plums, peach peaches, grape grapes, lemon lemons
  vegetable vegetables: carrot carrots, onion onions, potato potatoes, cabbage cabbages, turnip turnips, radish radishes, cucumber cucumbers, pumpkin pumpkins
  tool tools: hammer hammers, saw saws, drill drills, chisel chisels, shovel shovels, axe axes, rake rakes, wrench wrenches
  instrument instruments: piano pianos, violin violins, flute flutes, drum drums, guitar guitars, trumpet trumpets, harp harps, cello cellos
  vehicle vehicles: car cars, truck trucks, bus buses, tractor tractors, bicycle bicycles, van vans, tram trams, wagon wagons
  insect insects: bee bees, ant ants, fly flies, beetle beetles, wasp wasps, moth moths, cricket crickets, butterfly butterflies
  gem gems: diamond diamonds, ruby rubies, emerald emeralds, sapphire sapphires, pearl pearls, opal opals
  garment garments: shirt shirts, jacket jackets, skirt skirts, dress dresses, sweater sweaters, scarf scarves, glove gloves, sock socks
  weapon weapons: sword swords, spear spears, bow bows, dagger daggers, rifle rifles, cannon cannons
  metal metals: iron, copper, silver, gold, tin, zinc, lead, nickel
  sport sports: tennis, football, hockey, golf, rugby, boxing, rowing, baseball
  drink drinks: coffee, tea, beer, wine, juice, cider, cocoa, lemonade`);

function members(line: string): Filler[] {
  const [category = '', list = ''] = line.split(': ');
  const answers = category.split(' ').map((word) => ` ${word}`);
  return list.split(', ').map((member) => {
    const [singular = '', plural] = member.split(' ');
    const article = /^[aeiou]/.test(singular) ? 'an' : 'a';
    return {
      one: plural === undefined ? singular : `${article} ${singular}`,
      many: plural ?? singular,
      answers,
    };
  });
}

function template(sentence: string): TemplateSpec {
  const filled = (k: number) =>
    sentence.replace('ONE', `{members.${k}.one}`).replace('MANY', `{members.${k}.many}`);
  return {
    name: sentence.replace(/ONE|MANY/, (word) => `(${word.toLowerCase()})`),
    clean: filled(1),
    corrupted: filled(2),
    answer: '{members.1.answers}',
    wrong: '{members.2.answers}',
  };
}

export const HYPERNYMY: TaskSpec = {
  name: 'hypernymy',
  title: 'Hypernymy',
  about:
    'To which category a thing belongs. The answers are the category’s name in singular and plural, the wrong ones those of ' +
    'the category in the corrupted prompt. No category holds another.',
  metric: 'answer_sets',
  templates: { swap: SENTENCES.map(template) },
  fillers: { members: CATEGORIES.flatMap(members) },
};
