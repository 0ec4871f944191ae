/**
 * From an error to one line for people and an exit code.
 */
import { CommanderError } from '@commander-js/extra-typings';
import { CancelledError, InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';

export const EXIT = { ok: 0, failure: 1, input: 2, cancelled: 130 } as const;

/** In the order of the help. */
const COMMANDS: readonly string[] = [
  'study',
  'survey',
  'ablate',
  'faithfulness',
  'compare',
  'merge',
  'paths',
  'audit',
  'report',
  'export',
  'tasks',
];
/** All of them with a word before the last. */
export function commandsText(word: 'and' | 'or'): string {
  return `${COMMANDS.slice(0, -1).join(', ')} ${word} ${COMMANDS.at(-1)}`;
}

export interface Explanation {
  /** Empty where there is nothing to say. */
  readonly line: string;
  readonly code: number;
}

/** `words` are the arguments of the command line. */
export function explain(error: unknown, words: readonly string[]): Explanation {
  if (error instanceof CommanderError) return explainParsing(error, words);
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof InputError) return { line: message, code: EXIT.input };
  if (error instanceof CancelledError) return { line: message, code: EXIT.cancelled };
  const detail = process.env.MEDIATORS_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
  return { line: `failed: ${message}${detail}`, code: EXIT.failure };
}

/** What commander says of unknown commands and options, in our words and with the way to help. */
function explainParsing(error: CommanderError, words: readonly string[]): Explanation {
  if (error.exitCode === 0) return { line: '', code: EXIT.ok };
  const known = words.find((word) => COMMANDS.includes(word));
  const help = known === undefined ? 'mediators --help' : `mediators ${known} --help`;
  // commander's own message is then "(outputHelp)".
  const what =
    error.code === 'commander.help'
      ? `expected a command, ${commandsText('or')}, got ${shown(words.at(-1))}`
      : oneLine(error.message.replace(/^error: /, '')).replace(/\.$/, '');
  return { line: `${what}; see ${help}`, code: EXIT.input };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
