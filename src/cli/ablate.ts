/**
 * `mediators ablate`: its options. What it does is in `run-ablate.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { MAX_RANDOM_SETS, SET_ABLATION_DEFAULTS } from '../survey/ablation/options.ts';
import { corruptedColumnOption, dataOption, skipInvalidOption } from './data-set.ts';
import { bosOption, noBosOption } from './model-and-pair.ts';
import { modelCommand, modelRequest } from './model-options.ts';
import { reproducingCommand } from './reproduce.ts';
import { jsonOption, outputRequest, quietOption, seedOption } from './shared-options.ts';
import { wholeNumber, withDefault } from './values.ts';

const EXAMPLES = `
Examples:
  mediators ablate mediators-survey
  mediators ablate agreement --model ./my-gpt2 --random 20
  mediators ablate from-file --data ioi.csv --skip-invalid

Model, pairs and options must be those of the survey, or it is refused. A run that was stopped goes on by the same
command. docs/survey.md tells what the sets are.`;

/** `mediators ablate`. The signal stops it at the next batch. */
export function ablateCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action(async (folder, options) => {
    const { runAblate } = await import('./run-ablate.ts');
    const { random, takeover, seed } = options;
    const call = {
      ...modelRequest(options),
      ...outputRequest(options),
      survey: folder,
      namesModel: options.model !== undefined,
      data: options,
      options: { random, takeover, seed, command: reproducingCommand(command) },
    };
    await runAblate(call, signal);
  }) as unknown as Command;
}

function described() {
  const d = SET_ABLATION_DEFAULTS;
  return modelCommand('ablate')
    .description(
      'ablate whole sets of a finished survey at once: by label and by method, against random sets',
    )
    .argument('<survey>', 'the folder of a finished survey')
    .addOption(bosOption())
    .addOption(noBosOption())
    .optionsGroup('Pairs, where the survey’s were not drawn from a built-in task:')
    .option('--task <file>', 'the task file of the survey')
    .addOption(dataOption())
    .addOption(corruptedColumnOption())
    .addOption(skipInvalidOption())
    .optionsGroup('What to compute:')
    .option(
      '--random <n>',
      withDefault('random sets of each kind that a set is compared with', d.random),
      wholeNumber('--random', 1, MAX_RANDOM_SETS),
    )
    .option(
      '--takeover <n>',
      withDefault('pairs on which heads are patched again without the labelled ones', d.takeover),
      wholeNumber('--takeover', 0),
    )
    .addOption(seedOption('of the random sets', d.seed))
    .optionsGroup('Output:')
    .addOption(jsonOption('ablations.json', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}
