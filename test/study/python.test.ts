/**
 * Everything that a study writes is readable from Python with numpy, safetensors and zarr alone.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Direction } from '../../src/terms.ts';
import { loadTiny, pairOf, readCase } from '../support/cases.ts';
import { pythonMissing, runPython } from '../support/python.ts';
import { EVERYTHING, runStudy, scratch } from '../support/studies.ts';

const out = scratch();
const SCRIPT = join(import.meta.dirname, '../support/read_study.py');

interface PythonArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

interface PythonStudy {
  readonly complete: boolean;
  readonly D: number;
  readonly scores: Readonly<Record<string, PythonArray>>;
  readonly effects: Readonly<
    Record<
      string,
      PythonArray & { dimensions: string[]; chunks: number[]; attributes: Record<string, unknown> }
    >
  >;
}

/** Bytes of a float32 array; of an int32 one, as the readers here give it: float32. */
function bytesOf({ dtype, data }: PythonArray): Buffer {
  const bytes = Buffer.from(data, 'base64');
  if (dtype === 'float32') return bytes;
  expect(dtype).toBe('int32');
  const copy = new Uint8Array(bytes);
  return Buffer.from(Float32Array.from(new Int32Array(copy.buffer)).buffer);
}

test('Python reads every array, with the values that our readers give', async (context) => {
  const missing = pythonMissing();
  if (missing !== undefined) return context.skip(missing);
  const reference = readCase('gpt2-odd');
  await using model = await loadTiny(reference.folder);
  const results = await runStudy(model, pairOf(model, reference), { out: out('python'), ...EVERYTHING });
  const python = runPython(SCRIPT, [results.folder]) as PythonStudy;

  expect(python.complete).toBe(true);
  expect(python.D).toBe(results.study.metric.D);
  expect(Object.keys(python.scores).sort()).toEqual([...results.scores.keys()].sort());
  for (const [name, { shape, data }] of results.scores) {
    expect(python.scores[name], name).toMatchObject({ dtype: 'float32', shape });
    expect(
      bytesOf(python.scores[name]!).equals(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      name,
    ).toBe(true);
  }

  const arrays = Object.entries(python.effects);
  // Two directions of four matrices, each with six measures and three summaries.
  expect(arrays.length).toBe(2 * 4 * (6 + 3));
  for (const [path, array] of arrays) {
    const [direction, name] = path.split('/') as [Direction, string];
    const own = (await results.effects.read(direction, name))!;
    expect(array.shape, path).toEqual(own.shape);
    expect(
      bytesOf(array).equals(Buffer.from(own.data.buffer, own.data.byteOffset, own.data.byteLength)),
      path,
    ).toBe(true);
    expect(array.dimensions[0], path).toBe('source_layer');
    expect(array.attributes, path).toMatchObject({ model: results.study.model.id });
    expect(Object.keys(array.attributes)).toEqual(expect.arrayContaining(['measure', 'units']));
  }
  const { nLayers, nHeads, dMlp } = model.config;
  expect(python.effects['noising/neurons_to_heads_through']).toMatchObject({
    shape: [nLayers, dMlp, nLayers, nHeads],
    dimensions: ['source_layer', 'source_neuron', 'target_layer', 'target_head'],
    chunks: [1, Math.min(64, dMlp), 1, nHeads],
  });
});
