/**
 * The few lines that a study ends with.
 */
import { createColors } from 'picocolors';
import { KINDS, type StudyJson } from '../results/study-json.ts';
import type { Study } from '../study/study.ts';

const SHOWN = 6;

/** The summary as text, with colour where asked. */
export function summaryText({ json, page, wasComplete }: Study, colour: boolean): string {
  const paint = createColors(colour);
  const { metric, pair, model, lint } = json;
  const lines = [
    wasComplete ? 'The study was complete already; nothing was changed.' : '',
    `${paint.bold(model.id)}, ${pair.contrast} pair: F = ${number(metric.clean)} clean, ${number(metric.corrupted)} corrupted, D = ${number(metric.D)}`,
    ...KINDS.flatMap((kind) => labelLine(json, kind)),
    ...lint.map(({ message }) => paint.yellow(`warning: ${message}`)),
    `page: ${paint.cyan(page)}`,
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function labelLine({ labels }: StudyJson, kind: (typeof KINDS)[number]): string[] {
  const sets = Object.entries(labels[kind] ?? {}).filter(([, members]) => members.length > 0);
  if (!labels[kind]) return [];
  if (sets.length === 0) return [`${kind}: none labelled`];
  const parts = sets.map(([name, members]) => `${members.length} ${name.replace('_', ' ')}${examples(kind, members)}`);
  return [`${kind} labelled: ${parts.join(', ')}`];
}

/** The first few heads by name; neurons are too many. */
function examples(kind: string, members: readonly (readonly number[])[]): string {
  if (kind !== 'heads') return '';
  const names = members.slice(0, SHOWN).map(([layer, head]) => `${layer}.${head}`);
  return ` (${names.join(' ')}${members.length > SHOWN ? ' …' : ''})`;
}

function number(value: number): string {
  return value.toFixed(3);
}
