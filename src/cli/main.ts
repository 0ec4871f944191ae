#!/usr/bin/env node
/**
 * The command line. Exit codes: 0; 2 for the user's mistakes, in one line; 1 for failures; 130 on Ctrl-C.
 */
import { readFileSync } from 'node:fs';
import { Command } from '@commander-js/extra-typings';
import { ablateCommand } from './ablate.ts';
import { auditCommand } from './audit.ts';
import { compareCommand } from './compare.ts';
import { InputError } from '../errors.ts';
import { commandsText, explain, EXIT } from './exit.ts';
import { exportCommand } from './export.ts';
import { faithfulnessCommand } from './faithfulness.ts';
import { mergeCommand } from './merge.ts';
import { pathsCommand } from './paths.ts';
import { reportCommand } from './report.ts';
import { studyCommand } from './study.ts';
import { surveyCommand } from './survey.ts';
import { tasksCommand } from './tasks.ts';

/** Commands of later versions: known by name, refused. */
const LATER = ['models', 'lab'];

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function program(signal: AbortSignal): Command {
  const root = new Command('mediators')
    .description('Causal mechanistic interpretability of transformer language models: exact, fast, in Node.')
    .version(version())
    .addCommand(studyCommand(signal))
    .addCommand(surveyCommand(signal))
    .addCommand(ablateCommand(signal))
    .addCommand(faithfulnessCommand(signal))
    .addCommand(compareCommand(signal))
    .addCommand(mergeCommand(signal))
    .addCommand(pathsCommand(signal))
    .addCommand(auditCommand(signal))
    .addCommand(reportCommand(signal))
    .addCommand(exportCommand())
    .addCommand(tasksCommand())
    .addHelpText('after', '\nmediators help <command> tells the options of a command.')
    .helpCommand('help [command]', 'display help for a command') as Command;
  for (const name of LATER) {
    root
      .command(name, { hidden: true })
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new InputError(`${name} is not yet there in this version; ${commandsText('and')} are there`);
      });
  }
  for (const command of [root, ...root.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return root;
}

/** Ctrl-C stops at the next batch; a second one stops at once. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.cancelled);
    const newLine = process.stderr.isTTY ? '\n' : '';
    process.stderr.write(`${newLine}stopping; what is complete is kept (Ctrl-C again: at once)\n`);
    controller.abort();
  });
  return controller.signal;
}

function fail(error: unknown): void {
  const { line, code } = explain(error, process.argv.slice(2));
  if (line !== '') process.stderr.write(`mediators: ${line}\n`);
  process.exitCode = code;
}

/** What nobody awaited must not end in a stack trace. A reader that went away (`| head`) is no failure. */
function guardTheProcess(): void {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      fail(error);
      process.exit();
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
}

guardTheProcess();
try {
  const root = program(interruptible());
  if (process.argv.length <= 2) root.outputHelp();
  else await root.parseAsync(process.argv);
} catch (error) {
  fail(error);
}
