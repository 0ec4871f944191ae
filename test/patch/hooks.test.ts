/**
 * Hooked runs: data edits and callbacks at every hook point, what is kept, and that nothing outlives its run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Edit } from '../../src/patch/edits.ts';
import type { Model } from '../../src/patch/model.ts';
import type { Hook } from '../../src/patch/walk.ts';
import { full, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { loadTiny, readCase } from '../support/cases.ts';
import { TOLERANCES } from '../support/close.ts';
import { Random } from '../support/random.ts';

/** Positions and members of a hook point's tensor: [batch, pos, members...], or [batch, heads, queries, keys]. */
function axesOf(name: string): { positions: number; members: number } {
  return /hook_(attn_scores|pattern)$/.test(name)
    ? { positions: 2, members: 1 }
    : { positions: 1, members: 2 };
}

/** What an edit makes of a value, place by place. */
function edited(name: string, value: Tensor, { positions, index, value: given, how = 'set' }: Edit): Tensor {
  const axes = axesOf(name);
  const result = Float32Array.from(value.data);
  const at = value.shape.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    for (let axis = at.length - 1; axis >= 0; axis--) {
      at[axis] = rest % value.shape[axis]!;
      rest = Math.floor(rest / value.shape[axis]!);
    }
    if (positions && !positions.includes(at[axes.positions]!)) continue;
    if (index && !index.includes(at[axes.members]!)) continue;
    const by = typeof given === 'number' ? given : given.data[i]!;
    result[i] = how === 'set' ? by : how === 'add' ? result[i]! + by : result[i]! * by;
  }
  return { shape: value.shape, data: result };
}

describe.each(['gpt2-plain', 'llama-gqa'])('%s', (name) => {
  const { folder, pair } = readCase(name);
  const prompts = [pair.clean, pair.corrupted];
  let model: Model;
  let clean: Tensor;
  let cache: ReadonlyMap<string, Tensor>;
  beforeAll(async () => {
    model = await loadTiny(folder);
    const result = await model.runWithCache(prompts);
    [clean, cache] = [result.logits!, result.cache];
  });
  afterAll(() => model.dispose());

  /** Every kind of hook point once: those of the second block, and those outside the blocks. */
  const kinds = (): string[] => model.hookNames().filter((hook) => !/^blocks\.[^1]/.test(hook));

  /** Random numbers in the shape of a hook point. */
  function noise(hook: string, seed = 1): Tensor {
    const random = new Random(seed);
    const { shape, data } = cache.get(hook)!;
    return { shape, data: Float32Array.from(data, () => random.normal() / 3) };
  }

  /** One edit of each kind at a hook point, with and without places. */
  function editsOf(hook: string): Edit[] {
    const value = noise(hook);
    const members = cache.get(hook)!.shape[axesOf(hook).members]!;
    const [last, index] = [pair.clean.length - 1, [members - 1]];
    return [
      { at: hook, value },
      { at: hook, value, how: 'add', positions: [1, last] },
      { at: hook, value, how: 'scale', index },
      { at: hook, value, how: 'set', positions: [last], index },
      // One member alone: a norm does not see that all of them shrink.
      { at: hook, value: 0.25, how: 'scale', index: [0] },
    ];
  }

  test('edits at every hook point change the places named, and the logits with them', async () => {
    for (const hook of kinds()) {
      for (const edit of editsOf(hook)) {
        const what = `${hook} ${edit.how ?? 'set'} at ${String(edit.positions)} of ${String(edit.index)}`;
        const run = await model.runWithCache(prompts, { hooks: [edit], names: hook });
        expect(run.cache.get(hook)!, what).toBeClose(
          edited(hook, cache.get(hook)!, edit),
          TOLERANCES.rounding,
        );
        expect(run.logits!, what).not.toBeClose(clean, TOLERANCES.reference);
      }
    }
  });

  test('callbacks give the same bits as the edits that they stand for', async () => {
    for (const hook of kinds()) {
      const edit = editsOf(hook)[3]!;
      const byEdit = await model.runWithHooks(prompts, [edit]);
      const byCall = await model.runWithHooks(prompts, [
        { at: hook, call: (value, at) => edited(at, value, edit) },
      ]);
      expect(byCall, hook).toEqual(byEdit);
    }
  });

  /** Here an edit takes another way through the graph: heads are summed one by one, the norm is not fused. */
  const ANOTHER_WAY = /hook_result$|hook_scale$/;

  test('a hook point patched with its own value gives the clean run, bit for bit', async () => {
    for (const hook of model.hookNames()) {
      const hooks: Hook[] = [{ at: hook, value: cache.get(hook)! }];
      const patched = await model.runWithHooks(prompts, hooks);
      if (ANOTHER_WAY.test(hook)) expect(patched, hook).toBeClose(clean, TOLERANCES.rounding);
      else expect(patched, hook).toEqual(clean);
    }
  });

  test('patching the input of the MLP leaves the residual stream beside it alone', async () => {
    const hook = 'blocks.0.hook_mlp_in';
    const run = await model.runWithCache(prompts, { hooks: [{ at: hook, value: noise(hook) }] });
    expect(run.cache.get('blocks.0.hook_resid_mid')).toEqual(cache.get('blocks.0.hook_resid_mid'));
    const [mid, out, post] = ['hook_resid_mid', 'hook_mlp_out', 'hook_resid_post'].map(
      (each) => run.cache.get(`blocks.0.${each}`)!,
    );
    const sum = mid!.data.map((value, i) => value + out!.data[i]!);
    expect(post!.data).toBeClose(sum, TOLERANCES.rounding);
  });

  test('edits build on one another in the order given, across and within stages', async () => {
    const hook = 'blocks.1.hook_mlp_out';
    const value = noise(hook);
    const add: Edit = { at: hook, value, how: 'add' };
    const double: Edit = { at: hook, value: 2, how: 'scale' };
    const early: Edit = { at: 'blocks.0.attn.hook_z', value: 0, index: [0] };
    const runs = await Promise.all(
      [
        [early, add, double],
        [early, double, add],
      ].map((hooks) => model.runWithCache(prompts, { hooks, names: hook })),
    );
    const { cache: before } = await model.runWithCache(prompts, { hooks: [early], names: hook });
    const base = before.get(hook)!.data;
    const [addedFirst, doubledFirst] = runs.map((run) => run.cache.get(hook)!.data);
    expect(addedFirst!).toBeClose(
      base.map((x, i) => 2 * (x + value.data[i]!)),
      TOLERANCES.rounding,
    );
    expect(doubledFirst!).toBeClose(
      base.map((x, i) => 2 * x + value.data[i]!),
      TOLERANCES.rounding,
    );
  });

  test('callbacks see each hook point once, in the order of computation, after the edits', async () => {
    const seen: string[] = [];
    const values: Tensor[] = [];
    const watch = (at: string): Hook => ({
      at,
      call: (value, hookName) => {
        seen.push(hookName);
        values.push(value);
        return undefined;
      },
    });
    const names = [
      'blocks.1.attn.hook_pattern',
      'blocks.1.attn.hook_q',
      'blocks.0.mlp.hook_post',
      'hook_embed',
    ];
    const edit: Edit = { at: 'blocks.0.mlp.hook_post', value: 3, how: 'scale' };
    const logits = await model.runWithHooks(prompts, [...names.map(watch), edit]);
    expect(seen).toEqual(names.toReversed());
    expect(values[0]).toEqual(cache.get('hook_embed'));
    expect(values[1]!.data).toBeClose(
      cache.get('blocks.0.mlp.hook_post')!.data.map((x) => 3 * x),
      TOLERANCES.rounding,
    );
    expect(logits).toEqual(await model.runWithHooks(prompts, [edit]));
  });

  test('a number or a broadcast row stands for the whole tensor', async () => {
    const hook = 'blocks.0.mlp.hook_post';
    const shape = cache.get(hook)!.shape;
    const row = noise(hook).data.slice(0, shape[2]);
    const whole = full(shape, 0);
    for (let i = 0; i < whole.data.length; i++) whole.data[i] = row[i % shape[2]!]!;
    const [byRow, byWhole] = await Promise.all(
      [tensor(row, [1, 1, shape[2]!]), whole].map((value) =>
        model.runWithHooks(prompts, [{ at: hook, value }]),
      ),
    );
    expect(byRow).toEqual(byWhole);
    const [byNumber, byZeros] = await Promise.all(
      [0, full(shape, 0)].map((value) => model.runWithHooks(prompts, [{ at: hook, value }])),
    );
    expect(byNumber).toEqual(byZeros);
  });

  test('edits work at the last tokens too, where only they are asked for', async () => {
    const last = pair.clean.length - 1;
    for (const hook of ['blocks.1.hook_mlp_out', 'ln_final.hook_normalized', 'ln_final.hook_scale']) {
      const edit: Edit = { at: hook, value: noise(hook), how: 'add', positions: [last] };
      const all = await model.runWithHooks(prompts, [edit]);
      const vocabulary = model.config.vocabulary;
      const expected = prompts.flatMap((_, b) => {
        const start = (b * pair.clean.length + last) * vocabulary;
        return [...all.data.subarray(start, start + vocabulary)];
      });
      const found = await model.lastLogits(prompts, [edit]);
      expect(found.shape).toEqual([2, vocabulary]);
      expect(found.data, hook).toBeClose(expected, TOLERANCES.rounding);
    }
  });

  test('nothing survives a run that failed', async () => {
    const oops = new Error('the hook broke');
    const edit: Edit = { at: 'blocks.0.hook_attn_out', value: 0 };
    const failures: [Hook[], unknown][] = [
      [[edit, { at: 'blocks.1.hook_resid_pre', call: () => Promise.reject(oops) }], oops],
      [
        [
          edit,
          {
            at: 'blocks.1.attn.hook_z',
            call: () => {
              throw oops;
            },
          },
        ],
        oops,
      ],
      [
        [edit, { at: 'blocks.1.attn.hook_z', call: () => full([1], 0) }],
        /expected the hook at blocks.1.attn.hook_z to give/,
      ],
    ];
    for (const [hooks, error] of failures) {
      const run = model.runWithHooks(prompts, hooks);
      if (error instanceof Error) await expect(run).rejects.toBe(error);
      else await expect(run).rejects.toThrow(error as RegExp);
      expect(await model.runWithHooks(prompts, [])).toEqual(clean);
      const again = await model.runWithCache(prompts);
      for (const [hook, value] of again.cache) expect(value, hook).toEqual(cache.get(hook));
    }
  });

  test('nothing survives a run that went well, and runs side by side do not meet', async () => {
    const hook = 'blocks.0.attn.hook_z';
    const values = [1, 2, 3].map((seed) => noise(hook, seed));
    const alone: Tensor[] = [];
    for (const value of values) alone.push(await model.runWithHooks(prompts, [{ at: hook, value }]));
    const together = await Promise.all([
      ...values.map((value) => model.runWithHooks(prompts, [{ at: hook, value }])),
      model.runWithHooks(prompts, []),
    ]);
    expect(together).toEqual([...alone, clean]);
  });

  const bad: [what: string, hook: Hook, message: RegExp][] = [
    [
      'an unknown hook point',
      { at: 'blocks.0.hook_nothing', value: 0 },
      /hook point of .*"blocks.0.hook_nothing"/,
    ],
    ['a layer that is not there', { at: 'blocks.9.hook_mlp_out', value: 0 }, /"blocks.9.hook_mlp_out"/],
    ['an unknown hook point of a callback', { at: 'hook_embd', call: () => undefined }, /"hook_embd"/],
    [
      'a position past the end',
      { at: 'hook_embed', value: 0, positions: [99] },
      /position from 0 to \d+ at hook_embed, got 99/,
    ],
    ['half a position', { at: 'hook_embed', value: 0, positions: [0.5] }, /got 0.5/],
    [
      'a head past the last',
      { at: 'blocks.0.attn.hook_z', value: 0, index: [4] },
      /index from 0 to 3 at blocks.0.attn.hook_z, got 4/,
    ],
    [
      'a value of another shape',
      { at: 'hook_embed', value: full([2, 3], 0) },
      /broadcasts to \[2, \d+, \d+\], got \[2, 3\]/,
    ],
    [
      'fewer numbers than the shape says',
      { at: 'hook_embed', value: { shape: [1, 1, 1], data: new Float32Array(0) } },
      /of 1 numbers, as its shape says, got 0/,
    ],
  ];
  test.each(bad)('refuses %s', async (_what, hook, message) => {
    const run = model.runWithHooks(prompts, [hook]);
    await expect(run).rejects.toBeInstanceOf(InputError);
    await expect(run).rejects.toThrow(message);
  });
});
