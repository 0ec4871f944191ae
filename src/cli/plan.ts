/**
 * The plan of a study as text: a table for `--plan`, a line or two before a study computes.
 */
import { measureRates } from '../study/plan/measure.ts';
import { formatBytes } from '../study/plan/bytes.ts';
import { extentOf } from '../study/plan/flop.ts';
import { isWorthMeasuring, type PlannedModel, planStudy, type StudyPlan } from '../study/plan/plan.ts';
import type { StudyOptions } from '../study/options.ts';
import type { Pair } from '../tasks/pair.ts';
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
  { threads, measure }: PlanCall,
  signal: AbortSignal,
): Promise<StudyPlan> {
  const guess = planStudy(model, pair, options);
  if (!measure || !isWorthMeasuring(guess)) return guess;
  const how = { signal, ...(threads !== undefined && { threads }) };
  return planStudy(
    model,
    pair,
    options,
    await measureRates(model.config, extentOf(pair), options, guess, how),
  );
}

/** One or two lines for people who wait. */
export function planLines(plan: StudyPlan): string {
  const { runs, seconds, peak_bytes, disk_bytes } = plan;
  return [
    `plan: ${count(runs)} runs, ${flopText(plan)}, ${about(plan)}${duration(1000 * seconds)}, `,
    `up to ${formatBytes(peak_bytes)} of memory, ${size(disk_bytes)} on disk\n`,
  ].join('');
}

/** The whole plan as an aligned table, with what it rests on and what options would spare. */
export function planTable(plan: StudyPlan): string {
  const { phases, batch, rows, budget, model, tokens, first_difference, work_bytes } = plan;
  const total = { ...plan, name: 'total' };
  const cells = [...phases, total].map((phase) => [
    phase.name,
    phase.runs === 0 ? '-' : count(phase.runs),
    phase.flop === 0 ? '-' : flopText(phase),
    duration(1000 * phase.seconds),
    formatBytes(phase.peak_bytes),
    phase.disk_bytes === 0 ? '-' : size(phase.disk_bytes),
  ]);
  return [
    `${model}, ${tokens} tokens that differ from position ${first_difference} on`,
    '',
    ...aligned([['phase', 'runs', 'FLOP', 'time', 'memory', 'disk'], ...cells]),
    '',
    `Time: ${plan.rate === 'measured' ? 'at rates just measured on this machine' : 'a cautious guess, nothing was measured'}${plan.at_least ? '; --steps auto may take more points' : ''}.`,
    `Memory: peaks of the whole process; budget ${formatBytes(budget)}, so up to ${batch} patched runs in a batch and ${rows} points of a path.`,
    `Disk: without metadata; ${size(work_bytes)} of it go when the study ends.`,
    ...spared(plan),
  ].join('\n');
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

function about({ rate, at_least }: StudyPlan): string {
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
