/**
 * `mediators study`: the whole experiment on one pair.
 */
import { Command, Option } from '@commander-js/extra-typings';
import { MEASURES, type Measure } from '../effects/measures.ts';
import { InputError } from '../errors.ts';
import { loadCheckpoint } from '../load-model.ts';
import { EMBEDDED, openCheckpoint } from '../model/loaders/open.ts';
import { CONTRASTS, DIRECTIONS, formatStudyJson, KINDS } from '../results/study-json.ts';
import { checkOut } from '../study/folder.ts';
import { DEFAULTS, resolveOptions, type StudyOptions } from '../study/options.ts';
import { study } from '../study/study.ts';
import { pairFor, requestedPair } from './pair.ts';
import { progressView } from './progress.ts';
import { summaryText } from './summary.ts';
import { notYet, oneOf, realNumber, tokenIds, wholeNumber, wordList } from './values.ts';

function measureList(text: string): Measure[] {
  return text === 'none' ? [] : wordList('--measures', MEASURES)(text);
}

function stepCount(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : wholeNumber('--steps', 1)(text);
}

function mediation(text: string): 'none' {
  if (text === 'none') return 'none';
  if (/^heads(\+neurons:\d+)?$/.test(text)) return notYet('--mediation heads')(text);
  throw new InputError(`expected none for --mediation, got "${text}"`);
}

/** `mediators study`. The signal stops it at the next batch. */
export function studyCommand(signal: AbortSignal): Command {
  return described().action((options) => runStudy(options, signal)) as unknown as Command;
}

/** The options, grouped as a reader looks for them. */
function described() {
  return new Command('study')
    .description('run the whole experiment on one pair of prompts and write a folder of results with a page')
    .optionsGroup('Model:')
    .option('--model <source>', `"${EMBEDDED}", a folder in Hugging Face's format, or a .gguf file`, EMBEDDED)
    .option('--raw-weights', 'skip weight processing (folding of norms, centring)')
    .option('--threads <n>', 'threads of the engine (default: all cores)', wholeNumber('--threads', 1))
    .optionsGroup('Pair:')
    .option('--pair <name>', 'a built-in pair: removal ("Paul gave") or notebook ("Mary gave") (default: removal)', oneOf('--pair', ['removal', 'notebook']))
    .option('--clean <text>', 'the clean prompt')
    .option('--corrupted <text>', 'the corrupted prompt, with as many tokens')
    .option('--answer <text>', 'the right answer, one token with its leading space')
    .option('--wrong <text>', 'the wrong answer, likewise')
    .option('--clean-ids <ids>', 'the clean prompt as token ids, taken as they are', tokenIds('--clean-ids'))
    .option('--corrupted-ids <ids>', 'the corrupted prompt as token ids', tokenIds('--corrupted-ids'))
    .option('--answer-id <id>', 'the right answer as a token id', wholeNumber('--answer-id', 0))
    .option('--wrong-id <id>', 'the wrong answer as a token id', wholeNumber('--wrong-id', 0))
    .option('--contrast <kind>', 'what the corrupted prompt is: removal or swap (default: told from the two runs)', oneOf('--contrast', CONTRASTS))
    .option('--bos', 'put the beginning-of-sequence token in front (default: the model’s own rule)')
    .option('--no-bos', 'do not')
    .optionsGroup('What to compute:')
    .option('--components <list>', 'heads, neurons or both', wordList('--components', KINDS), [...DEFAULTS.components])
    .option('--directions <list>', 'of patching: noising, denoising or both', wordList('--directions', DIRECTIONS), [...DEFAULTS.directions])
    .option('--measures <list>', `of effects, beside change: ${MEASURES.join(', ')}; or none`, measureList, [...DEFAULTS.measures])
    .option('--mediation <what>', 'exact mediation between pairs: none', mediation, 'none')
    .option('--steps <n>', 'points of integrated gradients, or auto', stepCount, DEFAULTS.steps)
    .option('--quantile <q>', 'highlight threshold, between 0 and 1', realNumber('--quantile'), DEFAULTS.quantile)
    .option('--tau <t>', 'smallest normalised effect that gets a label', realNumber('--tau'), DEFAULTS.tau)
    .option('--seed <n>', 'of the random draws of controls', wholeNumber('--seed', 0), DEFAULTS.seed)
    .option('--batch <n>', 'patched runs in one batch, at most 64', wholeNumber('--batch', 1), DEFAULTS.batch)
    .option('--full', 'write effect matrices whole, however large')
    .optionsGroup('Output:')
    .option('--out <folder>', 'folder of results; must be empty unless --resume', DEFAULTS.out)
    .option('--resume', 'go on with what the folder holds')
    .option('--json', 'print study.json on stdout instead of the summary')
    .option('--quiet', 'no progress')
    .addOption(later('--as-published'))
    .addOption(later('--plan'))
    .addOption(later('--memory <bytes>'))
    .addOption(later('--shard <part>'))
    .addOption(later('--device <name>'));
}

/** An option that a later version will have: known, hidden, refused. */
function later(flags: string) {
  const name = flags.split(' ')[0]!;
  const option = new Option(flags).hideHelp();
  return flags.includes('<') ? option.argParser(notYet(name)) : option;
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function runStudy(options: ParsedOptions, signal: AbortSignal): Promise<void> {
  for (const [key, name] of [['asPublished', '--as-published'], ['plan', '--plan']] as const) {
    if (options[key as keyof ParsedOptions]) notYet(name)('');
  }
  const request = requestedPair({ ...options, ...(bosGiven() ? { bos: options.bos } : { bos: undefined }) });
  const resolved = resolveOptions(studyOptions(options));
  await checkOut(resolved.out, resolved.resume);
  const checkpoint = await openCheckpoint(options.model);
  const pair = pairFor(checkpoint, request);
  const progress = progressView(options.quiet === true);
  const model = await loadCheckpoint(checkpoint, {
    raw: options.rawWeights === true,
    signal,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    onProgress: (done, total) => progress.show({ phase: 'weights', done: megabytes(done), total: megabytes(total) }),
  });
  try {
    const result = await study(model, pair, resolved, { signal, onProgress: progress.show });
    progress.stop();
    const text = options.json ? formatStudyJson(result.json) : `${summaryText(result, process.stdout.isTTY && !process.env.NO_COLOR)}\n`;
    process.stdout.write(text);
  } finally {
    progress.stop();
    await model.dispose();
  }
}

/** commander sets `bos` to true for `--no-bos` alone to negate; whether one was given at all shows in the arguments. */
function bosGiven(): boolean {
  return process.argv.some((argument) => argument === '--bos' || argument === '--no-bos');
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function studyOptions(options: ParsedOptions): Partial<StudyOptions> {
  const { out, components, directions, measures, steps, quantile, tau, seed, batch } = options;
  return {
    ...{ out, components, directions, measures, steps, quantile, tau, seed, batch },
    full: options.full === true,
    resume: options.resume === true,
    command: reproducingCommand(process.argv.slice(2)),
  };
}

/** What to type to make the study again: the command without what only concerns its output. */
function reproducingCommand(words: readonly string[]): string {
  const kept = words.filter((word, i) => !/^--(json|quiet|resume)$/.test(word) && !/^--out(=|$)/.test(word) && words[i - 1] !== '--out');
  return ['mediators', ...kept.map(quoted)].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
