import type { Filler, TaskSpec } from '../spec.ts';
import { lines } from './words.ts';

const SENTENCES = lines(`
  They went to CAPITAL, the capital of
  As everyone knows, CAPITAL is the capital of
  Everyone knows that CAPITAL is the capital of
  The city of CAPITAL is the capital of
  They lived in CAPITAL, the capital city of
  I know that CAPITAL is the capital of
  They lived in CAPITAL and knew all of
  The best hotel of CAPITAL is known in all of
  Yesterday they went to CAPITAL, the capital of`);

const CAPITALS = `
  Paris France, Berlin Germany, Rome Italy, Madrid Spain, Lisbon Portugal, London England, Edinburgh Scotland,
  Cardiff Wales, Dublin Ireland, Oslo Norway, Stockholm Sweden, Helsinki Finland, Copenhagen Denmark, Reykjavik Iceland,
  Warsaw Poland, Vienna Austria, Budapest Hungary, Athens Greece, Ankara Turkey, Moscow Russia, Kiev Ukraine,
  Brussels Belgium, Bern Switzerland, Bucharest Romania, Sofia Bulgaria, Belgrade Serbia, Zagreb Croatia,
  Ljubljana Slovenia, Tirana Albania, Tallinn Estonia, Riga Latvia, Vilnius Lithuania, Valletta Malta, Nicosia Cyprus,
  Cairo Egypt, Rabat Morocco, Algiers Algeria, Tunis Tunisia, Tripoli Libya, Khartoum Sudan, Nairobi Kenya, Accra Ghana,
  Abuja Nigeria, Dakar Senegal, Luanda Angola, Lusaka Zambia, Harare Zimbabwe, Kampala Uganda, Kigali Rwanda,
  Beirut Lebanon, Damascus Syria, Baghdad Iraq, Tehran Iran, Amman Jordan, Doha Qatar, Delhi India, Islamabad Pakistan,
  Kathmandu Nepal, Dhaka Bangladesh, Bangkok Thailand, Hanoi Vietnam, Vientiane Laos, Jakarta Indonesia,
  Manila Philippines, Beijing China, Tokyo Japan, Canberra Australia, Ottawa Canada, Havana Cuba, Kingston Jamaica,
  Lima Peru, Santiago Chile, Quito Ecuador, Bogota Colombia, Caracas Venezuela, Montevideo Uruguay, Asuncion Paraguay`;

export const CAPITAL_COUNTRY: TaskSpec = {
  name: 'capital_country',
  title: 'Capital and country',
  about:
    'Whose capital a city is: a fact that the model must recall. In the corrupted prompt stands the capital of another ' +
    'country. Countries of several tokens are scored by the first token in which the two differ.',
  metric: 'logit_difference',
  severalTokens: true,
  templates: {
    swap: SENTENCES.map((sentence) => ({
      name: sentence.replace('CAPITAL', '(capital)'),
      clean: sentence.replace('CAPITAL', '{places.1.capital}'),
      corrupted: sentence.replace('CAPITAL', '{places.2.capital}'),
      answer: ' {places.1.country}',
      wrong: ' {places.2.country}',
    })),
  },
  fillers: {
    places: CAPITALS.trim()
      .split(/,\s+/)
      .map((pair): Filler => {
        const [capital = '', country = ''] = pair.split(' ');
        return { capital, country };
      }),
  },
};
