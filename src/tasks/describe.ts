/**
 * A task in Markdown: for docs/tasks.md and `mediators tasks show`.
 */
import { contrastsOf } from './generate.ts';
import type { Filler, TaskSpec } from './spec.ts';

/** Lists of answers longer than this are not written out. */
const MOST_ANSWERS = 12;

const METRICS: Readonly<Record<TaskSpec['metric'], string>> = {
  logit_difference: 'logit of the answer minus logit of the wrong answer',
  probability_difference: 'probability of the answer minus that of the wrong answer',
  greater_than: 'sum of the probabilities of the answers minus that of the wrong answers',
  agreement: 'sum of the probabilities of the answers minus that of the wrong answers',
  answer_sets: 'sum of the probabilities of the answers minus that of the wrong answers',
};
const DIGITS = {
  pairs: 'The tokenizer must write each of "00" to "99" as one token.',
  single: 'The tokenizer must write each digit as a token of its own.',
};

/** What the task is, all of its templates and all of its fillers. */
export function describeTask(spec: TaskSpec): string {
  const rules = [
    `Metric: \`${spec.metric}\`, ${METRICS[spec.metric]}.`,
    ...(spec.digits ? [DIGITS[spec.digits]] : []),
    ...(spec.severalTokens ? ['Answers may be several tokens.'] : []),
  ];
  return [
    `## \`${spec.name}\`: ${spec.title}`,
    spec.about,
    rules.join(' '),
    ...contrastsOf(spec).map((contrast) => templateTable(spec, contrast)),
    Object.entries(spec.fillers)
      .map(([name, list]) => fillerLine(name, list))
      .join('\n'),
  ].join('\n\n');
}

function templateTable(spec: TaskSpec, contrast: 'removal' | 'swap'): string {
  const rows = spec.templates[contrast]!.map((template) =>
    [template.clean, template.corrupted, template.answer, template.wrong].map((text) => `\`${text}\``),
  );
  const table = [['clean', 'corrupted', 'answer', 'wrong answer'], ['---', '---', '---', '---'], ...rows];
  return [`Contrast \`${contrast}\`:`, '', ...table.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
}

function fillerLine(name: string, list: readonly Filler[]): string {
  const fields = fieldsOf(list);
  const of = fields.length > 0 ? `, each with ${fields.join(', ')}` : '';
  return `- \`${name}\` (${list.length}${of}): ${list.map((entry) => entryText(entry)).join('; ')}`;
}

function fieldsOf(list: readonly Filler[]): string[] {
  const [first] = list;
  return typeof first === 'object' ? Object.keys(first).map((field) => `\`${field}\``) : [];
}

/** All that is short: texts, and lists of few answers. */
function entryText(entry: Filler): string {
  if (typeof entry === 'string') return entry;
  const values = Object.values(entry);
  const short = values.every((value) => typeof value === 'string' || value.length <= MOST_ANSWERS);
  return values
    .flatMap((value) =>
      typeof value === 'string' ? [value] : short ? [value.map((each) => each.trim()).join(', ')] : [],
    )
    .join(' / ');
}
