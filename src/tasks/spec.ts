/**
 * A task as data: templates, fillers and what is measured. The built-in tasks and a user's task file have this shape.
 */
import type { Contrast, MetricWord } from '../terms.ts';

/** The field of a filler: a text, or several texts where it serves as a set of answers. */
export type FillerValue = string | readonly string[];
/** An entry of a filler list: a text, or fields by name. */
export type Filler = string | Readonly<Record<string, FillerValue>>;

/**
 * One sentence form. `{list.k}` or `{list.k.field}` is the k-th *different* draw of a filler list. Both prompts have the
 * same words and as many placeholders; the places where the placeholders differ are the pair's declared span.
 */
export interface TemplateSpec {
  /** Of the sentence: forms of one sentence share it, and are one cluster of a survey's statistics. */
  readonly name: string;
  readonly clean: string;
  readonly corrupted: string;
  /** With its leading space. A placeholder whose value is a list makes a set of answers. */
  readonly answer: string;
  readonly wrong: string;
}

export interface TaskSpec {
  readonly name: string;
  readonly title: string;
  /** What it measures, plainly. */
  readonly about: string;
  readonly metric: MetricWord;
  /**
   * Whether a single answer may be several tokens: what both answers begin with then moves into both prompts, and the
   * first token that differs is scored. By default such an item is left out.
   */
  readonly severalTokens?: boolean;
  /** What the tokenizer must do with two digits: one token for each of "00" to "99", or one token for each digit. */
  readonly digits?: 'pairs' | 'single';
  /** By contrast, which the task need not have both. */
  readonly templates: Readonly<Partial<Record<Contrast, readonly TemplateSpec[]>>>;
  readonly fillers: Readonly<Record<string, readonly Filler[]>>;
}
