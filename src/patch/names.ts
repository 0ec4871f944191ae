/**
 * Which hook points a run keeps.
 */
import { InputError } from '../errors.ts';

/** An exact name, a glob in which `*` stands for any text, a list of either, or a predicate. */
export type NamesFilter = string | readonly string[] | ((name: string) => boolean);

/** The names that a filter accepts, in the model's order; all without one. Throws InputError where a name or glob matches none. */
export function selectNames(all: readonly string[], filter?: NamesFilter): string[] {
  if (filter === undefined) return [...all];
  if (typeof filter === 'function') return all.filter(filter);
  const patterns = (typeof filter === 'string' ? [filter] : filter).map((text) => ({
    text,
    matches: matcher(text),
  }));
  const idle = patterns.find(({ matches }) => !all.some(matches));
  if (idle)
    throw new InputError(
      `expected a hook point or a glob that matches some, got "${idle.text}"; hookNames() lists them`,
    );
  return all.filter((name) => patterns.some(({ matches }) => matches(name)));
}

function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern;
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*')}$`);
  return (name) => expression.test(name);
}
