/** Figures and page of an audit drawn again from its folder: the same bytes, no model. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rebuildAuditReport } from '../../src/audit/rebuild.ts';
import { type Audit, audit } from '../../src/audit/run.ts';
import { InputError } from '../../src/errors.ts';
import type { Model } from '../../src/patch/model.ts';
import { pairFromIds } from '../../src/tasks/pair.ts';
import { loadTiny, pairOf, readCase, SMALL_D } from '../support/cases.ts';
import { filesOf, scratch } from '../support/studies.ts';

const out = scratch();
const METHODS = ['attribution_patching', 'atp_star', 'layer_ig', 'through'];
let model: Model;
let made: Audit;
beforeAll(async () => {
  const reference = readCase('gpt2-last');
  model = await loadTiny(reference.folder);
  const { clean, corrupted, answer, wrong } = reference.pair;
  const turned = { clean: corrupted, corrupted: clean, answer: wrong, wrong: answer };
  const pairs = [pairOf(model, reference), pairFromIds(model.config, turned)];
  made = await audit(model, pairs, { methods: METHODS, out: out('made') });
});
afterAll(() => model.dispose());

/** Bytes of page and figures by name. */
function drawn(folder: string): Map<string, Buffer> {
  const names = filesOf(folder).filter((name) => /^(figures|report\.html)/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

async function expectSame({ folder }: Audit): Promise<void> {
  const before = drawn(folder);
  const files = filesOf(folder);
  expect(before.size).toBeGreaterThan(2);
  for (const name of before.keys()) rmSync(join(folder, name));
  const { page, figures } = await rebuildAuditReport(folder);
  expect([page, ...figures]).toHaveLength(before.size);
  expect(drawn(folder)).toEqual(before);
  expect(filesOf(folder)).toEqual(files);
}

test('two pairs, all kinds', () => expectSame(made));

test('one direction, a small D, neurons alone', async () => {
  const small = readCase(SMALL_D);
  await using other = await loadTiny(small.folder);
  const few = { directions: ['noising'], components: ['neurons'], methods: ['layer_ig'] } as const;
  await expectSame(await audit(other, [pairOf(other, small)], { ...few, out: out('small') }));
});

test('pairs of heads alone, from an audit that drew nothing', async () => {
  const options = { methods: ['through'], components: ['heads'] } as const;
  const reference = readCase('gpt2-last');
  const own = [pairOf(model, reference)];
  const plain = await audit(model, own, { ...options, figures: false, out: out('plain') });
  const whole = await audit(model, own, { ...options, out: out('whole') });
  await rebuildAuditReport(plain.folder);
  const figures = ({ folder }: Audit) => [...drawn(folder)].filter(([name]) => name !== 'report.html');
  expect(figures(plain)).toEqual(figures(whole));
});

test.each(['mediation.safetensors', 'methods.safetensors'])(
  'a folder without %s is refused',
  async (file) => {
    rmSync(join(made.folder, file));
    const refused = rebuildAuditReport(made.folder);
    await expect(refused).rejects.toThrow(
      new RegExp(`^expected the scores of a finished audit, got no .*${file}: no such file`),
    );
    await expect(refused).rejects.toThrow(InputError);
  },
);
