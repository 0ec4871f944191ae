/** Draws the figures of an audit, and writes them with its page. */
import type { AuditJson, AuditScores } from '../../results/audit-json.ts';
import { auditFigures } from './figures.ts';
import { auditPageHtml } from './page.ts';
import { writeReport, type WrittenReport } from '../write.ts';

/** Writes figures and page of an audit into its folder. Throws as `writeReport`. */
export async function writeAuditReport(
  folder: string,
  audit: AuditJson,
  scores: readonly AuditScores[],
  signal?: AbortSignal,
): Promise<WrittenReport> {
  const figures = auditFigures(audit, scores);
  return writeReport(folder, figures, auditPageHtml(audit, figures), signal);
}
