/**
 * What a refused `--resume` says of other pairs: what a user knows, and a hash only where nothing else tells.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstDifference } from '../../src/study/folder.ts';
import { dataIdentity } from '../../src/survey/data.ts';
import { taskData, taskDataFromCsv } from '../../src/task-data.ts';
import type { DataSet } from '../../src/tasks/item.ts';
import { embedded } from '../support/task-models.ts';

const MODEL = await embedded();
const SEED = { seed: 0 };
const FILE = readFileSync(join(import.meta.dirname, '../fixtures/tasks/ioi.csv'), 'utf8');
const drawn = (options: Partial<Parameters<typeof taskData>[2]> = {}) =>
  taskData(MODEL, 'ioi', { n: 6, contrast: 'swap', ...options });
const ofFile = (name: string, text = FILE) => taskDataFromCsv(MODEL, 'ioi', Buffer.from(text), name);

function told(a: DataSet, b: DataSet, [mine, yours] = [SEED, SEED]): string | undefined {
  const found = firstDifference(dataIdentity(a, mine!), dataIdentity(b, yours!));
  return found && `${found.key}: ${found.a}, ${found.b}`;
}

test.each<[what: string, got: string | undefined, expected: string | undefined]>([
  ['the same drawn again', told(drawn(), drawn()), undefined],
  [
    'fewer, of another task, seed and contrast',
    told(drawn(), taskData(MODEL, 'sva', { n: 4, seed: 2 }), [SEED, { seed: 2 }]),
    'pairs: 6, 4',
  ],
  ['another task', told(drawn(), taskData(MODEL, 'sva', { n: 6 })), 'task: "ioi", "sva"'],
  ['another contrast', told(drawn(), drawn({ contrast: 'removal' })), 'contrast: "swap", "removal"'],
  ['another seed', told(drawn(), drawn({ seed: 1 }), [SEED, { seed: 1 }]), 'seed: 0, 1'],
  ['a file in place of drawn pairs', told(drawn(), ofFile('a.csv')), 'file: none, "a.csv"'],
  ['drawn pairs in place of a file', told(ofFile('a.csv'), drawn()), 'file: "a.csv", none'],
  ['a file of another name with the same pairs', told(ofFile('a.csv'), ofFile('b.csv')), undefined],
  [
    'another file',
    told(ofFile('a.csv'), ofFile('b.csv', FILE.replaceAll('Philip', 'Peter'))),
    'file: "a.csv", "b.csv"',
  ],
])('%s', (_, got, expected) => expect(got).toBe(expected));

test('a file that was changed, and prompts with another beginning, are told by the hash alone', () => {
  const hashes = /^pairs_hash: "[0-9a-f]{16}", "[0-9a-f]{16}"$/;
  expect(told(ofFile('a.csv'), ofFile('a.csv', FILE.replaceAll('Philip', 'Peter')))).toMatch(hashes);
  expect(told(drawn(), drawn({ bos: false }))).toMatch(hashes);
});
