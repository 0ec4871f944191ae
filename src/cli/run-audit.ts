/**
 * What `mediators audit` does once its options are known to be right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import type { AuditOptions } from '../audit/options.ts';
import { type Audit, audit, completeAudit } from '../audit/run.ts';
import { InputError } from '../errors.ts';
import { systemReason } from '../files.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { AUDIT_FILE, type AuditJson } from '../results/audit-json.ts';
import { headlineFor, pooledAudit } from '../results/audit-summary.ts';
import { checkDevice } from '../runtime/device.ts';
import { type IdPair, type Pair, pairFor, type TextPair } from '../tasks/pair.ts';
import { parsePairs } from '../tasks/pair-list.ts';
import { counted, real } from '../words.ts';
import { aligned } from './aligned.ts';
import { knownOf, withLoadedModel } from './loaded-model.ts';
import type { ModelRequest } from './model-options.ts';
import { checkOutFolder } from './out-folder.ts';
import { auditPlanTable, makeAuditPlan, pairsPlanLines } from './plan.ts';
import { type ProgressView, progressView } from './progress.ts';
import type { OutputRequest } from './shared-options.ts';
import { wantsColour } from './summary.ts';

/** What was asked for. */
export interface AuditCall extends ModelRequest, OutputRequest {
  /** `--pairs`: it is read in place of `pairs`. */
  readonly file?: string;
  readonly pairs: readonly (TextPair | IdPair)[];
  readonly bos?: boolean;
  readonly options: AuditOptions;
  /** Print the plan and stop. */
  readonly plan: boolean;
}

/** What can still be wrong is asked in the order of its cost: folder, pairs, the model's files; then weights. */
export async function runAudit(call: AuditCall, signal: AbortSignal): Promise<void> {
  const { options } = call;
  if (!call.plan) await checkOutFolder(options, call.quiet);
  const asked = call.file === undefined ? call.pairs : await readPairs(call.file);
  const checkpoint = await openCheckpoint(call.source);
  const progress = progressView(call.quiet);
  try {
    const pairs = asked.map((pair, i) => checkedPair(checkpoint, pair, call, i));
    if (call.plan) return await printPlan(checkpoint, pairs, call, signal);
    const complete = await completeAudit(knownOf(checkpoint, call), pairs, options);
    const result = complete ?? (await compute(checkpoint, pairs, call, progress, signal));
    process.stdout.write(
      call.json ? await readFile(join(result.folder, AUDIT_FILE), 'utf8') : summary(result),
    );
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/** What `--plan` does: nothing is written, no weights are read. */
async function printPlan(
  checkpoint: Checkpoint,
  pairs: readonly Pair[],
  { options, threads, device, json }: AuditCall,
  signal: AbortSignal,
): Promise<void> {
  const plan = await makeAuditPlan(
    checkpoint,
    pairs,
    options,
    { threads, measure: device === 'cpu' },
    signal,
  );
  process.stdout.write(`${json ? JSON.stringify(plan, null, 2) : auditPlanTable(plan)}\n`);
}

async function readPairs(file: string): Promise<(TextPair | IdPair)[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new InputError(
      `expected a .csv or .json file for --pairs, got ${file}: ${systemReason(error)}; check the path`,
    );
  }
  return parsePairs(bytes, file);
}

/** A pair of the model; what is wrong with one of a file says which. */
function checkedPair(
  checkpoint: Checkpoint,
  pair: TextPair | IdPair,
  { file, bos }: AuditCall,
  i: number,
): Pair {
  try {
    return pairFor(checkpoint, pair, bos === undefined ? {} : { bos });
  } catch (error) {
    if (file === undefined || !(error instanceof InputError)) throw error;
    throw new InputError(`${file}, pair ${i + 1}: ${error.message}`);
  }
}

async function compute(
  checkpoint: Checkpoint,
  pairs: readonly Pair[],
  call: AuditCall,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<Audit> {
  const { options, threads, device, quiet } = call;
  await checkDevice(device);
  if (!quiet) {
    const how = { threads, measure: device === 'cpu' };
    process.stderr.write(pairsPlanLines(await makeAuditPlan(checkpoint, pairs, options, how, signal)));
  }
  return withLoadedModel(checkpoint, call, progress, signal, async (model) => {
    const result = await audit(model, pairs, options, { signal, onProgress: progress.show });
    progress.finish();
    return result;
  });
}

function summary({ json, page, wasComplete }: Audit): string {
  const paint = createColors(wantsColour(process.stdout, process.env));
  const warnings = json.pairs.flatMap(({ lint }, i) =>
    lint.map(({ message }) => paint.yellow(`warning, pair ${i + 1}: ${message}`)),
  );
  const lines = [
    ...(wasComplete ? ['The audit was complete already; nothing was changed.'] : []),
    `${paint.bold(json.model.id)}: approximations against exact patching, ${counted(json.pairs.length, 'pair')}`,
    '',
    ...methodRows(json),
    '',
    ...warnings,
    `page: ${paint.cyan(page)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** One line for each kind and method, over all pairs and directions. */
function methodRows(json: AuditJson): string[] {
  const rows = pooledAudit(json).map((one) => {
    const k = headlineFor(one.count);
    const wrong = one.signsOf > 0 ? `${one.signsWrong} of ${one.signsOf}` : '-';
    const { mean } = one.recall[json.recall_at.indexOf(k)]!;
    const numbers = [mean, one.spearmanSize.mean, one.slope.mean].map((value) => real(value));
    const [recall, order, slope] = numbers as [string, string, string];
    return [`${one.kind.replace('_', ' ')}, ${one.method}`, String(k), recall, order, wrong, slope];
  });
  return aligned([['', 'k', 'recall at k', 'order', 'wrong signs', 'slope'], ...rows]);
}
