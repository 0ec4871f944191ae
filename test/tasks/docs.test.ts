import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TASK_NAMES, TASKS } from '../../src/tasks/builtin/index.ts';
import { describeTask } from '../../src/tasks/describe.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = read('docs/tasks.md');

test.each(TASK_NAMES)('docs/tasks.md prints the templates and fillers of %s', (name) => {
  expect(page).toContain(`\n${describeTask(TASKS[name])}\n`);
  expect(page).toContain(`| \`${name}\` |`);
});

test('docs/tasks.md prints the example', () => {
  expect(page).toContain(read('examples/possessive.json'));
});
