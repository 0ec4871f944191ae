/**
 * The few lines that a study ends with: metric, what was labelled, warnings, where the page lies.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { LABEL_STYLES } from '../plots/palette.ts';
import { componentName } from '../plots/text.ts';
import { partnerText, RELATION_WORDS } from '../report/study/partner-words.ts';
import type { ComponentPartnersJson } from '../results/partners-json.ts';
import { LABELS, type StudyJson } from '../results/study-json.ts';
import type { Study } from '../study/handlers.ts';
import { type Component, isSmallD, KINDS, type Kind } from '../terms.ts';

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
    ...(isSmallD(metric) ? [] : [...KINDS.flatMap((kind) => labelLine(json, kind)), ...partnerLines(json)]),
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
function examples(kind: Kind, members: readonly Component[]): string {
  if (kind !== 'heads') return '';
  const names = members.slice(0, SHOWN).map((head) => componentName(kind, head));
  return ` (${names.join(' ')}${members.length > SHOWN ? ' …' : ''})`;
}

/** The strongest partner of the strongest components, and what only pairs show. */
function partnerLines({ partners = [], hidden_backups: hidden = [] }: StudyJson): string[] {
  const paired = partners.filter((entry) => entry.partners.length > 0);
  return [
    ...(paired.length > 0 ? [`partners: ${strongest(paired)}`] : []),
    ...(hidden.length > 0 ? [`seen in pairs only: ${strongest(hidden)}`] : []),
  ];
}

/** So many components are named with a partner. */
const PAIRS = 3;

function strongest(entries: readonly ComponentPartnersJson[]): string {
  const shown = entries.slice(0, PAIRS).map(({ kind, component, partners: [first] }) => {
    return `${componentName(kind, component)} ${RELATION_WORDS[first!.relation]} ${partnerText(first!)}`;
  });
  const rest = entries.length - shown.length;
  return `${shown.join('; ')}${rest > 0 ? `; ${rest} more` : ''}`;
}

function number(value: number): string {
  return value.toFixed(3);
}
