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
import { loadCheckpoint } from '../load-model.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { openCheckpoint } from '../model/loaders/open.ts';
import { AUDIT_FILE, type AuditJson } from '../results/audit-json.ts';
import { headlineFor, pooledAudit } from '../results/audit-summary.ts';
import { checkDevice } from '../runtime/device.ts';
import { checkOut } from '../study/folder.ts';
import { type IdPair, type Pair, pairFor, type TextPair } from '../tasks/pair.ts';
import { parsePairs } from '../tasks/pair-list.ts';
import type { Device } from '../terms.ts';
import { aligned } from './aligned.ts';
import { type ProgressView, progressView } from './progress.ts';
import { wantsColour } from './summary.ts';

/** What was asked for. */
export interface AuditCall {
  /** `--model`. */
  readonly source: string;
  /** `--pairs`: it is read in place of `pairs`. */
  readonly file?: string;
  readonly pairs: readonly (TextPair | IdPair)[];
  readonly bos?: boolean;
  readonly options: AuditOptions;
  readonly raw: boolean;
  readonly threads: number | undefined;
  readonly device: Device;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What can still be wrong is asked in the order of its cost: folder, pairs, the model's files; then weights. */
export async function runAudit(call: AuditCall, signal: AbortSignal): Promise<void> {
  const { options, raw, device } = call;
  await checkOut(options.out, options.resume);
  const asked = call.file === undefined ? call.pairs : await readPairs(call.file);
  const checkpoint = await openCheckpoint(call.source);
  const progress = progressView(call.quiet);
  try {
    const pairs = asked.map((pair, i) => checkedPair(checkpoint, pair, call, i));
    const sha256 = () => checkpoint.sha256();
    const known = { raw, sha256, config: checkpoint.config, engine: { provider: device } };
    const complete = await completeAudit(known, pairs, options);
    const result = complete ?? (await compute(checkpoint, pairs, call, progress, signal));
    process.stdout.write(
      call.json ? await readFile(join(result.folder, AUDIT_FILE), 'utf8') : summary(result),
    );
  } finally {
    progress.stop();
    await checkpoint.close();
  }
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
  { options, raw, threads, device }: AuditCall,
  progress: ProgressView,
  signal: AbortSignal,
): Promise<Audit> {
  await checkDevice(device);
  const model = await loadCheckpoint(checkpoint, {
    raw,
    device,
    signal,
    ...(threads === undefined ? {} : { threads }),
    onProgress: (done, total) => progress.show({ phase: 'weights', done, total, unit: 'bytes' }),
  });
  try {
    const result = await audit(model, pairs, options, { signal, onProgress: progress.show });
    progress.finish();
    return result;
  } finally {
    await model.dispose();
  }
}

function summary({ json, page, wasComplete }: Audit): string {
  const paint = createColors(wantsColour(process.stdout, process.env));
  const warnings = json.pairs.flatMap(({ lint }, i) =>
    lint.map(({ message }) => paint.yellow(`warning, pair ${i + 1}: ${message}`)),
  );
  const lines = [
    ...(wasComplete ? ['The audit was complete already; nothing was changed.'] : []),
    `${paint.bold(json.model.id)}: approximations against exact patching, ${json.pairs.length === 1 ? '1 pair' : `${json.pairs.length} pairs`}`,
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
    const wrong = Number.isNaN(one.signsOf) ? '-' : `${one.signsWrong} of ${one.signsOf}`;
    const { mean } = one.recall[json.recall_at.indexOf(k)]!;
    const numbers = [mean, one.spearmanSize.mean, one.slope.mean].map(rounded);
    const [recall, order, slope] = numbers as [string, string, string];
    return [`${one.kind.replace('_', ' ')}, ${one.method}`, String(k), recall, order, wrong, slope];
  });
  return aligned([['', 'k', 'recall at k', 'order', 'wrong signs', 'slope'], ...rows]);
}

function rounded(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(2);
}
