/**
 * `mediators compare`: its options. What it does is in `run-compare.ts`, loaded only when all of them are right.
 */
import { Command } from '@commander-js/extra-typings';
import { COMPARE_DEFAULTS } from '../compare/options.ts';
import { shellWord } from '../study/command.ts';
import { jsonOption, outOption, outputRequest, quietOption } from './shared-options.ts';

const EXAMPLES = `
Examples:
  mediators compare swap removal
  mediators compare ioi-small ioi-large --out sizes

Both are folders of finished surveys: two models, two tasks, two contrasts, or other methods on the same pairs.
docs/compare.md tells what is compared and how to read it.`;

/** `mediators compare`. The signal stops it at the next kind. */
export function compareCommand(signal: AbortSignal): Command {
  return new Command('compare')
    .description('compare two finished surveys: effects, labels, gains, methods; needs no model')
    .argument('<a>', 'the folder of a finished survey')
    .argument('<b>', 'the folder of another')
    .addOption(outOption('must be empty', COMPARE_DEFAULTS.out))
    .addOption(jsonOption('comparison.json', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action(async (a, b, options) => {
      const { runCompare } = await import('./run-compare.ts');
      const { out = COMPARE_DEFAULTS.out } = options;
      const command = ['mediators', 'compare', a, b].map(shellWord).join(' ');
      await runCompare({ a, b, out, command, ...outputRequest(options) }, signal);
    }) as unknown as Command;
}
