/**
 * The options that say which pairs of a task a command computes over, after those of the model that runs them.
 */
import type { Command } from '@commander-js/extra-typings';
import { InputError } from '../errors.ts';
import {
  contrastOption,
  corruptedColumnOption,
  countOption,
  type DataOptions,
  type DataRequest,
  dataOption,
  requestedData,
  skipInvalidOption,
} from './data-set.ts';
import { bosOption, noBosOption } from './model-and-pair.ts';
import { modelCommand, type ModelOptions } from './model-options.ts';

/** How many pairs, where nobody says. */
const PAIRS = 100;

/** A type, not an interface: commander asks for an index signature. */
export type ModelAndPairsOptions = ModelOptions & {
  readonly [K in keyof Omit<DataOptions, 'seed'>]: DataOptions[K];
} & { readonly task?: string | undefined; readonly bos?: boolean | undefined };

/** A command that has the options of model and pairs so far. Those that are not given stay undefined. */
export function modelAndPairsCommand(name: string): Command<[], ModelAndPairsOptions> {
  return modelCommand(name)
    .addOption(bosOption())
    .addOption(noBosOption())
    .optionsGroup('Pairs:')
    .option('--task <name>', 'a task’s name, or a task file that ends in .json')
    .addOption(countOption(PAIRS))
    .addOption(contrastOption())
    .addOption(dataOption())
    .addOption(corruptedColumnOption())
    .addOption(skipInvalidOption());
}

/** The pairs that were asked for; `seed` draws them. Throws InputError without a task, and as `requestedData`. */
export function requestedPairs(options: ModelAndPairsOptions, seed: number): DataRequest {
  const { task, bos } = options;
  if (task === undefined)
    throw new InputError('expected --task, got none; mediators tasks lists the tasks, such as --task ioi');
  const request = requestedData(task, options, { n: PAIRS, seed, seedDraws: false });
  return { ...request, ...(bos !== undefined && { bos }) };
}
