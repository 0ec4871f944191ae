/**
 * The options that describe a pair of prompts, after those of the model that runs it.
 */
import { type Command, Option } from '@commander-js/extra-typings';
import { CONTRASTS } from '../terms.ts';
import { type ModelOptions, modelCommand } from './model-options.ts';
import type { PairOptions } from './pair.ts';
import { oneOf, tokenIds, wholeNumber, withDefault } from './values.ts';

/** A type, not an interface: commander asks for an index signature. */
export type ModelAndPairOptions = ModelOptions & { readonly [K in keyof PairOptions]: PairOptions[K] };

/**
 * A command that has the options of model and pair so far. Those that are not given stay undefined; `pair` is what the
 * command takes then, in words.
 */
export function modelAndPairCommand(name: string, pair = 'removal'): Command<[], ModelAndPairOptions> {
  return modelCommand(name)
    .optionsGroup('Pair:')
    .option(
      '--pair <name>',
      withDefault('a built-in pair: removal ("Paul gave") or notebook ("Mary gave")', pair),
      oneOf('--pair', ['removal', 'notebook']),
    )
    .option('--clean <text>', 'the clean prompt')
    .option('--corrupted <text>', 'the corrupted prompt, with as many tokens')
    .option('--answer <text>', 'the right answer, one token with its leading space')
    .option('--wrong <text>', 'the wrong answer, likewise')
    .option('--clean-ids <ids>', 'the clean prompt as token ids, taken as they are', tokenIds('--clean-ids'))
    .option('--corrupted-ids <ids>', 'the corrupted prompt as token ids', tokenIds('--corrupted-ids'))
    .option('--answer-id <id>', 'the right answer as a token id', wholeNumber('--answer-id', 0))
    .option('--wrong-id <id>', 'the wrong answer as a token id', wholeNumber('--wrong-id', 0))
    .option(
      '--contrast <kind>',
      withDefault('what the corrupted prompt is: removal or swap', 'told from the two runs'),
      oneOf('--contrast', CONTRASTS),
    )
    .addOption(bosOption())
    .addOption(noBosOption());
}

/** `--bos`: what tokenizes prompts has it. */
export function bosOption(): Option<'--bos'> {
  return new Option(
    '--bos',
    withDefault('put the beginning-of-sequence token in front of prompts', 'the model’s own rule'),
  );
}

/** The other value of `--bos`; it comes behind it. */
export function noBosOption(): Option<'--no-bos'> {
  return new Option('--no-bos', 'do not');
}
