/**
 * The heads part of the study on a real language model (SmolLM2-135M, Llama architecture, from a GGUF file), as a user
 * runs it. The numbers are those of TransformerLens-style references written apart from this project; attribution
 * takes few points here, since none of them depends on it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { latentSets } from '../../src/latent/highlight.ts';
import { openStudy, type StudyResults } from '../../src/results/read.ts';
import { runCli } from '../support/run-cli.ts';
import { NO_SMOLLM2, smollm2 } from '../support/smollm2.ts';

const HEADS = 9;
/** The contract's bound for the whole process. */
const PEAK_BYTES = 3e9;
const TIMEOUT = 600_000;

const out = mkdtempSync(join(tmpdir(), 'mediators-smollm2-'));
afterAll(() => rmSync(out, { recursive: true }));

const model = smollm2();
let results: StudyResults;
beforeAll(async () => {
  if (model === undefined) return;
  const options = [
    '--pair',
    'notebook',
    '--components',
    'heads',
    '--mediation',
    'none',
    '--steps',
    '8',
    '--quiet',
  ];
  const run = await runCli(['study', '--model', model, ...options, '--out', out]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  results = await openStudy(out);
}, TIMEOUT);

/** A test that needs the model; without it, it is skipped with the reason. */
function check(name: string, body: () => void): void {
  test(name, ({ skip }) => {
    if (model === undefined) skip(NO_SMOLLM2);
    body();
  });
}

const score = (name: string) => results.scores.get(name)!.data;

/** Normalised effects of all heads by exact patching. */
function effects(direction: 'noising' | 'denoising'): Float32Array {
  const sign = direction === 'noising' ? -1 : 1;
  return score(`ap.${direction}.heads`).map((change) => (sign * change) / results.study.metric.D);
}

describe('SmolLM2-135M', () => {
  check('prefers the right name on both prompts of the notebook, without a first token', () => {
    const { pair, metric } = results.study;
    expect(pair.clean.tokens[0]).toBe('When');
    expect(metric.clean).toBeCloseTo(4.2595, 2);
    expect(metric.corrupted).toBeCloseTo(-5.6608, 2);
  });

  check('has a head whose account balances: 23.3 in noising', () => {
    const at = 23 * HEADS + 3;
    const parts = score('ledger.noising.heads').slice(4 * at, 4 * at + 4);
    const expected = [-4.2, 0.8, -1.67, -0.03];
    parts.forEach((part, i) => expect(Math.abs(part - expected[i]!)).toBeLessThan(0.02));
    expect(Math.abs(score('ap.noising.heads')[at]! + 5.11)).toBeLessThan(0.02);
  });

  check('highlights 16 heads by patching in both directions, 11 in each alone', () => {
    const ap = (['noising', 'denoising'] as const).map((direction) => score(`ap.${direction}.heads`));
    const sets = latentSets(ap[0]!, ap[1]!, results.study.options.quantile as number, HEADS);
    expect([sets.both, sets.noising, sets.denoising].map((set) => set.length)).toEqual([16, 11, 11]);
    const e = effects('noising');
    const oneSided = sets.noising.map(([layer, head]) => Math.abs(e[layer * HEADS + head]!));
    expect(Math.max(...oneSided)).toBeCloseTo(0.024, 3);
  });

  check('has effects that add up to more than the whole: they are no shares', () => {
    const sum = effects('noising').reduce((total, e) => total + e, 0);
    expect(sum).toBeCloseTo(1.33, 2);
  });

  check('fits into 3 GB', () => {
    const peaks = results.study.phases.map(({ peak_bytes }) => peak_bytes);
    expect(Math.max(...peaks)).toBeLessThan(PEAK_BYTES);
  });
});
