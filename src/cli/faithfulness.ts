/**
 * `mediators faithfulness`: its options. What it does is in `run-faithfulness.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { LEVELS } from '../faithfulness/curves.ts';
import { SELECTION_METHODS, SELECTS } from '../faithfulness/nested.ts';
import {
  FAITHFULNESS_DEFAULTS,
  MAX_CIRCUIT_DRAWS,
  resolveFaithfulnessOptions,
} from '../survey/faithfulness/options.ts';
import { CIRCUIT_METHODS } from '../survey/faithfulness/scorers.ts';
import { DIRECTIONS } from '../terms.ts';
import { modelAndPairsCommand, requestedPairs } from './model-and-pairs.ts';
import { modelRequest } from './model-options.ts';
import { reproducingCommand } from './reproduce.ts';
import {
  jsonOption,
  outOption,
  outputRequest,
  quietOption,
  resumeOption,
  seedOption,
} from './shared-options.ts';
import { numberBetween, numberList, oneOf, someOf, wholeNumber, withDefault, wordList } from './values.ts';

const EXAMPLES = `
Examples:
  mediators faithfulness --task ioi
  mediators faithfulness --task sva --n 60 --levels nodes --methods ap,attribution_patching --model ./my-gpt2 --out nodes
  mediators faithfulness --task ioi --contrast removal --rules top_n,greedy --select absolute --draws 20 --out removal
  mediators faithfulness --task ioi --data ioi.csv --skip-invalid --circuit-sizes 0.01,0.05 --out from-file

Half of the pairs give the scores, the others test the circuits. A curve's name says how its circuits were chosen:
eap_ig_inputs.edges.absolute.greedy. mediators tasks lists the tasks. docs/faithfulness.md tells what f means.`;

/** `mediators faithfulness`. The signal stops it at the next batch. */
export function faithfulnessCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action((options) =>
    start(options, reproducingCommand(command), signal),
  ) as unknown as Command;
}

function described() {
  const d = FAITHFULNESS_DEFAULTS;
  return modelAndPairsCommand('faithfulness')
    .description(
      'circuits from scores, and how much of the effect of a task’s pairs they carry, against random circuits',
    )
    .option(
      '--split <share>',
      withDefault('share of the pairs that the scores come from, between 0 and 1', d.split),
      numberBetween('--split', 0, 1),
    )
    .optionsGroup('Which circuits:')
    .option(
      '--methods <list>',
      `where scores come from: ${CIRCUIT_METHODS.join(', ')} (default: ${d.methods.join(',')})`,
      wordList('--methods', CIRCUIT_METHODS),
    )
    .option(
      '--levels <list>',
      withDefault(`what circuits are of: ${someOf(LEVELS)}; nodes are heads and MLPs`, d.levels),
      wordList('--levels', LEVELS),
    )
    .option(
      '--select <list>',
      withDefault(`${someOf(SELECTS)}: the highest scores, the largest of either sign`, d.select),
      wordList('--select', SELECTS),
    )
    .option(
      '--rules <list>',
      withDefault(`how edges are taken: ${someOf(SELECTION_METHODS)}; nodes are always top_n`, d.rules),
      wordList('--rules', SELECTION_METHODS),
    )
    .option(
      '--direction <name>',
      withDefault('of the scores: noising or denoising', d.direction),
      oneOf('--direction', DIRECTIONS),
    )
    .option(
      '--sizes <list>',
      withDefault('shares of all edges (nodes), growing', d.sizes.map(String)),
      numberList('--sizes', 1),
    )
    .option(
      '--draws <n>',
      withDefault('random circuits of each size', d.draws),
      wholeNumber('--draws', 1, MAX_CIRCUIT_DRAWS),
    )
    .addOption(seedOption('of the pairs, their split, random circuits and bootstrap draws', d.seed))
    .optionsGroup('Output:')
    .option(
      '--circuit-sizes <list>',
      withDefault('those of the sizes whose circuits are written', 'the one nearest to 0.05'),
      numberList('--circuit-sizes', 1),
    )
    .addOption(outOption('must be empty unless --resume', d.out))
    .addOption(resumeOption())
    .addOption(jsonOption('faithfulness.json', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(options: ParsedOptions, command: string, signal: AbortSignal): Promise<void> {
  const { out, methods, levels, select, rules, direction, sizes, circuitSizes, draws, seed, split } = options;
  const resolved = resolveFaithfulnessOptions({
    out,
    methods,
    levels,
    select,
    rules,
    direction,
    sizes,
    circuitSizes,
    draws,
    seed,
    split,
    command,
    resume: options.resume === true,
  });
  const data = requestedPairs(options, resolved.seed);
  const { runFaithfulness } = await import('./run-faithfulness.ts');
  await runFaithfulness(
    {
      ...modelRequest(options),
      ...outputRequest(options),
      data,
      options: resolved,
    },
    signal,
  );
}
