/**
 * `mediators merge`: one study of its shards.
 */
import { Command } from '@commander-js/extra-typings';
import { CancelledError } from '../errors.ts';
import { progressView } from './progress.ts';

const EXAMPLES = `
Examples:
  mediators merge --out all part0 part1 part2
  mediators merge --out shared shared              (a folder that all shards wrote into)

Parts are checked first: one model, one pair, the same options, every unit exactly once. They are not changed, but for
the one that is --out itself. A merge that was stopped goes on by the same command.`;

/** `mediators merge`. The signal stops it at the next file. */
export function mergeCommand(signal: AbortSignal): Command {
  return new Command('merge')
    .description('join the shards of a study (mediators study --shard) and finish it; needs no model')
    .argument('<part...>', 'folders of shards')
    .requiredOption('--out <folder>', 'folder of results: new, or one of the parts')
    .option('--json', 'print study.json on stdout instead of the summary')
    .option('--quiet', 'no progress')
    .addHelpText('after', EXAMPLES)
    .action(async (parts, { out, json, quiet }) => {
      const { mergeStudies } = await import('../study/merge.ts');
      const { studyOutput } = await import('./summary.ts');
      const progress = progressView(quiet === true);
      try {
        const study = await mergeStudies(parts, out, { signal, onProgress: progress.show });
        if (!study.wasComplete) progress.finish();
        process.stdout.write(await studyOutput(study, json === true));
      } catch (error) {
        if (error instanceof CancelledError)
          throw new CancelledError('cancelled; the same command goes on from there');
        throw error;
      } finally {
        progress.stop();
      }
    }) as unknown as Command;
}
