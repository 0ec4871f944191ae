import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { parseMediation } from '../../src/results/mediation.ts';
import { openStudy } from '../../src/results/read.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { sampleFolder } from '../support/sample-folder.ts';

type Arrays = Map<string, Tensor<Float32Array> | Tensor<Int32Array>>;

const SHAPE = { layers: 2, heads: 2, neurons: 5 };
const floats = (shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});
const LIST = [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 4, 1, 1, 2];

function arrays(change: Record<string, Tensor<Float32Array> | Tensor<Int32Array> | undefined> = {}): Arrays {
  const all: Record<string, Tensor<Float32Array> | Tensor<Int32Array> | undefined> = {
    'noising.via': floats([2, 2, 2, 2]),
    'noising.interaction': floats([2, 2, 2, 2]),
    ...change,
  };
  return new Map(Object.entries(all).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

const list = (data: number[], shape = [data.length / 3, 3]) => ({ shape, data: Int32Array.from(data) });
const withNeurons = {
  components: list(LIST),
  'noising.components.via': floats([6, 6]),
  'noising.components.interaction': floats([6, 6]),
};

describe('mediation.safetensors', () => {
  it('gives heads alone, or heads and neurons, in one form', () => {
    const heads = parseMediation(arrays({ 'noising.later': floats([1]) }), SHAPE);
    expect(heads.components[2]).toEqual({ kind: 'heads', component: [1, 0] });
    expect(Object.keys(heads.pairs)).toEqual(['noising']);
    expect(heads.pairs.noising?.via).toHaveLength(16);
    const both = parseMediation(arrays(withNeurons), SHAPE);
    expect(both.components.slice(3)).toEqual([
      { kind: 'heads', component: [1, 1] },
      { kind: 'neurons', component: [0, 4] },
      { kind: 'neurons', component: [1, 2] },
    ]);
    expect(both.pairs.noising?.interaction).toHaveLength(36);
  });

  const components = (data: number[]) => arrays({ ...withNeurons, components: list(data) });
  it.each([
    ['nothing', new Map(), /neither/],
    ['no interaction', arrays({ 'noising.interaction': undefined }), /noising.interaction .*got none/],
    ['a wrong shape', arrays({ 'noising.via': floats([4, 4]) }), /float32 \[2, 2, 2, 2\], got \[4, 4\]/],
    ['whole numbers', arrays({ 'noising.via': { shape: [16], data: new Int32Array(16) } }), /got int32/],
    ['a list without its arrays', arrays({ components: list(LIST) }), /noising.components.via .*got none/],
    ['a list of floats', arrays({ ...withNeurons, components: floats([6, 3]) }), /int32 \[n, 3\]/],
    ['a flat list', arrays({ ...withNeurons, components: list(LIST, [18]) }), /int32 \[n, 3\], got \[18\]/],
    ['a missing head', components(LIST.slice(3)), /all heads, then neurons/],
    ['too few', components(LIST.slice(0, 9)), /all heads, then neurons/],
    ['a third kind', components(LIST.with(12, 2)), /all heads, then neurons/],
    ['a neuron that is not there', components(LIST.with(14, 5)), /all heads, then neurons/],
    ['a negative index', components(LIST.with(14, -1)), /all heads, then neurons/],
    ['another order', components(LIST.with(13, 1).with(16, 0)), /all heads, then neurons/],
    ['a neuron twice', components([...LIST.slice(0, 15), 1, 0, 4]), /all heads, then neurons/],
  ])('refuses %s, in one line', (_what, given: Arrays, message) => {
    expect(() => parseMediation(given, SHAPE, 'x.safetensors')).toThrow(InputError);
    expect(() => parseMediation(given, SHAPE, 'x.safetensors')).toThrow(message);
    expect(() => parseMediation(given, SHAPE, 'x.safetensors')).toThrow(/^[^\n]*x\.safetensors[^\n]*$/);
  });

  it('is read at the first call, once; older folders have none', async () => {
    expect(await (await openStudy(await sampleFolder({ layers: 3, heads: 4 }))).mediation()).toBeUndefined();
    const folder = await sampleFolder({ layers: 3, heads: 4, mediation: 'heads+neurons:3' });
    const study = await openStudy(folder);
    const read = study.mediation();
    expect(study.mediation()).toBe(read);
    expect((await read)?.components).toHaveLength(15);
    await writeFile(join(folder, 'mediation.safetensors'), 'broken');
    await expect((await openStudy(folder)).mediation()).rejects.toThrow(InputError);
  });
});
