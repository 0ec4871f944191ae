/**
 * Templates: parsed, checked against their filler lists, and filled with a draw.
 */
import { InputError } from '../errors.ts';
import { sampleWithout, type Random } from '../stats/random.ts';
import { shown } from '../tensor/json.ts';
import type { Filler, FillerValue, TaskSpec, TemplateSpec } from './spec.ts';

/** `{list.place.field}`: `place` counts the different draws of a list from 1. */
interface Slot {
  readonly list: string;
  readonly place: number;
  readonly field?: string;
}
type Piece = string | Slot;

const PARTS = ['clean', 'corrupted', 'answer', 'wrong'] as const;
type Part = (typeof PARTS)[number];

export interface Template extends Readonly<Record<Part, readonly Piece[]>> {
  readonly name: string;
  /** How many different entries of each list a draw needs. */
  readonly needs: ReadonlyMap<string, number>;
}

/** The entries drawn, by list; the first is `{list.1}`. */
export type Draw = ReadonlyMap<string, readonly Filler[]>;

/** A range of characters, the end excluded. */
export type Range = readonly [start: number, end: number];

/** A template with its words. */
export interface Filled {
  readonly clean: string;
  readonly corrupted: string;
  readonly answers: readonly string[];
  readonly wrongs: readonly string[];
  /** The declared span: the characters of the placeholders that differ. */
  readonly spans: { readonly clean: readonly Range[]; readonly corrupted: readonly Range[] };
  /** By `list.k`; of an entry with fields the first text. */
  readonly fillers: Readonly<Record<string, string>>;
}

/** Checks one template of a task. Throws InputError for what does not fit; `what` names it. */
export function parseTemplate(spec: TaskSpec, template: TemplateSpec, what: string): Template {
  const parse = (part: Part) => pieces(template[part], `${what}, ${part}`);
  const parsed = {
    clean: parse('clean'),
    corrupted: parse('corrupted'),
    answer: parse('answer'),
    wrong: parse('wrong'),
  };
  const needs = new Map<string, number>();
  for (const part of PARTS)
    for (const slot of parsed[part].filter((piece) => typeof piece !== 'string')) {
      checkSlot(spec, slot, part, `${what}, ${part}`);
      needs.set(slot.list, Math.max(needs.get(slot.list) ?? 0, slot.place));
    }
  checkSkeleton(parsed.clean, parsed.corrupted, what);
  return { name: template.name, ...parsed, needs };
}

function pieces(text: string, what: string): Piece[] {
  return text.split(/(\{[^{}]*\})/).flatMap((part): Piece[] => {
    if (part === '') return [];
    if (!/[{}]/.test(part)) return [part];
    const match = /^\{([a-z]\w*)\.([1-9]\d?)(?:\.([a-z]\w*))?\}$/i.exec(part);
    if (!match)
      throw new InputError(
        `${what}: expected a placeholder such as {names.1} or {nouns.1.plural}, got ${shown(part)}; name a list, a number and perhaps a field`,
      );
    const [, list = '', place, field] = match;
    return [{ list, place: Number(place), ...(field !== undefined && { field }) }];
  });
}

function slotText({ list, place, field }: Slot): string {
  return `{${[list, place, ...(field === undefined ? [] : [field])].join('.')}}`;
}

function checkSlot(spec: TaskSpec, slot: Slot, part: Part, what: string): void {
  const list = Object.hasOwn(spec.fillers, slot.list) ? spec.fillers[slot.list]! : undefined;
  if (!list)
    throw new InputError(
      `${what}: expected a list of fillers (${Object.keys(spec.fillers).join(', ')}), got ${slotText(slot)}; add the list or mend its name`,
    );
  if (slot.place > list.length)
    throw new InputError(
      `${what}: expected at most ${list.length} different entries of ${slot.list}, got ${slotText(slot)}; add entries`,
    );
  const isAnswer = part === 'answer' || part === 'wrong';
  const isSet = spec.metric !== 'logit_difference' && spec.metric !== 'probability_difference';
  const bad = list.find((entry) => {
    const value = valueOf(entry, slot.field);
    return value === undefined || (typeof value !== 'string' && !(isAnswer && isSet));
  });
  if (bad !== undefined)
    throw new InputError(
      `${what}: expected ${slotText(slot)} to be ${isAnswer && isSet ? 'a text or a list of texts' : 'one text'} in every entry, got ${shown(typeof bad === 'string' ? bad : Object.keys(bad).join(', '))}; mend the entry`,
    );
}

function valueOf(entry: Filler, field: string | undefined): FillerValue | undefined {
  if (typeof entry === 'string') return field === undefined ? entry : undefined;
  return field !== undefined && Object.hasOwn(entry, field) ? entry[field] : undefined;
}

/** Both prompts must be the same words around as many placeholders, of which some differ. */
function checkSkeleton(clean: readonly Piece[], corrupted: readonly Piece[], what: string): void {
  const skeleton = (all: readonly Piece[]) =>
    all.map((piece) => (typeof piece === 'string' ? piece : '{}')).join('');
  if (skeleton(clean) !== skeleton(corrupted) || clean.length !== corrupted.length)
    throw new InputError(
      `${what}: expected the same words around the placeholders of clean and corrupted, got others; move what differs into fillers`,
    );
  if (differing(clean, corrupted).length === 0)
    throw new InputError(
      `${what}: expected clean and corrupted to differ in a placeholder, got the same twice; change one of them`,
    );
}

/** Places of the pieces that are different slots. */
function differing(clean: readonly Piece[], corrupted: readonly Piece[]): number[] {
  return clean.flatMap((piece, i) => {
    const other = corrupted[i]!;
    if (typeof piece === 'string' || typeof other === 'string') return [];
    return slotText(piece) === slotText(other) ? [] : [i];
  });
}

/** Draws different entries of every list that a template needs. */
export function drawFillers(template: Template, spec: TaskSpec, random: Random): Draw {
  return new Map(
    [...template.needs].map(([list, count]) => {
      const entries = spec.fillers[list]!;
      return [list, sampleWithout(random, entries.length, count).map((at) => entries[at]!)];
    }),
  );
}

export function fillTemplate(template: Template, draw: Draw): Filled {
  const spans = differing(template.clean, template.corrupted);
  const clean = prompt(template.clean, draw, spans);
  const corrupted = prompt(template.corrupted, draw, spans);
  return {
    clean: clean.text,
    corrupted: corrupted.text,
    answers: texts(template.answer, draw),
    wrongs: texts(template.wrong, draw),
    spans: { clean: clean.spans, corrupted: corrupted.spans },
    fillers: Object.fromEntries(
      [...draw].flatMap(([list, entries]) =>
        entries.map((entry, i) => [`${list}.${i + 1}`, entryName(entry)]),
      ),
    ),
  };
}

function value(slot: Slot, draw: Draw): FillerValue {
  return valueOf(draw.get(slot.list)![slot.place - 1]!, slot.field)!;
}

function prompt(all: readonly Piece[], draw: Draw, spans: readonly number[]) {
  let text = '';
  const found: Range[] = [];
  all.forEach((piece, i) => {
    const start = text.length;
    text += typeof piece === 'string' ? piece : String(value(piece, draw));
    if (spans.includes(i)) found.push([start, text.length]);
  });
  return { text, spans: found };
}

/** A text, or one for each text of a slot's list. */
function texts(all: readonly Piece[], draw: Draw): string[] {
  return all.reduce<string[]>(
    (made, piece) => {
      const ends = [typeof piece === 'string' ? piece : value(piece, draw)].flat();
      return made.flatMap((begin) => ends.map((end) => begin + end));
    },
    [''],
  );
}

/** What an entry is called: itself, or the first of its fields that is a text. */
function entryName(entry: Filler): string {
  if (typeof entry === 'string') return entry;
  const values = Object.values(entry);
  return values.find((each) => typeof each === 'string') ?? values.flat().join(', ');
}
