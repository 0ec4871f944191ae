/**
 * What to type to make a study again, for its provenance.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { shellWord } from '../study/command.ts';

/** Options that change where results go, or how fast they come, but not the results. */
const NOT_NEEDED: ReadonlySet<string> = new Set([
  'out',
  'resume',
  'json',
  'quiet',
  'threads',
  'shard',
  'memory',
  'plan',
]);

/** The command that was given, from its parsed options, without what only concerns its output. */
export function reproducingCommand(command: CommandUnknownOpts): string {
  const words = command.options.flatMap((option) => {
    const key = option.attributeName();
    const value: unknown = command.getOptionValue(key);
    if (NOT_NEEDED.has(key) || command.getOptionValueSource(key) !== 'cli') return [];
    // --bos and --no-bos are two options of one value.
    if (typeof value === 'boolean') return value === option.negate ? [] : [String(option.long)];
    return [String(option.long), valueText(value)];
  });
  return ['mediators', command.name(), ...words.map(shellWord)].join(' ');
}

function valueText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  // Components are typed as layer.index.
  const words = value.map((each: unknown) => (Array.isArray(each) ? each.join('.') : String(each)));
  return words.length === 0 ? 'none' : words.join(',');
}
