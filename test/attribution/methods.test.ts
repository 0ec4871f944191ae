/**
 * Methods against references written apart (reference/methods.py), and the table that the docs print.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { atpStar } from '../../src/attribution/atp-star.ts';
import { attribute } from '../../src/attribution/attribute.ts';
import { attributionPositions } from '../../src/attribution/attribution-patching.ts';
import { overPositions } from '../../src/attribution/method.ts';
import { METHODS, methodsTable } from '../../src/attribution/methods.ts';
import { splitIntegratedGradients } from '../../src/attribution/split-ig.ts';
import { CancelledError, InputError } from '../../src/errors.ts';
import { baseAndOther, type OpenPair, openPair, withPair } from '../../src/patch/open-pair.ts';
import type { Pair } from '../../src/tasks/pair.ts';
import { slice, stack } from '../../src/tensor/tensor.ts';
import { DIRECTIONS, KINDS } from '../../src/terms.ts';
import { CASES, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { openCase } from '../support/open-case.ts';

describe.each(CASES)('%s', (name) => {
  const reference = readCase(name, 'methods.safetensors');
  const opened = openCase(reference);

  const inEach = (check: (open: OpenPair, direction: (typeof DIRECTIONS)[number]) => Promise<void>) =>
    withPair(opened.model, opened.pair, async (open) => {
      for (const direction of DIRECTIONS) await check(open, direction);
    });

  test('attribution patching by position', () =>
    inEach(async ({ runs, chain }, direction) => {
      const { base, other } = baseAndOther(runs, direction);
      for (const kind of KINDS) {
        const expected = reference.expected(`attribution_patching.${direction}.${kind}.positions`);
        const layers = base.z.map((_, layer) => attributionPositions(base, other, kind, layer));
        const suffix = slice(expected, 1, chain.range.from, chain.range.to);
        expect(stack(layers), `${direction} ${kind}`).toBeClose(suffix, TOLERANCES.reference);
      }
    }));

  test('AtP*, with and without its drops', () =>
    inEach(async ({ chain, runs }, direction) => {
      const input = { chain, ...baseAndOther(runs, direction), kinds: KINDS };
      const [whole, undropped] = [await atpStar(input), await atpStar(input, false)];
      for (const kind of KINDS) {
        const array = `atp_star.${direction}.${kind}`;
        expect(whole[kind]!, array).toBeClose(reference.expected(array), TOLERANCES.reference);
        const plain = reference.expected(`${array}.undropped`);
        expect(undropped[kind]!, array).toBeClose(plain, TOLERANCES.reference);
      }
    }));

  test('both parts of Split-IG, and where they part', () =>
    inEach(async ({ chain, runs }, direction) => {
      const { base, other } = baseAndOther(runs, direction);
      for (const kind of KINDS) {
        const array = `split_ig.${direction}.${kind}`;
        for (let layer = 0; layer < opened.model.config.nLayers; layer++) {
          const found = await splitIntegratedGradients(chain, layer, kind, base, other);
          const sums = (part: 'unsaturated' | 'saturated') => overPositions(found[part].positions);
          const expected = (part: string) => {
            const all = reference.expected(`${array}.${part}`);
            return { all, own: slice(all, 0, layer, layer + 1).data };
          };
          for (const part of ['unsaturated', 'saturated'] as const) {
            const scale = Math.max(...expected('unsaturated').all.data.map(Math.abs));
            // The place carries the rounding of F over F's slope there, and the scores carry the place.
            const share = TOLERANCES.reference.rtol! + Math.abs(found.alpha - expected('alpha').own[0]!);
            expect(sums(part), `${array}.${part} ${layer}`).toBeClose(expected(part).own, {
              atol: share * scale,
            });
          }
          expect([found.alpha]).toBeClose(expected('alpha').own, { atol: 5e-4 });
        }
      }
    }));
});

describe('attribute', () => {
  const reference = readCase('gpt2-plain', 'methods.safetensors');
  const opened = openCase(reference);

  test.each(METHODS.map(({ name }) => name))(
    '%s gives finite scores of every component asked for',
    async (method) => {
      const { model, pair } = opened;
      const { nLayers, nHeads, dMlp } = model.config;
      const all = await attribute(model, pair, { method, direction: 'denoising', steps: 20 });
      expect(all.heads!.shape).toEqual([nLayers, nHeads]);
      expect(all.neurons!.shape).toEqual([nLayers, dMlp]);
      expect([...all.heads!.data, ...all.neurons!.data].every(Number.isFinite)).toBe(true);
      const own = await attribute(model, pair, {
        method,
        direction: 'denoising',
        kinds: ['neurons'],
        steps: 20,
      });
      expect(own).toEqual({ neurons: all.neurons });
    },
  );

  test('exchanging prompts and answers of a pair exchanges the directions', async () => {
    const { model, pair } = opened;
    const swapped: Pair = {
      ...pair,
      clean: pair.corrupted,
      corrupted: pair.clean,
      answer: pair.wrong,
      wrong: pair.answer,
    };
    for (const { name, sign } of METHODS) {
      const options = { method: name, steps: 20 };
      const one = await attribute(model, pair, { ...options, direction: 'noising' });
      const two = await attribute(model, swapped, { ...options, direction: 'denoising' });
      for (const kind of KINDS) {
        const turned = two[kind]!.data.map((score) => (sign === 'none' ? score : -score));
        expect(turned, name).toBeClose(one[kind]!.data, TOLERANCES.reference);
      }
    }
  });

  test('refuses what it does not know, and lists what it does', async () => {
    const good = { method: 'layer_ig', direction: 'noising' } as const;
    const { model, pair } = opened;
    const failing = (options: object) => attribute(model, pair, { ...good, ...options });
    for (const { name } of METHODS) {
      await expect(failing({ method: 'atp' })).rejects.toThrow(
        new RegExp(`a method of .*\\b${name}\\b.*"atp"`),
      );
    }
    await expect(failing({ direction: 'clean_corrupt' })).rejects.toThrow(
      /direction among noising, denoising, got/,
    );
    await expect(failing({ kinds: [] })).rejects.toThrow(/kinds among heads, neurons/);
    await expect(failing({ kinds: ['layers'] })).rejects.toThrow(InputError);
    await expect(failing({ steps: 0 })).rejects.toThrow(/steps to be a whole number from 1, got 0/);
  });

  test.each(METHODS.map(({ name }) => name))(
    '%s stops where its signal is aborted, and another call goes on',
    async (method) => {
      const { model, pair } = opened;
      const signal = AbortSignal.abort();
      const options = { method, direction: 'noising' } as const;
      await expect(attribute(model, pair, { ...options, signal })).rejects.toBeInstanceOf(CancelledError);
      await expect(attribute(model, pair, { ...options, kinds: ['heads'] })).resolves.toBeDefined();
    },
  );

  test('a kept register comes back as often as it is fetched', async () => {
    const { loaded } = opened.model;
    const chain = (await openPair(loaded, opened.pair)).chain;
    const fetched = () => chain.run([], {}, ['suffix.past_k 0']);
    expect(await fetched()).toEqual(await fetched());
    await loaded.engine.drop('suffix.');
  });
});

test('names are one word each, and the docs print the table', () => {
  expect(new Set(METHODS.map(({ name }) => name)).size).toBe(METHODS.length);
  for (const { name } of METHODS) expect(name).toMatch(/^[a-z_]+$/);
  const page = readFileSync(join(import.meta.dirname, '../../docs/methods.md'), 'utf8');
  expect(page).toContain(methodsTable());
});
