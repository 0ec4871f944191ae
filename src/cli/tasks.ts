/**
 * `mediators tasks`: its options. What it does is in `run-tasks.ts`, loaded only when all of them are right.
 */
import { Command } from '@commander-js/extra-typings';
import { InputError } from '../errors.ts';
import { EMBEDDED } from '../model/loaders/open.ts';
import { shown } from '../tensor/json.ts';
import {
  contrastOption,
  corruptedColumnOption,
  countOption,
  dataOption,
  requestedData,
  skipInvalidOption,
} from './data-set.ts';
import { seedOption } from './shared-options.ts';
import { withDefault } from './values.ts';

const DEFAULTS = { n: 5, seed: 0 } as const;

const EXAMPLES = `
Examples:
  mediators tasks
  mediators tasks show ioi
  mediators tasks sample ioi --n 5 --contrast removal
  mediators tasks sample ./possessive.json --model ./my-gpt2
  mediators tasks sample sva --data sva.csv --n 20 --skip-invalid

Without a word: the list of tasks. show: a task’s templates and fillers. sample: pairs as a model’s tokenizer reads them.
docs/tasks.md tells what each task measures, which columns --data reads, and how to write a task file.`;

/** `mediators tasks`. Nothing is computed: of the model only config and tokenizer are read. */
export function tasksCommand(): Command {
  const command = described();
  return command.action((what, task, options) => start(what, task, options)) as unknown as Command;
}

function described() {
  return new Command('tasks')
    .description('list the tasks, show one, or sample its pairs')
    .argument('[what]', 'show or sample; nothing: the list')
    .argument('[task]', 'a task’s name, or a task file that ends in .json')
    .optionsGroup('Of sample:')
    .addOption(countOption(DEFAULTS.n))
    .option(
      '--model <source>',
      withDefault(`${EMBEDDED}, a folder in Hugging Face's format, or a .gguf file`, EMBEDDED),
    )
    .addOption(seedOption('seed of the draws', DEFAULTS.seed))
    .addOption(contrastOption())
    .addOption(dataOption())
    .addOption(corruptedColumnOption())
    .addOption(skipInvalidOption())
    .optionsGroup('Output:')
    .option('--json', 'print JSON in place of text')
    .addHelpText('after', EXAMPLES);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(
  what: string | undefined,
  task: string | undefined,
  options: ParsedOptions,
): Promise<void> {
  const json = options.json === true;
  checkWords(what, task);
  if (what !== 'sample') refuseSampling(options);
  const { listTasks, sampleTask, showTask } = await import('./run-tasks.ts');
  if (what === undefined) return listTasks(json);
  if (what === 'show') return showTask(task!, json);
  const request = requestedData(task!, options, { ...DEFAULTS, seedDraws: true });
  await sampleTask({ request, model: options.model ?? EMBEDDED, json });
}

function checkWords(what: string | undefined, task: string | undefined): void {
  if (what !== undefined && what !== 'show' && what !== 'sample')
    throw new InputError(
      `expected show or sample, got ${shown(what)}; mediators tasks show ioi, mediators tasks sample ioi`,
    );
  if (what !== undefined && task === undefined)
    throw new InputError(`expected a task behind ${what}, got none; mediators tasks lists them`);
}

/** Options that only sample has. */
function refuseSampling({ json: _, ...options }: ParsedOptions): void {
  const [given] = Object.keys(options);
  if (given === undefined) return;
  const option = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError(
    `expected --${option} with sample alone, got it without; mediators tasks sample ioi --${option} ...`,
  );
}
