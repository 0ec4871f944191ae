/**
 * The plan of a study, an audit or a survey as text: a table for `--plan`, a line or two before it computes.
 */
import { type AuditOptions, exactStudy } from '../audit/options.ts';
import { type AuditPlan, planAudit } from '../audit/plan.ts';
import { type MeasureOptions, measureRates } from '../study/plan/measure.ts';
import { formatBytes } from '../study/plan/bytes.ts';
import { extentOf } from '../study/plan/flop.ts';
import { batchesFor } from '../study/plan/memory.ts';
import { isWorthMeasuring, type PlannedModel, planStudy, type StudyPlan } from '../study/plan/plan.ts';
import type { StudyOptions } from '../study/options.ts';
import type { Rates } from '../study/plan/rates.ts';
import type { SurveyOptions } from '../survey/options.ts';
import { BATCHES } from '../survey/pass-work.ts';
import { planSurvey, type SurveyPlan } from '../survey/plan.ts';
import type { DataSet } from '../tasks/item.ts';
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
export function makePlan(
  model: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  call: PlanCall,
  signal: AbortSignal,
): Promise<StudyPlan> {
  return withRates(
    (rates) => planStudy(model, pair, options, rates),
    () => studyRates(model, pair, options, call, signal),
    call,
  );
}

/** The same of an audit; rates are measured on its first pair. */
export function makeAuditPlan(
  model: PlannedModel,
  pairs: readonly Pair[],
  options: AuditOptions,
  call: PlanCall,
  signal: AbortSignal,
): Promise<AuditPlan> {
  const exact = () => exactStudy(model.config, pairs[0]!, options, options.out);
  return withRates(
    (rates) => planAudit(model, pairs, options, rates),
    () => studyRates(model, pairs[0]!, exact(), call, signal),
    call,
  );
}

/** The same of a survey, without the pairs that are done; rates are measured on its first pair. */
export function makeSurveyPlan(
  model: PlannedModel,
  data: DataSet,
  options: SurveyOptions,
  done: ReadonlySet<number>,
  call: PlanCall,
  signal: AbortSignal,
): Promise<SurveyPlan> {
  return withRates(
    (rates) => planSurvey(model, data, options, rates, done),
    () => measureRates(model.config, extentOf(data.items[0]!), options, BATCHES, how(call, signal)),
    call,
  );
}

async function withRates<P extends Pick<StudyPlan, 'flop'>>(
  plan: (rates?: Rates) => P,
  measured: () => Promise<Rates>,
  { measure }: PlanCall,
): Promise<P> {
  const guess = plan();
  return measure && isWorthMeasuring(guess) ? plan(await measured()) : guess;
}

function studyRates(
  { config }: PlannedModel,
  pair: Pair,
  options: StudyOptions,
  call: PlanCall,
  signal: AbortSignal,
): Promise<Rates> {
  const extent = extentOf(pair);
  return measureRates(config, extent, options, batchesFor(config, extent, options), how(call, signal));
}

function how({ threads }: PlanCall, signal: AbortSignal): MeasureOptions {
  return { signal, ...(threads !== undefined && { threads }) };
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

/** The same of an audit or a survey, and what comes on top. */
export function pairsPlanLines(plan: AuditPlan | SurveyPlan): string {
  const { not_counted } = plan;
  const onTop = not_counted.length > 0 ? `; not counted: ${not_counted.join(', ')}` : '';
  return `${planLines(plan).trimEnd()}${onTop}\n`;
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

/** The whole plan of a survey as an aligned table. */
export function surveyPlanTable(plan: SurveyPlan): string {
  const { model, pairs, blocks, not_counted } = plan;
  return [
    `${model}, ${counted(pairs, 'pair')} in ${counted(blocks, 'block')} that share sessions`,
    '',
    ...phaseTable(plan),
    '',
    timeLine(plan),
    'Memory: peaks of the whole process, without what is not counted.',
    'Disk: scores, figures and page, without metadata and tables.',
    ...(not_counted.length > 0 ? [`Not counted: ${not_counted.join(', ')}.`] : []),
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
