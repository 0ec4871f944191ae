/**
 * A task's data set, generated: templates and fillers drawn with a seed, checked against the model's tokenizer.
 *
 * Draws do not depend on the tokenizer: it only decides which are valid. So a larger n begins with the items of a smaller one.
 */
import { InputError } from '../errors.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type Random, seededRandom } from '../stats/random.ts';
import { CONTRASTS, type Contrast } from '../terms.ts';
import { checkDigits } from './digits.ts';
import { type Built, type DataSet, type Item, ItemBuilder, type RawItem, type Skipped } from './item.ts';
import type { PairModel } from './pair.ts';
import type { TaskSpec } from './spec.ts';
import { drawFillers, fillTemplate, parseTemplate, type Template } from './template.ts';

export interface TaskDataOptions {
  /** How many items; all of them or an error. */
  readonly n: number;
  /** A whole number of 32 bits; default 0. */
  readonly seed?: number;
  /** Default: swap where the task has it, else removal. */
  readonly contrast?: Contrast;
  /** Whether prompts begin with the beginning-of-sequence token; by default what the tokenizer says. */
  readonly bos?: boolean;
}

/** Draws after which a task without n different valid items gives up: a constant, and so many for each item. */
const DRAWS = { least: 2_000, each: 50 };

/** Why a draw is left out that is valid, but not new. */
const AGAIN = 'the same pair again';

/** The contrasts that a task has. */
export function contrastsOf(spec: TaskSpec): Contrast[] {
  return CONTRASTS.filter((contrast) => (spec.templates[contrast] ?? []).length > 0);
}

/** The contrast that is meant where none is named: swap where the task has it. */
export function defaultContrast(spec: TaskSpec): Contrast {
  return contrastsOf(spec).includes('swap') ? 'swap' : 'removal';
}

/** Checks all templates of a contrast. Throws InputError for a contrast that the task lacks and for what does not fit. */
export function templatesOf(spec: TaskSpec, contrast: Contrast): Template[] {
  const templates = spec.templates[contrast] ?? [];
  if (templates.length === 0)
    throw new InputError(
      `expected a contrast of the task ${spec.name} (${contrastsOf(spec).join(', ')}), got ${contrast}; leave it out or name the other`,
    );
  return templates.map((template) =>
    parseTemplate(spec, template, `task ${spec.name}, ${contrast}, template ${template.name}`),
  );
}

/**
 * n different items of a task, the same for the same seed and tokenizer. Draws that are not valid are listed in `skipped`.
 * Throws InputError for a model without a tokenizer, a contrast that the task lacks, a tokenizer that the task cannot be
 * read with, and where n different valid items are not found.
 */
export function taskData(model: PairModel, spec: TaskSpec, options: TaskDataOptions): DataSet {
  const { n, seed = 0, contrast = defaultContrast(spec), bos } = options;
  const tokenizer = tokenizerOf(model, spec.name);
  if (!Number.isInteger(n) || n < 1)
    throw new InputError(`expected n to be a whole number from 1, got ${n}; ask for at least one item`);
  const draws = new Draws(spec, contrast, seed);
  checkDigits(tokenizer, spec);
  const rules = { metric: spec.metric, severalTokens: spec.severalTokens === true };
  const builder = new ItemBuilder(tokenizer, model.config, bos === undefined ? rules : { ...rules, bos });
  const built: Built[] = [];
  const skipped: Skipped[] = [];
  for (let row = 0; built.length < n; row++) {
    if (row >= DRAWS.least + DRAWS.each * n) throw tooFew(spec, n, built.length, row, skipped);
    const raw = draws.next(row);
    const made = raw ? attempt(() => builder.build(raw)) : AGAIN;
    if (typeof made === 'string') skipped.push({ row, reason: made });
    else built.push(made);
  }
  const items = built.map(({ item }) => item);
  const notes = [...answerNotes(built), ...setNotes(items, spec)];
  return { task: spec.name, metric: spec.metric, contrast, items, skipped, notes };
}

/** Examples of a task, drawn one after the other. */
class Draws {
  private readonly templates: readonly Template[];
  private readonly random: Random;
  private readonly seen = new Set<string>();

  constructor(
    private readonly spec: TaskSpec,
    private readonly contrast: Contrast,
    seed: number,
  ) {
    this.templates = templatesOf(spec, contrast);
    this.random = seededRandom(seed);
  }

  /** The next example; undefined where it came before. A pair counts once, in whichever order its prompts come. */
  next(row: number): RawItem | undefined {
    const template = this.templates[this.random.below(this.templates.length)]!;
    const filled = fillTemplate(template, drawFillers(template, this.spec, this.random));
    const { clean, corrupted, answers, wrongs, spans, fillers } = filled;
    const key = pairKey(clean, corrupted);
    if (this.seen.has(key)) return undefined;
    this.seen.add(key);
    const { contrast } = this;
    return {
      row,
      template: template.name,
      fillers,
      contrast,
      clean,
      corrupted,
      spans,
      positive: answers,
      negative: wrongs,
    };
  }
}

/** The same for a pair of prompts and for the two exchanged. */
export function pairKey(clean: string, corrupted: string): string {
  return JSON.stringify([clean, corrupted].sort());
}

/** What was built, or why it cannot be. */
function attempt<T>(build: () => T): T | string {
  try {
    return build();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** The model's tokenizer. Throws InputError where it has none. */
export function tokenizerOf(model: PairModel, task: string): Tokenizer {
  if (model.tokenizer) return model.tokenizer;
  throw new InputError(
    `expected a model with a tokenizer for the task ${task}, got ${model.id}: ${model.tokenizerProblem ?? 'it has none'}; add tokenizer.json`,
  );
}

/** What happened to answers of several tokens. */
export function answerNotes(built: readonly Built[]): string[] {
  const moved = built.filter((each) => each.moved > 0).length;
  const cut = built.filter((each) => each.cut).length;
  const items = (k: number) => (k === 1 ? '1 item' : `${k} items`);
  return [
    ...(moved > 0
      ? [`In ${items(moved)} both answers begin alike: what they share stands at the end of both prompts.`]
      : []),
    ...(cut > 0 ? [`In ${items(cut)} an answer is several tokens: the first that differs is scored.`] : []),
  ];
}

/** The sizes of the answer lists, for tasks whose answers are sets. */
function setNotes(items: readonly Item[], { metric }: TaskSpec): string[] {
  if (metric !== 'agreement' && metric !== 'answer_sets') return [];
  const sizes = new Set(items.flatMap(({ positive, negative }) => [positive.length, negative.length]));
  const equal = items.every(({ positive, negative }) => positive.length === negative.length);
  return equal && sizes.size === 1
    ? [`Both answer lists of every item have ${[...sizes][0]} tokens, none in common.`]
    : ['Answer lists have no token in common; their lengths differ between items or sides.'];
}

/** Reasons with how often each came, the commonest first; of those that differ in words and numbers alone, the first. */
export function reasonCounts(skipped: readonly Skipped[]): { reason: string; count: number }[] {
  const counts = new Map<string, { reason: string; count: number }>();
  for (const { reason } of skipped) {
    const key = reason.split(/[;:"]/, 1)[0]!.replaceAll(/\d+/g, '0');
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { reason, count: 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

function tooFew(
  spec: TaskSpec,
  n: number,
  found: number,
  draws: number,
  skipped: readonly Skipped[],
): InputError {
  const again = skipped.filter(({ reason }) => reason === AGAIN).length;
  const [first] = reasonCounts(skipped.filter(({ reason }) => reason !== AGAIN));
  const why = [
    ...(again > 0 ? [`${again} came again`] : []),
    ...(first ? [`left out most, ${first.count} times: ${first.reason}`] : []),
  ].join('; ');
  const mend = found === 0 ? 'use another model or other fillers' : `ask for at most ${found}`;
  return new InputError(
    `expected ${n} different items of the task ${spec.name}, got ${found} in ${draws} draws (${why}); ${mend}`,
  );
}
