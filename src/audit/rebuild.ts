/** Figures and page of a finished audit again: from `audit.json`, its files of scores and the studies of its pairs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAuditReport } from '../report/audit/report.ts';
import type { WrittenReport } from '../report/write.ts';
import { AUDIT_FILE, type AuditScores, parseAuditJson } from '../results/audit-json.ts';
import { openStudy } from '../results/read.ts';
import { AUDIT_DEFAULTS, THROUGH } from './options.ts';
import { METHOD_FILE, openMethodFile, openViaFile, VIA_FILE } from './score-files.ts';
import { auditScores } from './scores.ts';

/**
 * Writes `figures/*.svg`, `figures/*.png` and `report.html` into the folder of an audit. Needs no model.
 * Throws InputError where a file is missing or damaged, or the disk is full or may not be written; CancelledError.
 */
export async function rebuildAuditReport(folder: string, signal?: AbortSignal): Promise<WrittenReport> {
  const path = join(folder, AUDIT_FILE);
  const audit = parseAuditJson(await readFile(path, 'utf8'), path);
  const { methods, directions, components } = audit.options;
  const methodsOf = await openMethodFile(join(folder, METHOD_FILE), {
    methods: methods.filter((method) => method !== THROUGH.name),
    names: directions.flatMap((direction) => components.map((kind) => `${direction}.${kind}`)),
  });
  const through = methods.includes(THROUGH.name);
  const viaOf = through ? await openViaFile(join(folder, VIA_FILE), directions) : () => new Map();
  const options = { ...AUDIT_DEFAULTS, ...audit.options };
  const scores: AuditScores[] = [];
  for (const [i, one] of audit.pairs.entries()) {
    const pair = i + 1;
    const study = await openStudy(join(folder, one.folder));
    scores.push(...(await auditScores({ pair, study, via: viaOf(pair), methods: methodsOf(pair) }, options)));
  }
  return writeAuditReport(folder, audit, scores, signal);
}
