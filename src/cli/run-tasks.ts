/**
 * What `mediators tasks` does once its options are known to be right.
 */
import { openCheckpoint } from '../model/loaders/open.ts';
import { TASKS } from '../tasks/builtin/index.ts';
import { describeTask } from '../tasks/describe.ts';
import { contrastsOf, reasonCounts } from '../tasks/generate.ts';
import type { DataSet, Item } from '../tasks/item.ts';
import type { TaskSpec } from '../tasks/spec.ts';
import { counted } from '../words.ts';
import { type DataRequest, readDataSet } from './data-set.ts';
import { readTask } from './task.ts';

/** Answers of a set that are printed. */
const SHOWN_ANSWERS = 6;
/** Skipped draws or rows that are printed, by reason. */
const SHOWN_REASONS = 5;

export interface SampleCall {
  readonly request: DataRequest;
  /** `--model`. */
  readonly model: string;
  readonly json: boolean;
}

export function listTasks(json: boolean): void {
  const tasks = Object.values(TASKS);
  if (json) return print(JSON.stringify(tasks.map(overview), null, 2));
  const width = Math.max(...tasks.map(({ name }) => name.length));
  const rows = tasks.map(
    (spec) => `${spec.name.padEnd(width)}  ${spec.title}: ${spec.metric}, ${contrastsOf(spec).join(' or ')}`,
  );
  print(rows.join('\n'));
}

function overview(spec: TaskSpec) {
  const { name, title, about, metric } = spec;
  return { name, title, about, metric, contrasts: contrastsOf(spec) };
}

/** With `json` what is printed is a task file. */
export async function showTask(name: string, json: boolean): Promise<void> {
  const spec = await readTask(name);
  print(json ? JSON.stringify(spec, null, 2) : describeTask(spec));
}

export async function sampleTask({ request, model, json }: SampleCall): Promise<void> {
  const checkpoint = await openCheckpoint(model);
  try {
    const data = await readDataSet(checkpoint, request);
    print(json ? JSON.stringify({ model: checkpoint.id, ...data }, null, 2) : sampleText(data));
  } finally {
    await checkpoint.close();
  }
}

function sampleText(data: DataSet): string {
  const { task, contrast, metric, items, skipped, notes } = data;
  const counts = reasonCounts(skipped);
  const reasons = counts.slice(0, SHOWN_REASONS).map(({ reason, count }) => `  ${count} x ${reason}`);
  const hidden = counts.length - reasons.length;
  return [
    `${task}, ${contrast}, ${metric}: ${counted(items.length, 'pair')}`,
    ...items.flatMap((item) => ['', ...itemLines(item)]),
    '',
    ...notes,
    ...(skipped.length > 0 ? [`left out: ${skipped.length}`, ...reasons] : []),
    ...(hidden > 0 ? [`  and ${hidden} other reasons; --json has them all`] : []),
  ]
    .join('\n')
    .trimEnd();
}

function itemLines({ clean, corrupted, positive, negative, firstDifference, reverseOf }: Item): string[] {
  const answers = (tokens: Item['positive']) => {
    const shown = tokens.slice(0, SHOWN_ANSWERS).map(({ text }) => JSON.stringify(text));
    return tokens.length > shown.length ? `${shown.join(' ')} ... (${tokens.length})` : shown.join(' ');
  };
  const rest = `${clean.ids.length} tokens, different from ${firstDifference} on`;
  return [
    `clean      ${clean.text}`,
    `corrupted  ${corrupted.text}`,
    `answers    ${answers(positive)} against ${answers(negative)}; ${rest}`,
    ...(reverseOf === undefined
      ? []
      : [`           the pair of row ${reverseOf} with its prompts exchanged`]),
  ];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
