/** Draws the figures of a survey, and writes them with its page. */
import type { SurveyJson } from '../../results/survey-json.ts';
import { openSurvey } from '../../results/survey-read.ts';
import { surveyFigures } from './figures.ts';
import { surveyPageHtml } from './page.ts';
import { writeReport, type WrittenReport } from '../write.ts';

/**
 * Writes figures and page of a survey into its folder. `survey` stands in for a `survey.json` that is not written yet.
 * Throws as `openSurvey` and `writeReport`.
 */
export async function writeSurveyReport(
  folder: string,
  survey?: SurveyJson,
  signal?: AbortSignal,
): Promise<WrittenReport> {
  const results = await openSurvey(folder, survey);
  const figures = surveyFigures(results);
  return writeReport(folder, figures, surveyPageHtml(results.survey, figures, results.ablations), signal);
}
