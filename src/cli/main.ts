#!/usr/bin/env node
/**
 * The command line. Exit codes: 0; 2 for the user's mistakes, in one line; 1 for failures; 130 on Ctrl-C.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { CancelledError, InputError } from '../errors.ts';
import { reportCommand } from './report.ts';
import { studyCommand } from './study.ts';

const EXIT = { ok: 0, failure: 1, input: 2, cancelled: 130 } as const;

/** Commands of later versions: known by name, refused. */
const LATER = ['survey', 'merge', 'audit', 'tasks', 'models', 'lab'];

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function program(signal: AbortSignal): Command {
  const root = new Command('mediators')
    .description('Causal mechanistic interpretability of transformer language models: exact, fast, in Node.')
    .version(version())
    .showHelpAfterError(false)
    .addCommand(studyCommand(signal), { isDefault: false })
    .addCommand(reportCommand());
  for (const name of LATER) {
    root.command(name, { hidden: true }).allowUnknownOption().allowExcessArguments().action(() => {
      throw new InputError(`${name} is not yet there in this version; study and report are`);
    });
  }
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return root as Command;
}

/** Ctrl-C stops at the next batch; a second one stops at once. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.cancelled);
    process.stderr.write('\nstopping after this batch; what is complete is kept (Ctrl-C again: at once)\n');
    controller.abort();
  });
  return controller.signal;
}

/** One line for people, and the exit code. */
function explain(error: unknown): { line: string; code: number } {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { line: '', code: EXIT.ok };
    return { line: error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '), code: EXIT.input };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InputError) return { line: message, code: EXIT.input };
  if (error instanceof CancelledError) return { line: message, code: EXIT.cancelled };
  const detail = process.env.MEDIATORS_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
  return { line: `failed: ${message}${detail}`, code: EXIT.failure };
}

try {
  const root = program(interruptible());
  if (process.argv.length <= 2) root.outputHelp();
  else await root.parseAsync(process.argv);
} catch (error) {
  const { line, code } = explain(error);
  if (line !== '') process.stderr.write(`mediators: ${line}\n`);
  process.exitCode = code;
}
