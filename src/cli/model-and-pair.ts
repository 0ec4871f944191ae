/**
 * The options that say which model runs on which pair: the same for every command that needs both.
 */
import { Command } from '@commander-js/extra-typings';
import { EMBEDDED } from '../model/loaders/open.ts';
import { CONTRASTS, type Device, DEVICES } from '../terms.ts';
import type { PairOptions } from './pair.ts';
import { oneOf, tokenIds, wholeNumber, withDefault } from './values.ts';

/** More threads than any machine of today has cores: ONNX Runtime would start them all. */
const MAX_THREADS = 1024;

/** A type, not an interface: commander asks for an index signature. */
export type ModelAndPairOptions = {
  readonly model?: string | undefined;
  readonly rawWeights?: true | undefined;
  readonly threads?: number | undefined;
  readonly device?: Device | undefined;
} & { readonly [K in keyof PairOptions]: PairOptions[K] };

/** A command that has these options so far. Those that are not given stay undefined. */
export function modelAndPairCommand(name: string): Command<[], ModelAndPairOptions> {
  return new Command(name)
    .optionsGroup('Model:')
    .option(
      '--model <source>',
      withDefault(`${EMBEDDED}, a folder in Hugging Face's format, or a .gguf file`, EMBEDDED),
    )
    .option('--raw-weights', 'skip weight processing (folding of norms, centring)')
    .option(
      '--threads <n>',
      withDefault('threads of the engine', 'the number of physical cores'),
      wholeNumber('--threads', 1, MAX_THREADS),
    )
    .option('--device <name>', withDefault('what computes: cpu or webgpu', 'cpu'), oneOf('--device', DEVICES))
    .optionsGroup('Pair:')
    .option(
      '--pair <name>',
      withDefault('a built-in pair: removal ("Paul gave") or notebook ("Mary gave")', 'removal'),
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
    .option(
      '--bos',
      withDefault('put the beginning-of-sequence token in front of prompts', 'the model’s own rule'),
    )
    .option('--no-bos', 'do not');
}
