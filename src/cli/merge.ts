/**
 * `mediators merge`: one study or survey of its shards.
 */
import { Command } from '@commander-js/extra-typings';
import { CancelledError } from '../errors.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { progressView } from './progress.ts';
import { jsonOption, outputRequest, quietOption } from './shared-options.ts';

const EXAMPLES = `
Examples:
  mediators merge --out all part0 part1 part2
  mediators merge --out shared shared              (a folder that all shards wrote into)

Parts are checked first: one model, one pair, the same options, every unit exactly once. They are not changed, but for
the one that is --out itself. A merge that was stopped goes on by the same command.`;

/** `mediators merge`. The signal stops it at the next file. */
export function mergeCommand(signal: AbortSignal): Command {
  return new Command('merge')
    .description('join the shards of a study or survey (--shard) and finish it; needs no model')
    .argument('<part...>', 'folders of shards')
    .requiredOption('--out <folder>', 'folder of results: new, or one of the parts')
    .addOption(jsonOption('study.json or survey.json', 'summary'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action(async (parts, options) => {
      const { json, quiet } = outputRequest(options);
      const progress = progressView(quiet);
      const handlers = { signal, onProgress: progress.show };
      try {
        const { text, wasComplete } = await merged(parts, options.out, handlers, json);
        if (!wasComplete) progress.finish();
        process.stdout.write(text);
      } catch (error) {
        if (error instanceof CancelledError)
          throw new CancelledError('cancelled; the same command goes on from there');
        throw error;
      } finally {
        progress.stop();
      }
    }) as unknown as Command;
}

/** What the parts are of tells the first one. */
async function merged(parts: readonly string[], out: string, handlers: StudyHandlers, json: boolean) {
  const { isSurvey, mergeSurveys } = await import('../survey/merge.ts');
  if (await isSurvey(parts[0]!)) {
    const { surveyOutput } = await import('./run-survey.ts');
    const survey = await mergeSurveys(parts, out, handlers);
    return { text: await surveyOutput(survey, json), wasComplete: survey.wasComplete };
  }
  const { mergeStudies } = await import('../study/merge.ts');
  const { studyOutput } = await import('./summary.ts');
  const study = await mergeStudies(parts, out, handlers);
  return { text: await studyOutput(study, json), wasComplete: study.wasComplete };
}
