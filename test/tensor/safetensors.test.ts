import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { parseJson, shown } from '../../src/tensor/json.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/tensor/safetensors.ts';
import { type Shape, sizeOf } from '../../src/tensor/tensor.ts';

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

function tensorOf(dims: Shape, whole: boolean, seed: number): NamedTensor['tensor'] {
  const length = sizeOf(dims);
  if (whole) return { shape: dims, data: Int32Array.from({ length }, (_, i) => (i + 1) * seed) };
  return { shape: dims, data: Float32Array.from({ length }, (_, i) => Math.sin(i + seed)) };
}

const tensors = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), shape, fc.boolean(), fc.integer()), {
    selector: ([name]) => name,
    maxLength: 6,
  })
  .map((list): NamedTensor[] =>
    list
      .filter(([name]) => name !== '__metadata__')
      .map(([name, dims, whole, seed]) => ({ name, tensor: tensorOf(dims, whole, seed) })),
  );

/** A file with this header object (or text) and so many bytes of data. */
function fileWith(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const read = (bytes: Uint8Array) => decodeSafetensors(bytes, 'x.safetensors');

function expectInputError(run: () => unknown, message: RegExp): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('\n');
    return;
  }
  expect.unreachable('nothing was thrown');
}

describe('writing', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const found = read(encodeSafetensors(list));
        expect(found.size).toBe(list.length);
        for (const { name, tensor } of list) expect(found.get(name)).toEqual(tensor);
      }),
    );
  });

  test('bytes do not depend on the order given, and data starts at a multiple of eight', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const bytes = encodeSafetensors(list);
        expect(encodeSafetensors([...list].reverse())).toEqual(bytes);
        expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
      }),
    );
  });

  test('metadata comes first in the header', () => {
    const bytes = encodeSafetensors([], { schema: '1', a: 'b' });
    expect(new TextDecoder().decode(bytes.subarray(8)).trim()).toBe(
      '{"__metadata__":{"a":"b","schema":"1"}}',
    );
  });

  test('a name cannot be given twice', () => {
    const one = { name: 'a', tensor: { shape: [1], data: Float32Array.of(1) } };
    expect(() => encodeSafetensors([one, one])).toThrow(RangeError);
  });

  test('a view of a larger buffer is written alone', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(read(encodeSafetensors([{ name: 'a', tensor: { shape: [2], data } }])).get('a')?.data).toEqual(
      Float32Array.of(2, 3),
    );
  });
});

describe('hostile files', () => {
  const entry = (dtype: unknown, dims: unknown, offsets: unknown) => ({
    a: { dtype, shape: dims, data_offsets: offsets },
  });

  test.each([
    ['an unknown dtype', entry('F99', [1], [0, 4]), 4, /known dtype, got "F99"/],
    ['a dtype of the prototype', entry('toString', [1], [0, 4]), 4, /known dtype/],
    ['a negative dimension', entry('F32', [-1], [0, 4]), 4, /non-negative integers/],
    ['a fractional dimension', entry('F32', [0.5], [0, 4]), 4, /non-negative integers/],
    ['huge dimensions', entry('F32', [2 ** 40, 2 ** 40], [0, 4]), 4, /data offsets/],
    ['100 dimensions', entry('F32', Array<number>(100).fill(1), [0, 4]), 4, /non-negative integers/],
    ['offsets that go backwards', entry('F32', [1], [4, 0]), 4, /ascending/],
    ['three offsets', entry('F32', [1], [0, 4, 8]), 4, /ascending/],
    ['offsets that do not fit the shape', entry('F32', [2], [0, 4]), 4, /8 bytes apart/],
    ['data past the end', entry('F32', [2], [0, 8]), 4, /truncated/],
    ['bytes that no tensor has', entry('F32', [1], [0, 4]), 8, /damaged/],
    ['a gap in front', entry('F32', [1], [4, 8]), 8, /a gap/],
    [
      'an overlap',
      {
        a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
        b: { dtype: 'F32', shape: [1], data_offsets: [2, 6] },
      },
      6,
      /an overlap/,
    ],
    ['an entry that is no object', { a: 7 }, 0, /an object/],
    ['a list for a header', [], 0, /header object/],
    ['metadata of another kind', { __metadata__: 5 }, 0, /__metadata__/],
    ['deep JSON', '['.repeat(100_000), 0, /nested/],
    ['no JSON', '{"a":', 0, /expected JSON/],
    ['not UTF-8', '', 0, /expected JSON/],
  ])('%s', (_, header, dataBytes, message) => {
    expectInputError(() => read(fileWith(header, dataBytes)), message);
  });

  test('a header length past the end, or above 100 MB', () => {
    for (const length of [9n, 100_000_001n, 2n ** 63n, 2n ** 64n - 1n]) {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      expectInputError(() => read(bytes), /header length of/);
    }
  });

  test('a file cut anywhere', () => {
    const bytes = encodeSafetensors([{ name: 'a', tensor: { shape: [3], data: Float32Array.of(1, 2, 3) } }]);
    for (let length = 0; length < bytes.length; length++) {
      expectInputError(() => read(bytes.subarray(0, length)), /x\.safetensors/);
    }
  });

  test('any other bytes give a result or an InputError, nothing else', () => {
    const valid = encodeSafetensors([{ name: 'a', tensor: { shape: [3], data: Float32Array.of(1, 2, 3) } }]);
    const flips = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(flips, (list) => {
        const bytes = valid.slice();
        for (const [at, value] of list) bytes[at] = value;
        tolerate(() => read(bytes));
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => tolerate(() => read(bytes))));
    fc.assert(fc.property(fc.json(), fc.nat(64), (json, size) => tolerate(() => read(fileWith(json, size)))));
  });

  function tolerate(run: () => unknown): void {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
  }
});

test('a name is data, even __proto__', () => {
  const bytes = fileWith('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4);
  expect(read(bytes).get('__proto__')?.shape).toEqual([1]);
});

test('other dtypes are refused by name', () => {
  const bytes = fileWith({ a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } }, 8);
  expectInputError(() => read(bytes), /expected dtype F32, F16 or BF16, got F64/);
});

describe('JSON', () => {
  const limits = { maxBytes: 100, maxDepth: 3 };
  const parse = (text: string) => parseJson(new TextEncoder().encode(text), 'x.json', limits);

  test('brackets in strings are not depth', () => {
    expect(parse('["[[[[[[", "\\"[[[["]')).toEqual(['[[[[[[', '"[[[[']);
  });

  test('size and depth are limited', () => {
    expectInputError(() => parse(' '.repeat(101)), /at most 100 bytes/);
    expectInputError(() => parse('[[[[]]]]'), /at most 3 deep/);
  });

  test('values are shown on one line and cut', () => {
    expect(shown('a\nb')).toBe('"a\\nb"');
    expect(shown('x'.repeat(500)).length).toBeLessThanOrEqual(60);
    expect(shown(undefined)).toBe('nothing');
    expect(shown([1, 2])).toBe('[1, 2]');
  });
});
