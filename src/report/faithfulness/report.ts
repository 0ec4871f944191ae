/** Draws the figures of circuits' faithfulness, and writes them with their page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FAITHFULNESS_FILE,
  type FaithfulnessJson,
  parseFaithfulnessJson,
} from '../../results/faithfulness-json.ts';
import { faithfulnessFigures } from './figures.ts';
import { faithfulnessPageHtml } from './page.ts';
import { writeReport, type WrittenReport } from '../write.ts';

/**
 * Writes figures and page into the folder. `given` stands in for a `faithfulness.json` that is not written yet.
 * Throws InputError for a file that is none, and as `writeReport`.
 */
export async function writeFaithfulnessReport(
  folder: string,
  given?: FaithfulnessJson,
  signal?: AbortSignal,
): Promise<WrittenReport> {
  const path = join(folder, FAITHFULNESS_FILE);
  const found = given ?? parseFaithfulnessJson(await readFile(path, 'utf8'), path);
  const figures = faithfulnessFigures(found);
  return writeReport(folder, figures, faithfulnessPageHtml(found, figures), signal);
}
