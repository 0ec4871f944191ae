/**
 * A study and what else happens to its model: another study, another model's pair, a stop in the middle.
 */
import { expect, test } from 'vitest';
import { CancelledError, InputError } from '../../src/errors.ts';
import { study } from '../../src/study/study.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { differingFiles, EVERYTHING, runStudy, scratch } from '../support/studies.ts';

const out = scratch();
const reference = readCase('gpt2-plain');

test('a second study on one model is refused while the first runs, and leaves no folder', async () => {
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  const alone = await runStudy(model, pair, { out: out('alone'), ...EVERYTHING });
  const first = study(model, pair, { out: out('first'), ...EVERYTHING });
  const second = out('second');
  await expect(study(model, pair, { out: second, ...EVERYTHING })).rejects.toThrow(/one study at a time/);
  expect(differingFiles((await first).folder, alone.folder)).toEqual([]);
  await study(model, pair, { out: second, ...EVERYTHING });
});

test('a pair of another model is refused', async () => {
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  const foreign = { ...pair, answer: { id: model.config.vocabulary } };
  await expect(study(model, foreign, { out: out('foreign') })).rejects.toBeInstanceOf(InputError);
});

test('a model goes on after a study that was stopped, and after sessions were released under way', async () => {
  await using model = await loadTiny(reference.folder);
  const pair = pairOf(model, reference);
  const stop = new AbortController();
  const stopped = study(
    model,
    pair,
    { out: out('stopped'), ...EVERYTHING },
    {
      signal: stop.signal,
      onProgress: ({ phase, done }) => phase === 'patching' && done > 0 && stop.abort(),
    },
  );
  await expect(stopped).rejects.toBeInstanceOf(CancelledError);
  const before = await model.runWithCache(pair.clean.ids);
  await Promise.allSettled([
    model.runWithCache(pair.clean.ids, { names: 'hook_embed' }),
    model.loaded.sessions.release(),
  ]);
  const after = await model.runWithCache(pair.clean.ids, { names: 'hook_embed' });
  expect(after.logits).toEqual(before.logits);
});
