/**
 * `mediators study`: its options. What it does is in `run-study.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { MEASURES, type Measure } from '../effects/measures.ts';
import { mediatedOf, type MediationOption } from '../study/mediation-option.ts';
import { DEFAULTS, MAX_BATCH, MAX_POINTS, resolveOptions, type StudyOptions } from '../study/options.ts';
import { parseBytes } from '../study/plan/bytes.ts';
import { modelAndPairCommand } from './model-and-pair.ts';
import { modelRequest } from './model-options.ts';
import { requestedPair } from './pair.ts';
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
  mediators study
  mediators study --pair notebook --out notebook
  mediators study --model ./my-gpt2 --components heads --out heads --json
  mediators study --clean 'The keys to the cabinet' --corrupted 'The key to the cabinet' \\
    --answer ' are' --wrong ' is' --contrast swap --out agreement

On many machines, into a folder of each or into one that all share; then merge:
  mediators study --shard 0/2 --out part0          (and 1/2 into part1)
  mediators merge --out all part0 part1
  mediators study --shard auto --out shared        (each task of sbatch --array=0-9)
  mediators study --shard auto/10 --out shared     (each pod of an indexed Kubernetes job of 10)
  mediators merge --out shared shared
The same command goes on after a stop, without --resume. Variables of the job array are read for auto only.`;

function measureList(text: string): Measure[] {
  return text === 'none' ? [] : wordList('--measures', MEASURES)(text);
}

function stepCount(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : wholeNumber('--steps', 1, MAX_POINTS)(text);
}

function mediation(text: string): MediationOption {
  mediatedOf(text);
  return text as MediationOption;
}

/** `mediators study`. The signal stops it at the next batch. */
export function studyCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action((options) =>
    start(options, reproducingCommand(command), signal),
  ) as unknown as Command;
}

/** The options, grouped as a reader looks for them. Those that were not given stay undefined. */
function described() {
  const d = DEFAULTS;
  return modelAndPairCommand('study')
    .description('run the whole experiment on one pair of prompts and write a folder of results with a page')
    .optionsGroup('What to compute:')
    .addOption(componentsOption(d.components))
    .addOption(directionsOption(d.directions, { what: 'of patching: ' }))
    .option(
      '--measures <list>',
      withDefault(`of effects, beside change: ${MEASURES.join(', ')}; or none`, d.measures),
      measureList,
    )
    .option(
      '--mediation <what>',
      withDefault(
        'exact mediation and interaction of all pairs: heads; heads+neurons:256, with the neurons of largest effect; or none',
        d.mediation,
      ),
      mediation,
    )
    .option('--steps <n>', withDefault('points of integrated gradients, or auto', d.steps), stepCount)
    .addOption(quantileOption(d.quantile))
    .addOption(tauOption('gets a label', d.tau))
    .addOption(seedOption('of the random draws of controls', d.seed))
    .option(
      '--batch <n>',
      withDefault(`patched runs in one batch, at most ${MAX_BATCH}`, d.batch),
      wholeNumber('--batch', 1, MAX_BATCH),
    )
    .option(
      '--as-published',
      'the published notebook’s own indexing and averaging: heads are positions, scores are means (measure mean), no labels',
    )
    .option('--full', 'write effect matrices whole, however large')
    .option(
      '--memory <bytes>',
      withDefault('what the process may take, such as 2GB or 1.5GiB', 'a third of the machine’s'),
      parseBytes,
    )
    .optionsGroup('Output:')
    .option(
      '--shard <part>',
      'compute part i of n (from 0): i/n; auto: place and size of the Slurm array; auto/n: job index (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX) of n',
      (text) => readShard(text, process.env, 'study'),
    )
    .addOption(outOption('must be empty unless --resume or --shard', d.out))
    .addOption(resumeOption())
    .addOption(planOption())
    .addOption(jsonOption('study.json (or the plan)', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(options: ParsedOptions, command: string, signal: AbortSignal): Promise<void> {
  const request = requestedPair(options);
  const resolved = resolveOptions({ ...studyOptions(options), command });
  const { runStudy } = await import('./run-study.ts');
  await runStudy(
    {
      ...modelRequest(options),
      ...outputRequest(options),
      request,
      options: resolved,
      plan: options.plan === true,
    },
    signal,
  );
}

/** Options of the command that are a study's under the same name. */
const SAME = [
  'out',
  'components',
  'directions',
  'measures',
  'mediation',
  'steps',
  'quantile',
  'tau',
  'seed',
  'batch',
  'memory',
  'asPublished',
  'full',
  'shard',
] as const satisfies readonly (keyof ParsedOptions & keyof StudyOptions)[];

function studyOptions(options: ParsedOptions): Partial<StudyOptions> {
  // A job that is put back into the queue runs the very same command.
  return { ...picked(options, SAME), resume: options.resume === true || options.shard !== undefined };
}

function picked<T, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
