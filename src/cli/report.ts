/**
 * `mediators report`: figures and page again, from the files of a finished study, survey, comparison, audit or faithfulness.
 */
import { Command } from '@commander-js/extra-typings';
import type { WrittenReport } from '../report/write.ts';

const EXAMPLES = `
Examples:
  mediators report mediators-study
  mediators report mediators-audit`;

/** `mediators report`. The signal stops it at the next figure. */
export function reportCommand(signal: AbortSignal): Command {
  return new Command('report')
    .description(
      'rebuild figures and page of a finished study, survey, comparison, audit or faithfulness; needs no model',
    )
    .argument('<folder>', 'the folder of its results')
    .addHelpText('after', EXAMPLES)
    .action(async (folder) => {
      const { page, figures } = await rebuilt(folder, signal);
      process.stdout.write(`${figures.length} figure files\npage: ${page}\n`);
    }) as unknown as Command;
}

async function rebuilt(folder: string, signal: AbortSignal): Promise<WrittenReport> {
  const { finishedKind } = await import('../results/result-folder.ts');
  const kind = await finishedKind(folder);
  if (kind === 'survey') {
    const { writeSurveyReport } = await import('../report/survey/report.ts');
    return writeSurveyReport(folder, undefined, signal);
  }
  if (kind === 'comparison') {
    const { writeComparisonReport } = await import('../report/compare/report.ts');
    return writeComparisonReport(folder, undefined, signal);
  }
  if (kind === 'audit') {
    const { rebuildAuditReport } = await import('../audit/rebuild.ts');
    return rebuildAuditReport(folder, signal);
  }
  if (kind === 'faithfulness') {
    const { writeFaithfulnessReport } = await import('../report/faithfulness/report.ts');
    return writeFaithfulnessReport(folder, undefined, signal);
  }
  const { rebuildReport } = await import('../report/study/report.ts');
  return rebuildReport(folder, { signal });
}
