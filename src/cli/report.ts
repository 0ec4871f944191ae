/**
 * `mediators report`: figures and page again, from the files of a finished study.
 */
import { Command } from '@commander-js/extra-typings';
import { rebuildReport } from '../report/rebuild.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('rebuild figures and page of a finished study; needs no model')
    .argument('<folder>', 'the folder of a study')
    .action(async (folder) => {
      const { page, figures } = await rebuildReport(folder);
      process.stdout.write(`${figures.length} figure files\npage: ${page}\n`);
    }) as unknown as Command;
}
