/**
 * Compares two finished surveys and writes a folder: pooled effects, figures and page; `comparison.json` last.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, throwIfCancelled } from '../errors.ts';
import { writeSafetensors } from '../files.ts';
import {
  COMPARISON_FILE,
  COMPARISON_SCHEMA,
  type ComparisonJson,
  formatComparisonJson,
} from '../results/comparison-json.ts';
import { EFFECTS_FILE } from '../results/comparison-read.ts';
import { checkOut, StudyFolder } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { versions } from '../study/identity.ts';
import { Phases } from '../study/phases.ts';
import { analyseSides } from './analyse.ts';
import { findings } from './findings.ts';
import { COMPARE_DEFAULTS, type CompareOptions } from './options.ts';
import { inBoth, openSides, type Sides } from './side.ts';

const PAGE = 'report.html';

export interface Comparison {
  readonly folder: string;
  readonly page: string;
  readonly json: ComparisonJson;
}

/**
 * Compares the surveys of two folders. Needs no model. Where it stops halfway it leaves nothing in the folder of results.
 * Throws InputError for what is no finished survey, for one survey twice, and for a folder of results that is not empty;
 * CancelledError.
 */
export async function compareSurveys(
  first: string,
  second: string,
  given: Partial<CompareOptions> = {},
  handlers: StudyHandlers = {},
): Promise<Comparison> {
  const options = { ...COMPARE_DEFAULTS, ...given };
  try {
    const sides = await openSides(first, second);
    await checkOut(options.out, false, 'choose another');
    return await compareInto(options, sides, handlers);
  } catch (error) {
    if (error instanceof CancelledError)
      throw new CancelledError('cancelled; nothing was written, run it again');
    throw error;
  }
}

async function compareInto(
  options: CompareOptions,
  sides: Sides,
  { signal, onProgress }: StudyHandlers,
): Promise<Comparison> {
  const { out, command } = options;
  const phases = new Phases(onProgress);
  const { kinds } = inBoth(sides);
  const { json, effects } = await phases.run('comparing', Math.max(1, kinds.length), (done) =>
    analyseSides(sides, () => {
      throwIfCancelled(signal);
      return done(1);
    }),
  );
  const complete: ComparisonJson = {
    schema: COMPARISON_SCHEMA,
    complete: true,
    ...json,
    findings: findings(json),
    command,
    versions: versions(),
  };
  const folder = await StudyFolder.open(out, false, { last: COMPARISON_FILE, word: 'comparison' });
  try {
    await writeSafetensors(join(out, EFFECTS_FILE), effects, { temporaryFolder: folder.work });
    if (options.figures) await writePage(phases, out, complete, signal);
    await folder.write(COMPARISON_FILE, formatComparisonJson(complete));
    await folder.tidy();
  } catch (error) {
    await empty(out);
    throw error;
  }
  return { folder: out, page: join(out, PAGE), json: complete };
}

function writePage(
  phases: Phases,
  out: string,
  complete: ComparisonJson,
  signal: AbortSignal | undefined,
): Promise<void> {
  return phases.run('figures and page', 1, async (done) => {
    const { writeComparisonReport } = await import('../report/compare/report.ts');
    await writeComparisonReport(out, complete, signal);
    await done(1);
  });
}

/** Removes what is in a folder that was empty. */
async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
