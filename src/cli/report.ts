/**
 * `mediators report`: figures and page again, from the files of a finished study.
 */
import { Command } from '@commander-js/extra-typings';

const EXAMPLES = `
Example:
  mediators report mediators-study`;

/** `mediators report`. The signal stops it at the next figure. */
export function reportCommand(signal: AbortSignal): Command {
  return new Command('report')
    .description('rebuild figures and page of a finished study; needs no model')
    .argument('<folder>', 'the folder of a study')
    .addHelpText('after', EXAMPLES)
    .action(async (folder) => {
      const { rebuildReport } = await import('../report/rebuild.ts');
      const { page, figures } = await rebuildReport(folder, { signal });
      process.stdout.write(`${figures.length} figure files\npage: ${page}\n`);
    }) as unknown as Command;
}
