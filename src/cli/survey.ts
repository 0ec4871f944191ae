/**
 * `mediators survey`: its options. What it does is in `run-survey.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { resolveSurveyOptions, SURVEY_DEFAULTS, SURVEY_METHODS } from '../survey/options.ts';
import { modelAndPairsCommand, requestedPairs } from './model-and-pairs.ts';
import { modelRequest } from './model-options.ts';
import { reproducingCommand } from './reproduce.ts';
import { readShard } from './shard.ts';
import {
  componentsOption,
  directionsOption,
  jsonOption,
  outOption,
  outputRequest,
  planOption,
  quantileOption,
  quietOption,
  resumeOption,
  seedOption,
  tauOption,
} from './shared-options.ts';
import { wholeNumber, withDefault, wordList } from './values.ts';

const EXAMPLES = `
Examples:
  mediators survey --task ioi
  mediators survey --task sva --n 30 --components heads --model ./my-gpt2 --out agreement
  mediators survey --task ioi --contrast removal --methods ap,ig,attribution_patching --out removal
  mediators survey --task ioi --data ioi.csv --skip-invalid --out from-file
  mediators survey --task ./possessive.json --n 40 --out mine

On many machines, into a folder of each or into one that all share; then merge:
  mediators survey --task ioi --shard 0/2 --out part0          (and 1/2 into part1)
  mediators merge --out all part0 part1

mediators tasks lists the tasks and shows their pairs. docs/survey.md tells what is computed and how to read it.`;

/** `mediators survey`. The signal stops it at the next batch. */
export function surveyCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action((options) =>
    start(options, reproducingCommand(command), signal),
  ) as unknown as Command;
}

function described() {
  const d = SURVEY_DEFAULTS;
  return modelAndPairsCommand('survey')
    .description(
      'run methods over the pairs of a task, and pool them: effects with intervals, labels, controls',
    )
    .optionsGroup('What to compute:')
    .option(
      '--methods <list>',
      `${SURVEY_METHODS.join(', ')} (default: ${d.methods.join(',')})`,
      wordList('--methods', SURVEY_METHODS),
    )
    .addOption(componentsOption(d.components))
    .addOption(directionsOption(d.directions, { note: '; labels need both' }))
    .option(
      '--no-gains',
      'do not observe what each component changes in all others: faster, no test against controls',
    )
    .option(
      '--steps <n>',
      'points of a path, for methods that have one (default: the method’s own)',
      wholeNumber('--steps', 1),
    )
    .addOption(quantileOption(d.quantile))
    .addOption(tauOption('gets a label', d.tau))
    .addOption(seedOption('of the pairs, of folds and of all draws', d.seed))
    .option(
      '--draws <n>',
      withDefault('draws of the bootstrap', d.draws),
      wholeNumber('--draws', 1, 1_000_000),
    )
    .option(
      '--shard <i/n>',
      'compute only part i of n, or auto in a job array; then mediators merge',
      (text) => readShard(text, process.env, 'survey'),
    )
    .optionsGroup('Output:')
    .addOption(outOption('must be empty unless --resume or --shard', d.out))
    .addOption(resumeOption())
    .addOption(planOption())
    .addOption(jsonOption('survey.json (or the plan)', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(options: ParsedOptions, command: string, signal: AbortSignal): Promise<void> {
  const { out, methods, components, directions, gains, steps, quantile, tau, seed, draws, shard } = options;
  const resolved = resolveSurveyOptions({
    out,
    methods,
    components,
    directions,
    gains,
    steps,
    quantile,
    tau,
    seed,
    draws,
    shard,
    command,
    // A job that is put back into the queue runs the very same command.
    resume: options.resume === true || shard !== undefined,
  });
  const data = requestedPairs(options, resolved.seed);
  const { runSurvey } = await import('./run-survey.ts');
  await runSurvey(
    {
      ...modelRequest(options),
      ...outputRequest(options),
      data,
      options: resolved,
      plan: options.plan === true,
    },
    signal,
  );
}
