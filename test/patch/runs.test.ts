/**
 * What a run keeps and where it stops; batches of unequal prompts; tokens.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import type { NamesFilter } from '../../src/patch/names.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { loadTiny, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';

describe.each(['gpt2-plain', 'llama-gqa'])('%s', (name) => {
  const { folder, pair, metric } = readCase(name);
  const prompt = pair.clean;
  let model: Model;
  let all: ReadonlyMap<string, Tensor>;
  beforeAll(async () => {
    model = await loadTiny(folder);
    all = (await model.runWithCache(prompt)).cache;
  });
  afterAll(() => model.dispose());

  const filters: [what: string, filter: NamesFilter, expected: (names: string[]) => string[]][] = [
    ['an exact name', 'blocks.1.attn.hook_z', () => ['blocks.1.attn.hook_z']],
    [
      'a glob',
      'blocks.*.hook_resid_post',
      (names) => names.filter((each) => each.endsWith('hook_resid_post')),
    ],
    [
      'a glob that a dot does not widen',
      'blocks.0.*scale',
      (names) => names.filter((each) => /^blocks\.0\..*scale$/.test(each)),
    ],
    [
      'a list of both, in the order of computation',
      ['ln_final.*', 'hook_embed'],
      () => ['hook_embed', 'ln_final.hook_scale', 'ln_final.hook_normalized'],
    ],
    [
      'a predicate',
      (each) => each.startsWith('hook_'),
      (names) => names.filter((each) => each.startsWith('hook_')),
    ],
    ['an empty list', [], () => []],
  ];
  test.each(filters)(
    'keeps what is named by %s, with the same bits as a whole cache',
    async (_what, filter, expected) => {
      const { cache } = await model.runWithCache(prompt, { names: filter });
      expect([...cache.keys()]).toEqual(expected(model.hookNames()));
      for (const [hook, value] of cache) expect(value, hook).toEqual(all.get(hook));
    },
  );

  test.each(['blocks.0.hook_resid', 'blocks.9.*', 'hook_EMBED', 'blocks.0.attn.hook_z.', ''])(
    'refuses the name "%s", which is none',
    async (filter) => {
      for (const names of [filter, [filter, 'hook_embed']]) {
        await expect(model.runWithCache(prompt, { names })).rejects.toThrow(InputError);
      }
    },
  );

  test('stops before a layer, counted from either end, and gives the residual stream there', async () => {
    const { nLayers } = model.config;
    for (let stop = 0; stop <= nLayers; stop++) {
      const before =
        stop === nLayers ? `blocks.${nLayers - 1}.hook_resid_post` : `blocks.${stop}.hook_resid_pre`;
      for (const stopAtLayer of stop < nLayers ? [stop, stop - nLayers] : [stop]) {
        const { logits, residual, cache } = await model.runWithCache(prompt, { stopAtLayer });
        expect(logits).toBeUndefined();
        expect(residual).toEqual(all.get(before));
        const layers = [...cache.keys()].map((hook) => Number(/^blocks\.(\d+)/.exec(hook)?.[1] ?? -1));
        expect(Math.max(...layers)).toBe(stop - 1);
        for (const [hook, value] of cache) expect(value, hook).toEqual(all.get(hook));
      }
    }
    for (const stopAtLayer of [nLayers + 1, -nLayers - 1, 0.5]) {
      await expect(model.runWithCache(prompt, { stopAtLayer })).rejects.toThrow(/expected stopAtLayer from/);
    }
  });

  const prompts = [prompt, prompt.slice(0, 3), [prompt[1]!, prompt[2]!, prompt[3]!, prompt[0]!, 2], [7]];

  test('prompts of unequal length give at their own positions what each gives alone', async () => {
    const together = await model.runWithCache(prompts);
    expect(together.lengths).toEqual(prompts.map((ids) => ids.length));
    for (const [b, ids] of prompts.entries()) {
      const alone = await model.runWithCache(ids);
      for (const [hook, value] of [...alone.cache, ['logits', alone.logits!] as const]) {
        const batch = hook === 'logits' ? together.logits! : together.cache.get(hook)!;
        expect(ownPlaces(batch, b, value.shape), `${hook} of prompt ${b}`).toBeClose(
          value,
          TOLERANCES.rounding,
        );
      }
    }
  });

  test('the last logits of a batch are those of each prompt at its own last token', async () => {
    const together = await model.lastLogits(prompts);
    for (const [b, ids] of prompts.entries()) {
      const { logits } = await model.runWithCache(ids, { names: [] });
      const own = logits!.data.slice(-model.config.vocabulary);
      const row = together.data.slice(b * own.length, (b + 1) * own.length);
      expect(row).toBeClose(own, TOLERANCES.rounding);
    }
  });

  test('metrics and gradients of a batch are those of each prompt alone, and 0 behind its end', async () => {
    const options = { metric, names: () => true };
    const together = await model.gradients(prompts, options);
    for (const [b, ids] of prompts.entries()) {
      const alone = await model.gradients(ids, options);
      expect([together.metric.data[b]]).toBeClose(alone.metric.data, TOLERANCES.rounding);
      for (const [hook, value] of alone.gradients) {
        const found = together.gradients.get(hook)!;
        expect(ownPlaces(found, b, value.shape), `${hook} of prompt ${b}`).toBeClose(
          value,
          TOLERANCES.reference,
        );
      }
    }
    const residual = together.gradients.get('blocks.0.hook_resid_pre')!;
    const [, positions, width] = residual.shape as [number, number, number];
    const behind = residual.data.subarray((positions + prompts[1]!.length) * width, 2 * positions * width);
    expect(behind.every((value) => value === 0)).toBe(true);
  });

  const bad: [what: string, prompts: number[][], message: RegExp][] = [
    ['an id past the vocabulary', [[0, 99999]], /token ids from 0 to \d+, got 99999/],
    ['a negative id', [[-1]], /got -1/],
    ['a fraction', [[0.5]], /got 0.5/],
    ['an empty prompt', [[]], /1 to \d+ tokens, got 0/],
    ['a prompt past the context', [new Array<number>(1000).fill(0)], /1 to \d+ tokens, got 1000/],
  ];
  test.each(bad)('refuses %s', async (_what, ids, message) => {
    await expect(model.runWithCache(ids)).rejects.toThrow(InputError);
    await expect(model.runWithCache(ids)).rejects.toThrow(message);
  });

  test('says that text needs a tokenizer', async () => {
    expect(() => model.toTokens('a text')).toThrow(InputError);
    await expect(model.runWithCache('a text')).rejects.toThrow(InputError);
  });
});

/** Prompt b of a batch, cut to the places that the prompt alone has. */
function ownPlaces({ shape, data }: Tensor, b: number, own: readonly number[]): Tensor {
  const result = new Float32Array(own.reduce((product, size) => product * size, 1));
  const at = own.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    for (let axis = own.length - 1; axis > 0; axis--) {
      at[axis] = rest % own[axis]!;
      rest = Math.floor(rest / own[axis]!);
    }
    result[i] = data[at.reduce((flat, place, axis) => flat * shape[axis]! + (axis === 0 ? b : place), 0)]!;
  }
  return { shape: own, data: result };
}

describe('tokens of the embedded model', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadTiny('embedded');
  });
  afterAll(() => model.dispose());

  const TEXT = 'When John and Mary went to the store,';

  test('become ids with one BOS in front, and text again', () => {
    const ids = model.toTokens(TEXT);
    const bare = model.toTokens(TEXT, { bos: false });
    expect(ids.slice(1)).toEqual(bare);
    expect(model.toTokens(TEXT, { bos: true })).toEqual(ids);
    const pieces = model.toStrTokens(TEXT);
    expect(pieces.slice(1).join('')).toBe(TEXT);
    expect(model.toStrTokens(ids)).toEqual(pieces);
    expect(model.toStrTokens(TEXT, { bos: false })).toEqual(pieces.slice(1));
    expect(model.toTokens(pieces.join(''))).toEqual(ids);
  });

  test('are single or refused, with what they are made of', () => {
    const id = model.toSingleToken(' Mary');
    expect(model.toStrTokens([id])).toEqual([' Mary']);
    expect(() => model.toSingleToken(' Mary went')).toThrow(InputError);
    expect(() => model.toSingleToken(' Mary went')).toThrow(/expected one token, got 2.*" Mary" " went"/);
  });

  test('run as text as they run as ids, alone and in a batch', async () => {
    const texts = [TEXT, 'When John and Mary'];
    const byText = await model.lastLogits(texts);
    expect(byText).toEqual(await model.lastLogits(texts.map((text) => model.toTokens(text))));
    expect(byText.shape).toEqual([2, model.config.vocabulary]);
    const alone = await model.lastLogits(texts[1]!);
    expect(byText.data.slice(-model.config.vocabulary)).toBeClose(alone.data, TOLERANCES.rounding);
  });
});
