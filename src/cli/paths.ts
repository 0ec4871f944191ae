/**
 * `mediators paths`: its options. What it does is in `run-paths.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { InputError } from '../errors.ts';
import { INPUTS, MLP_MODES } from '../mediation/path-patching.ts';
import type { PathsOptions } from '../mediation/paths.ts';
import { shown } from '../tensor/json.ts';
import { type Component, DIRECTIONS } from '../terms.ts';
import { modelAndPairCommand } from './model-and-pair.ts';
import { modelRequest } from './model-options.ts';
import { requestedPair } from './pair.ts';
import { reproducingCommand } from './reproduce.ts';
import {
  componentsOption,
  directionsOption,
  jsonOption,
  outOption,
  outputRequest,
  quietOption,
} from './shared-options.ts';
import { oneOf, withDefault, wordList } from './values.ts';

const DEFAULT_OUT = './mediators-paths';

const EXAMPLES = `
Examples:
  mediators paths
  mediators paths --receivers 2.1,3.0 --input q --out names
  mediators paths --model ./my-gpt2 --direct --components heads,neurons --directions noising --out direct

Without --direct, --positions and --receivers: direct effects and positions. Where query heads share key-value heads, a
receiver's k and v are those that its group shares. Writes paths.safetensors and paths.json; docs/definitions.md tells
what each number means.`;

/** Heads as layer.head with commas between. */
function headList(text: string): Component[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part, i) => !/^\d+\.\d+$/.test(part) || parts.indexOf(part) !== i)) {
    throw new InputError(
      `expected heads as layer.head, each once and with commas between, such as 9.6,9.9, for --receivers, got ${shown(text)}`,
    );
  }
  return parts.map((part) => part.split('.').map(Number) as Component);
}

/** `mediators paths`. The signal stops it between two arrays. */
export function pathsCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action((options) =>
    start(options, reproducingCommand(command), signal),
  ) as unknown as Command;
}

function described() {
  return modelAndPairCommand('paths')
    .description('direct effects, path patching and heads by position, on one pair of prompts')
    .optionsGroup('What to compute:')
    .option('--direct', 'direct and mediated effects, by all definitions')
    .option('--positions', 'every head patched at every position alone')
    .option(
      '--receivers <heads>',
      'path patching to these heads, alone and together: layer.head,...',
      headList,
    )
    .option(
      '--input <list>',
      withDefault('what receivers read: q, k, v or several', 'q'),
      wordList('--input', INPUTS),
    )
    .option(
      '--mlps <how>',
      withDefault('MLPs between sender and receiver: recomputed or frozen', 'recomputed'),
      oneOf('--mlps', MLP_MODES),
    )
    .addOption(componentsOption(['heads'], 'sources and senders: '))
    .addOption(directionsOption(DIRECTIONS))
    .optionsGroup('Output:')
    .addOption(outOption('must be empty', DEFAULT_OUT))
    .addOption(jsonOption('paths.json', 'tables'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(options: ParsedOptions, command: string, signal: AbortSignal): Promise<void> {
  const request = requestedPair(options);
  const paths = pathsOptions(options);
  const { runPaths } = await import('./run-paths.ts');
  await runPaths(
    {
      ...modelRequest(options),
      ...outputRequest(options),
      request,
      options: paths,
      out: options.out ?? DEFAULT_OUT,
      command,
    },
    signal,
  );
}

/** Throws InputError for options of path patching without receivers. */
function pathsOptions(options: ParsedOptions): PathsOptions {
  const { direct, positions, receivers, input, mlps, components, directions } = options;
  const loose = input ? '--input' : mlps ? '--mlps' : undefined;
  if (receivers === undefined && loose)
    throw new InputError(`expected --receivers beside ${loose}, got none; name heads as layer.head`);
  const nothing = !direct && !positions && receivers === undefined;
  return {
    direct: direct === true || nothing,
    positions: positions === true || nothing,
    receivers: receivers ?? [],
    inputs: input ?? ['q'],
    mlps: mlps ?? 'recomputed',
    kinds: components ?? ['heads'],
    directions: directions ?? [...DIRECTIONS],
  };
}
