/**
 * Whose a folder is, when several ask at once.
 */
import { expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { StudyFolder } from '../../src/study/folder.ts';
import { scratch } from '../support/studies.ts';

const out = scratch();

/** Claims one folder for studies of these seeds at the same time. */
function claims(seeds: readonly number[]) {
  const path = out('claimed');
  const claim = async (seed: number) => (await StudyFolder.open(path, true)).claim({ seed });
  return Promise.allSettled(seeds.map(claim));
}

test('shards of one study may all begin it', async () => {
  const results = await claims(Array.from({ length: 20 }, () => 1));
  for (const result of results) expect(result).toMatchObject({ status: 'fulfilled' });
});

test('of several studies one gets it, and the others are told', async () => {
  const results = await claims(Array.from({ length: 20 }, (_, seed) => seed));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    expect(result.reason).toBeInstanceOf(InputError);
    expect((result.reason as Error).message).toMatch(/with seed \d+, got seed \d+; give the same/);
  }
});
