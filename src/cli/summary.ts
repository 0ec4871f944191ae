/**
 * The few lines that a study ends with: metric, what was labelled, warnings, where the page lies.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { LABEL_STYLES } from '../plots/palette.ts';
import { LABELS, type StudyJson } from '../results/study-json.ts';
import type { Study } from '../study/handlers.ts';
import { isSmallD, KINDS, type Kind } from '../terms.ts';

/** So many heads of a label are named. */
const SHOWN = 6;

/** Colour is for terminals, and for those who do not refuse it (https://no-color.org). */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !environment.NO_COLOR;
}

/** What a command prints of a finished study: the file as it is, for scripts, or the summary. */
export async function studyOutput(study: Study, json: boolean): Promise<string> {
  if (json) return readFile(join(study.folder, 'study.json'), 'utf8');
  return `${summaryText(study, wantsColour(process.stdout, process.env))}\n`;
}

/** The summary as text, with colour where asked. */
export function summaryText({ json, page, wasComplete }: Study, colour: boolean): string {
  const paint = createColors(colour);
  const { metric, pair, model, lint } = json;
  const lines = [
    ...(wasComplete ? ['The study was complete already; nothing was changed.'] : []),
    `${paint.bold(model.id)}, ${pair.contrast} pair: F = ${number(metric.clean)} clean, ${number(metric.corrupted)} corrupted, D = ${number(metric.D)}`,
    ...(isSmallD(metric) ? [] : KINDS.flatMap((kind) => labelLine(json, kind))),
    ...lint.map(({ message }) => paint.yellow(`warning: ${message}`)),
    `page: ${paint.cyan(page)}`,
  ];
  return lines.join('\n');
}

function labelLine({ labels }: StudyJson, kind: Kind): string[] {
  const sets = labels[kind];
  if (!sets) return [];
  const parts = LABELS.flatMap((label) => {
    const members = sets[label] ?? [];
    return members.length > 0
      ? [`${members.length} ${LABEL_STYLES[label].name}${examples(kind, members)}`]
      : [];
  });
  return [parts.length === 0 ? `${kind}: none labelled` : `${kind} labelled: ${parts.join(', ')}`];
}

/** The first few heads by name; neurons are too many. */
function examples(kind: Kind, members: readonly (readonly number[])[]): string {
  if (kind !== 'heads') return '';
  const names = members.slice(0, SHOWN).map(([layer, head]) => `${layer}.${head}`);
  return ` (${names.join(' ')}${members.length > SHOWN ? ' …' : ''})`;
}

function number(value: number): string {
  return value.toFixed(3);
}
