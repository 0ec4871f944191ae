/**
 * Pairs opened by any metric: which sessions they share, and that each is measured by its own tokens.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Model } from '../../src/patch/model.ts';
import { openPair, openPrompts } from '../../src/patch/open-pair.ts';
import { finalLogits } from '../../src/patch/pair-runs.ts';
import type { SuffixChain } from '../../src/patch/suffix.ts';
import { carrying } from '../../src/patch/variants.ts';
import {
  evaluateMetric,
  klDivergence,
  logitDifference,
  logProbability,
  type Metric,
  setDifference,
} from '../../src/tasks/metric.ts';
import { type Pair, pairFromIds } from '../../src/tasks/pair.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

const reference = readCase('gpt2-plain');
let model: Model;
let pair: Pair;
/** Of another length, and another first difference. */
let other: Pair;
beforeAll(async () => {
  model = await loadTiny(reference.folder);
  pair = pairOf(model, reference);
  other = pairFromIds(model.config, { clean: [0, 5, 9, 2], corrupted: [0, 6, 9, 2], answer: 3, wrong: 4 });
});
afterAll(() => model.dispose());

/** The keys of a chain's sessions, stage by stage. */
async function keysOf(chain: SuffixChain): Promise<string[]> {
  const keys: string[] = [];
  for (const index of chain.stages.keys()) keys.push((await chain.session(index, carrying)).key);
  return keys;
}

const opened = async (of: Pair, metric: Metric) => (await openPrompts(model.loaded, of, metric)).chain;

test('a metric is in the key of its own stage alone', async () => {
  const first = await keysOf(await opened(pair, logitDifference(1, 2)));
  const second = await keysOf(await opened(pair, setDifference('logit', [1], [2, 3])));
  expect(second.slice(0, -1)).toEqual(first.slice(0, -1));
  expect(second.at(-1)).not.toBe(first.at(-1));
});

test.each<[string, Metric, Metric]>([
  ['log probabilities', logProbability(1), logProbability(2)],
  [
    'differences of probability',
    setDifference('probability', [1], [2]),
    setDifference('probability', [3], [4, 5]),
  ],
])('%s of pairs of any length share the session of the unembedding', async (_word, first, second) => {
  const key = async (of: Pair, metric: Metric) => (await keysOf(await opened(of, metric))).at(-1);
  expect(await key(other, second)).toBe(await key(pair, first));
});

test('what is opened after another is measured by its own metric', async () => {
  const metrics = [
    logProbability(1),
    logProbability(2),
    setDifference('probability', [1, 4], [2]),
    setDifference('probability', [2], [3, 5, 6]),
    klDivergence(reference.expected('hf.clean.logits').data.slice(-model.config.vocabulary)),
    klDivergence(new Float32Array(model.config.vocabulary)),
  ];
  for (const metric of metrics) {
    for (const each of [pair, other]) {
      const { chain, runs } = await openPrompts(model.loaded, each, metric);
      const both = [runs.clean, runs.corrupted];
      const expected = (await finalLogits(chain, both)).map(({ data }) => evaluateMetric(metric, data));
      expect(both.map((run) => run.metric)).toBeClose(expected, TOLERANCES.reference);
    }
  }
});

test('a pair is measured by its answers, where nothing else is said', async () => {
  const { metric } = await openPair(model.loaded, pair);
  expect(metric).toEqual(logitDifference(pair.answer.id, pair.wrong.id));
});
