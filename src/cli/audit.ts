/**
 * `mediators audit`: its options. What it does is in `run-audit.ts`, loaded only when all of them are right.
 */
import type { Command } from '@commander-js/extra-typings';
import { ALL_METHODS, AUDIT_DEFAULTS, resolveAuditOptions } from '../audit/options.ts';
import { InputError } from '../errors.ts';
import { BUILT_IN_PAIRS } from '../tasks/pair.ts';
import { modelAndPairCommand } from './model-and-pair.ts';
import { modelRequest } from './model-options.ts';
import { type PairOptions, requestedPair } from './pair.ts';
import { reproducingCommand } from './reproduce.ts';
import {
  componentsOption,
  directionsOption,
  jsonOption,
  outOption,
  outputRequest,
  planOption,
  quietOption,
  resumeOption,
  tauOption,
} from './shared-options.ts';
import { withDefault, wordList } from './values.ts';

const EXAMPLES = `
Examples:
  mediators audit
  mediators audit --pair notebook --methods attribution_patching,atp_star --out notebook-audit
  mediators audit --model ./my-gpt2 --pairs pairs.csv --components heads --out heads-audit

pairs.csv has a row of names, clean,corrupted,answer,wrong and perhaps contrast, then a pair in each row; a .json file is
an array of objects with these fields. Without --pair, --pairs or a pair of your own: both built-in pairs.
docs/audit.md tells what is compared and how to read it; docs/methods.md what each method computes.`;

/** `mediators audit`. The signal stops it at the next batch. */
export function auditCommand(signal: AbortSignal): Command {
  const command = described();
  return command.action((options) =>
    start(options, reproducingCommand(command), signal),
  ) as unknown as Command;
}

function described() {
  const d = AUDIT_DEFAULTS;
  return modelAndPairCommand('audit', 'both of them')
    .description('compare approximate attribution methods with exact patching, on one pair or many')
    .option('--pairs <file>', 'pairs from a .csv or .json file')
    .optionsGroup('What to compare:')
    .option(
      '--methods <list>',
      withDefault(`all, or some of ${ALL_METHODS.join(', ')}`, d.methods),
      methodList,
    )
    .addOption(componentsOption(d.components))
    .addOption(directionsOption(d.directions, { note: '; labels need both' }))
    .addOption(tauOption('gets a label, and whose sign counts', d.tau))
    .optionsGroup('Output:')
    .addOption(outOption('must be empty unless --resume', d.out))
    .addOption(resumeOption())
    .addOption(planOption())
    .addOption(jsonOption('audit.json (or the plan)', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES);
}

/** Names with commas between, or `all`. */
function methodList(text: string): readonly string[] {
  return text.trim() === 'all' ? ALL_METHODS : wordList('--methods', ALL_METHODS)(text);
}

type ParsedOptions = ReturnType<ReturnType<typeof described>['opts']>;

async function start(options: ParsedOptions, command: string, signal: AbortSignal): Promise<void> {
  const { out, methods, components, directions, tau } = options;
  const asked = { out, methods, components, directions, tau, resume: options.resume === true, command };
  const resolved = resolveAuditOptions(asked);
  const pairs = requestedPairs(options);
  const { runAudit } = await import('./run-audit.ts');
  await runAudit(
    {
      ...modelRequest(options),
      ...outputRequest(options),
      ...pairs,
      options: resolved,
      plan: options.plan === true,
    },
    signal,
  );
}

/** What describes a pair of its own; `--bos` goes with a file too. */
const ONE_PAIR = [
  'pair',
  'clean',
  'corrupted',
  'answer',
  'wrong',
  'cleanIds',
  'corruptedIds',
  'answerId',
  'wrongId',
  'contrast',
] as const satisfies readonly (keyof PairOptions)[];

function requestedPairs(options: ParsedOptions) {
  const bos = options.bos === undefined ? {} : { bos: options.bos };
  const own = ONE_PAIR.some((name) => options[name] !== undefined);
  if (options.pairs !== undefined) {
    if (own) throw new InputError('expected --pairs or one pair, got both; leave one out');
    return { file: options.pairs, pairs: [], ...bos };
  }
  return { pairs: own ? [requestedPair(options).pair] : Object.values(BUILT_IN_PAIRS), ...bos };
}
