import { Command } from '@commander-js/extra-typings';
import { expect, it } from 'vitest';
import { reproducingCommand } from '../../src/cli/reproduce.ts';
import { studyCommand } from '../../src/cli/study.ts';

/** What a study of these arguments would record; nothing runs. */
function recorded(args: readonly string[]): string {
  const command = studyCommand(new AbortController().signal);
  (command as unknown as Command).parseOptions([...args]);
  return reproducingCommand(command);
}

it.each([
  [[], 'mediators study'],
  [['--out', 'a b', '--quiet', '--json', '--resume', '--threads', '2'], 'mediators study'],
  [['--out=x', '--model=./my model', '--raw-weights'], "mediators study --model './my model' --raw-weights"],
  [['--no-bos', '--tau', '0.05'], 'mediators study --no-bos --tau 0.05'],
  [['--bos'], 'mediators study --bos'],
  [['--components', 'heads', '--measures', 'none'], 'mediators study --components heads --measures none'],
  [['--measures', 'through, l2', '--steps', 'auto'], 'mediators study --measures through,l2 --steps auto'],
  [['--clean-ids', '5, 17', '--answer-id', '3'], 'mediators study --clean-ids 5,17 --answer-id 3'],
  [['--clean', "It's", '--answer', ' x$y'], `mediators study --clean 'It'\\''s' --answer ' x$y'`],
  [['--clean', '--json', '--wrong', ''], "mediators study --clean --json --wrong ''"],
])('%j', (args, expected) => expect(recorded(args)).toBe(expected));
