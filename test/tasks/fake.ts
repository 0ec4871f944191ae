/**
 * A tokenizer for tests: words with their leading space, from a list; other words fall into single characters.
 */
import type { ModelConfig } from '../../src/model/config.ts';
import type { Tokenizer } from '../../src/model/tokenizer.ts';

const WORDS =
  '<bos> When When_ John_ and_ Mary_ Paul_ went_ to_ the_ store_ gave_ a_ bottle_ of_ milk_ , Mary John <unk>'.split(
    ' ',
  );
const CHARACTERS = Array.from(' abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.');
/** `x_` above is the word ` x`. */
const VOCABULARY = [
  ...WORDS.map((word) => (word.endsWith('_') ? ` ${word.slice(0, -1)}` : word)),
  ...CHARACTERS,
];

export const BOS = 0;

export function fakeTokenizer(options: Partial<Tokenizer> = {}): Tokenizer {
  const unknown = VOCABULARY.indexOf('<unk>');
  const idOf = (text: string): number => VOCABULARY.indexOf(text);
  return {
    encode(text: string): number[] {
      const pieces = text.match(/<bos>| ?[A-Za-z]+|,|./gu) ?? [];
      return pieces.flatMap((piece) => {
        if (idOf(piece) >= 0) return [idOf(piece)];
        return Array.from(piece, (character) => (idOf(character) < 0 ? unknown : idOf(character)));
      });
    },
    tokenText: (id) => VOCABULARY[id] ?? '',
    size: VOCABULARY.length,
    bosTokenId: BOS,
    prependsBos: true,
    ...options,
  };
}

export const idOf = (text: string): number => VOCABULARY.indexOf(text);

export const fakeConfig: ModelConfig = {
  family: 'gpt2',
  architecture: 'GPT2LMHeadModel',
  nLayers: 2,
  dModel: 8,
  nHeads: 2,
  nKvHeads: 2,
  dHead: 4,
  dMlp: 16,
  vocabulary: VOCABULARY.length,
  context: 32,
  activation: 'gelu_new',
  normEps: 1e-5,
  tiedEmbeddings: true,
};
