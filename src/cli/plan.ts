/**
 * The plan of a study or an audit as text: a table for `--plan`, a line or two before it computes.
 */
import { type AuditOptions, exactStudy } from '../audit/options.ts';
import { type AuditPlan, planAudit } from '../audit/plan.ts';
import { measureRates } from '../study/plan/measure.ts';
import { formatBytes } from '../study/plan/bytes.ts';
import { extentOf } from '../study/plan/flop.ts';
import { batchesFor } from '../study/plan/memory.ts';
import { isWorthMeasuring, type PlannedModel, planStudy, type StudyPlan } from '../study/plan/plan.ts';
import type { StudyOptions } from '../study/options.ts';
import type { Rates } from '../study/plan/rates.ts';
import type { Pair } from '../tasks/pair.ts';
import { counted } from '../words.ts';
import { aligned } from './aligned.ts';
import { duration, size } from './progress.ts';

export interface PlanCall {
  readonly threads: number | undefined;
  /** Whether time may be spent on measuring. */
  readonly measure: boolean;
}

/** The plan, with the machine's measured rates where the work is large enough to be worth it. */
export async function makePlan(
  model: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  call: PlanCall,
  signal: AbortSignal,
): Promise<StudyPlan> {
  const guess = planStudy(model, pair, options);
  if (!call.measure || !isWorthMeasuring(guess)) return guess;
  return planStudy(model, pair, options, await ratesFor(model, pair, options, call, signal));
}

/** The same of an audit; rates are measured on its first pair. */
export async function makeAuditPlan(
  model: PlannedModel,
  pairs: readonly Pair[],
  options: AuditOptions,
  call: PlanCall,
  signal: AbortSignal,
): Promise<AuditPlan> {
  const guess = planAudit(model, pairs, options);
  if (!call.measure || !isWorthMeasuring(guess)) return guess;
  const exact = exactStudy(model.config, pairs[0]!, options, options.out);
  return planAudit(model, pairs, options, await ratesFor(model, pairs[0]!, exact, call, signal));
}

function ratesFor(
  { config }: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  { threads }: PlanCall,
  signal: AbortSignal,
): Promise<Rates> {
  const extent = extentOf(pair);
  const how = { signal, ...(threads !== undefined && { threads }) };
  return measureRates(config, extent, options, batchesFor(config, extent, options), how);
}

type Costs = Pick<
  StudyPlan,
  'phases' | 'runs' | 'flop' | 'seconds' | 'peak_bytes' | 'disk_bytes' | 'rate'
> & { readonly at_least?: boolean };

/** One or two lines for people who wait. */
export function planLines(plan: Costs): string {
  const { runs, seconds, peak_bytes, disk_bytes } = plan;
  return [
    `plan: ${count(runs)} runs, ${flopText(plan)}, ${about(plan)}${duration(1000 * seconds)}, `,
    `up to ${formatBytes(peak_bytes)} of memory, ${size(disk_bytes)} on disk\n`,
  ].join('');
}

/** The same of an audit, and what comes on top. */
export function auditPlanLines(plan: AuditPlan): string {
  return `${planLines(plan).trimEnd()}; not counted: ${plan.not_counted.join(', ')}\n`;
}

/** The whole plan of an audit as an aligned table. */
export function auditPlanTable(plan: AuditPlan): string {
  const { model, pairs, budget, work_bytes, not_counted } = plan;
  return [
    `${model}, ${counted(pairs, 'pair')}`,
    '',
    ...phaseTable(plan),
    '',
    timeLine(plan),
    `Memory: peaks of the whole process; budget ${formatBytes(budget)}.`,
    `Disk: without metadata; up to ${size(work_bytes)} of it at a time go when the study of a pair ends.`,
    `Not counted: ${not_counted.join(', ')}.`,
  ].join('\n');
}

/** The whole plan as an aligned table, with what it rests on and what options would spare. */
export function planTable(plan: StudyPlan): string {
  const { batch, rows, budget, model, tokens, first_difference, work_bytes } = plan;
  return [
    `${model}, ${tokens} tokens that differ from position ${first_difference} on`,
    '',
    ...phaseTable(plan),
    '',
    timeLine(plan),
    `Memory: peaks of the whole process; budget ${formatBytes(budget)}, so up to ${batch} patched runs in a batch and ${rows} points of a path.`,
    `Disk: without metadata; ${size(work_bytes)} of it go when the study ends.`,
    ...spared(plan),
  ].join('\n');
}

/** A row for each phase, and one for all. */
function phaseTable(plan: Costs): string[] {
  const total = { ...plan, name: 'total' };
  const cells = [...plan.phases, total].map((phase) => [
    phase.name,
    phase.runs === 0 ? '-' : count(phase.runs),
    phase.flop === 0 ? '-' : flopText(phase),
    duration(1000 * phase.seconds),
    formatBytes(phase.peak_bytes),
    phase.disk_bytes === 0 ? '-' : size(phase.disk_bytes),
  ]);
  return aligned([['phase', 'runs', 'FLOP', 'time', 'memory', 'disk'], ...cells]);
}

function timeLine({ rate, at_least }: Costs): string {
  const source =
    rate === 'measured' ? 'at rates just measured on this machine' : 'a cautious guess, nothing was measured';
  return `Time: ${source}${at_least ? '; --steps auto may take more points' : ''}.`;
}

function spared({ spare }: StudyPlan): string[] {
  if (spare.length === 0) return [];
  const cells = spare.map(({ option, seconds, bytes }) => [
    option,
    seconds > 0.05 ? duration(1000 * seconds) : '-',
    bytes > 0 ? size(bytes) : '-',
  ]);
  return ['', ...aligned([['would spare', 'time', 'disk'], ...cells])];
}

function about({ rate, at_least }: Costs): string {
  if (at_least) return 'at least ';
  return rate === 'measured' ? 'about ' : 'perhaps ';
}

/** `46 080`: thousands apart. */
function count(value: number): string {
  return value.toLocaleString('en').replaceAll(',', ' ');
}

/** `23 TFLOP`. */
function flopText({ flop }: { readonly flop: number }): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(flop) / 3)));
  return `${Number((flop / 1000 ** power).toPrecision(3))} ${units[power]}FLOP`;
}
