/**
 * The end of a survey, from its folder alone: no model is needed, and it does not matter how many machines computed the
 * pairs. Tables; figures and page; `survey.json` last.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../errors.ts';
import { writeFileAtomic, writeSafetensors } from '../files.ts';
import {
  formatSurveyJson,
  PAIR_SETS,
  parseSurveyJson,
  SURVEY_FILE,
  SURVEY_SCHEMA,
  type SurveyJson,
} from '../results/survey-json.ts';
import { PAIRS_TABLE } from '../results/survey-pairs.ts';
import { PAIR_ARRAYS_FILE, POOLED_FILE } from '../results/survey-read.ts';
import { SurveyScores } from '../results/survey-scores.ts';
import type { StudyFolder } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { Phases } from '../study/phases.ts';
import type { Contrast } from '../terms.ts';
import { analyseSet, type AnalysedSet } from './analysis/analyse.ts';
import { type Facts, factsOf } from './analysis/facts.ts';
import { findings } from './findings.ts';
import { readSurveyRecord } from './record.ts';
import { completeScores, SCORES } from './store.ts';
import { componentTable, pairArrays, pairTable, pooledArrays } from './tables.ts';

export const SURVEY_PAGE = 'report.html';

/** A finished survey. */
export interface Survey {
  readonly folder: string;
  readonly page: string;
  readonly json: SurveyJson;
  /** True where the folder already held all of it. */
  readonly wasComplete: boolean;
}

/** Makes the results of a folder in which all pairs are. */
export async function finishSurvey(
  folder: StudyFolder,
  figures: boolean,
  { signal, onProgress }: StudyHandlers,
): Promise<Survey> {
  const record = await readSurveyRecord(folder);
  const facts = await factsOf(folder, record);
  const scores = new SurveyScores(join(folder.path, SCORES));
  const phases = new Phases(onProgress);
  const sets: AnalysedSet[] = [];
  await phases.run(
    'statistics',
    PAIR_SETS.length,
    async (done) => {
      for (const set of PAIR_SETS) {
        throwIfCancelled(signal);
        // Where the model solves every pair both sets are one.
        if (set === 'all' || facts.pairs.some(({ solved }) => !solved)) {
          const found = await analyseSet((name, pair) => scores.read(name, pair), facts, record, set);
          if (found) sets.push(found);
        }
        await done(1);
      }
    },
    'sets of pairs',
  );
  await writeTables(folder, facts, sets, record.task.contrast);
  await completeScores(folder);
  const { pairs, ...fields } = record;
  const described = {
    schema: SURVEY_SCHEMA,
    complete: true,
    ...fields,
    n: pairs.length,
    clusters: { count: facts.clusters, rule: facts.rule },
    sets: sets.map(({ json }) => json),
  };
  const json = (): SurveyJson => ({ ...described, findings: findings(described), phases: phases.records });
  if (figures) {
    await phases.run('figures and page', 1, async (done) => {
      const { writeSurveyReport } = await import('../report/survey/report.ts');
      await writeSurveyReport(folder.path, json(), signal);
      await done(1);
    });
  }
  const complete = json();
  await folder.write(SURVEY_FILE, formatSurveyJson(complete));
  await folder.tidy();
  return finished(folder, complete, false);
}

async function writeTables(
  { path, work }: StudyFolder,
  facts: Facts,
  sets: readonly AnalysedSet[],
  contrast: Contrast,
): Promise<void> {
  const rows = sets.flatMap((set) => set.rows);
  const correlations = sets.find(({ json: { set } }) => set === 'all')?.correlations ?? [];
  await writeFileAtomic(join(path, PAIRS_TABLE), [pairTable(facts)], work);
  await writeFileAtomic(join(path, 'components.parquet'), [componentTable(rows, contrast)], work);
  const arrays = { temporaryFolder: work };
  await writeSafetensors(join(path, POOLED_FILE), pooledArrays(rows), arrays);
  await writeSafetensors(join(path, PAIR_ARRAYS_FILE), pairArrays(facts, correlations), arrays);
}

/** The survey that a folder already holds. */
export async function recordedSurvey(folder: StudyFolder): Promise<Survey> {
  const path = join(folder.path, SURVEY_FILE);
  return finished(folder, parseSurveyJson(await readFile(path, 'utf8'), path), true);
}

function finished(folder: StudyFolder, json: SurveyJson, wasComplete: boolean): Survey {
  return { folder: folder.path, page: join(folder.path, SURVEY_PAGE), json, wasComplete };
}
