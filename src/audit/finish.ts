/**
 * The end of an audit: comparisons and sentences, tables, figures and page; `audit.json` last. Needs no model.
 */
import { join } from 'node:path';
import { throwIfCancelled } from '../errors.ts';
import { writeFileAtomic, writeSafetensors } from '../files.ts';
import {
  AUDIT_FILE,
  AUDIT_SCHEMA,
  type AuditJson,
  type AuditPairJson,
  type AuditScores,
  formatAuditJson,
  RECALL_AT,
} from '../results/audit-json.ts';
import type { StudyJson } from '../results/study-json.ts';
import type { Identity, StudyFolder } from '../study/folder.ts';
import type { StudyHandlers } from '../study/handlers.ts';
import { Phases } from '../study/phases.ts';
import type { NamedTensor } from '../tensor/safetensors.ts';
import { isSmallD } from '../terms.ts';
import { findings } from './describe.ts';
import { METHOD_FILE, methodArrays, VIA_FILE, viaArrays } from './score-files.ts';
import type { MethodScores } from './methods.ts';
import { AUDIT_METHODS, type AuditOptions } from './options.ts';
import { auditScores, comparisons, pairLabellings, type PairScores } from './scores.ts';
import { comparisonTable, headPairTable, scoreTable } from './table.ts';

export const AUDIT_PAGE = 'report.html';

/** One pair, with all that is compared. */
export interface PairResults extends Omit<PairScores, 'methods'>, MethodScores {
  /** Of its study, within the audit's. */
  readonly folder: string;
}

export interface FinishWork {
  readonly options: AuditOptions;
  readonly identity: Identity;
  readonly handlers: StudyHandlers;
}

/** Writes everything that comes of the scores, and gives the content of `audit.json`. */
export async function finishAudit(
  folder: StudyFolder,
  results: readonly PairResults[],
  { options, identity, handlers: { signal, onProgress } }: FinishWork,
): Promise<AuditJson> {
  const scores: AuditScores[] = [];
  for (const one of results) scores.push(...(await auditScores(asScores(one), options)));
  const json = describe(results, scores, options, identity);
  throwIfCancelled(signal);
  const write = (name: string, bytes: Uint8Array) =>
    writeFileAtomic(join(folder.path, name), [bytes], folder.work);
  await write('audit.parquet', comparisonTable(json));
  const metrics = results.map(({ pair, study }) => ({ pair, ...study.study.metric }));
  await write('scores.parquet', scoreTable(scores, metrics));
  if (scores.some(({ kind }) => kind === 'head_pairs'))
    await write('head_pairs.parquet', headPairTable(scores));
  const kept = results.map((one) => ({ ...one, layers: one.study.study.shape.layers }));
  const arrays = (name: string, list: readonly NamedTensor[]) =>
    writeSafetensors(join(folder.path, name), list, { temporaryFolder: folder.work });
  await arrays(METHOD_FILE, methodArrays(kept));
  const via = viaArrays(results);
  if (via.length > 0) await arrays(VIA_FILE, via);
  if (options.figures) {
    await new Phases(onProgress).run('figures and page', 1, async (done) => {
      const { writeAuditReport } = await import('../report/audit/report.ts');
      await writeAuditReport(folder.path, json, scores, signal);
      await done(1);
    });
  }
  await folder.write(AUDIT_FILE, formatAuditJson(json));
  await folder.tidy();
  return json;
}

const asScores = ({ pair, study, via, scores }: PairResults): PairScores => ({
  pair,
  study,
  via,
  methods: scores,
});

function describe(
  results: readonly PairResults[],
  scores: readonly AuditScores[],
  options: AuditOptions,
  identity: Identity,
): AuditJson {
  const { model, shape, command, versions, provider } = results[0]!.study.study;
  const { methods, components, directions, tau } = options;
  const json: AuditJson = {
    schema: AUDIT_SCHEMA,
    complete: true,
    model,
    shape,
    options: { methods: [...methods], components: [...components], directions: [...directions], tau },
    command,
    versions,
    provider,
    methods: AUDIT_METHODS.filter(({ name }) => methods.includes(name)),
    pairs: results.map(pairJson),
    recall_at: [...RECALL_AT],
    comparisons: results.flatMap(({ pair, study }) =>
      scores.filter((one) => one.pair === pair).flatMap((one) => comparisons(one, study.study.metric, tau)),
    ),
    labellings: results.flatMap((one) => pairLabellings(asScores(one), options)),
    findings: [],
    identity: { ...identity },
  };
  return { ...json, findings: findings(json) };
}

function pairJson({ folder, study: { study }, seconds }: PairResults): AuditPairJson {
  const { pair, metric, lint } = study;
  return {
    folder,
    pair,
    metric,
    small_d: isSmallD(metric),
    lint,
    seconds: { patching: secondsOf(study, 'patching'), methods: { ...seconds } },
  };
}

function secondsOf({ phases }: StudyJson, phase: string): number {
  return phases.find(({ name }) => name === phase)?.seconds ?? Number.NaN;
}
