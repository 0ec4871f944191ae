/**
 * ggml's tensor types that this project reads, to float32.
 * A quantised row is cut into blocks of 32 values; each has one or two F16 scales in front of its integers.
 * https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h and ggml-quants.c (dequantize_row_*)
 */
import { fromBF16, fromF16, halves } from './float16.ts';

/** A type that can be read: how many values one block holds, in how many bytes. */
export interface GgmlType {
  readonly name: string;
  readonly blockValues: number;
  readonly blockBytes: number;
  /** Values of whole blocks, in `bytes` that start at a multiple of four. F32 is a view, not a copy. */
  readonly decode: (bytes: Uint8Array) => Float32Array;
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function words(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

/** Q8_0: F16 scale d, then 32 signed bytes q; value = d q. */
function decodeQ8(bytes: Uint8Array): Float32Array {
  const scales = halves();
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array((bytes.length / 34) * 32);
  for (let at = 0, out = 0; at < bytes.length; at += 34) {
    const scale = scales[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let i = 0; i < 32; i++) values[out++] = scale * signed[at + 2 + i]!;
  }
  return values;
}

/**
 * Q4_0 and Q4_1: F16 scale d, for Q4_1 F16 minimum m, then 16 bytes; low nibbles are values 0 to 15, high
 * nibbles 16 to 31. Value = d (q - 8), or d q + m. (Adding -0 changes nothing, not even a zero's sign.)
 */
function decodeQ4(bytes: Uint8Array, hasMinimum: boolean): Float32Array {
  const scales = halves();
  const head = hasMinimum ? 4 : 2;
  const shift = hasMinimum ? 0 : 8;
  const values = new Float32Array((bytes.length / (head + 16)) * 32);
  for (let at = 0, out = 0; at < bytes.length; at += head + 16, out += 32) {
    const scale = scales[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const minimum = hasMinimum ? scales[bytes[at + 2]! | (bytes[at + 3]! << 8)]! : -0;
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + head + i]!;
      values[out + i] = scale * ((pair & 15) - shift) + minimum;
      values[out + 16 + i] = scale * ((pair >> 4) - shift) + minimum;
    }
  }
  return values;
}

/** The types that are read, by ggml's number. */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map<number, GgmlType>([
  [0, { name: 'F32', blockValues: 1, blockBytes: 4, decode: floats }],
  [1, { name: 'F16', blockValues: 1, blockBytes: 2, decode: (bytes) => fromF16(words(bytes)) }],
  [2, { name: 'Q4_0', blockValues: 32, blockBytes: 18, decode: (bytes) => decodeQ4(bytes, false) }],
  [3, { name: 'Q4_1', blockValues: 32, blockBytes: 20, decode: (bytes) => decodeQ4(bytes, true) }],
  [8, { name: 'Q8_0', blockValues: 32, blockBytes: 34, decode: decodeQ8 }],
  [30, { name: 'BF16', blockValues: 1, blockBytes: 2, decode: (bytes) => fromBF16(words(bytes)) }],
]);

/** Names of the types that are not read, for errors. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  6: 'Q5_0',
  7: 'Q5_1',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

/** The name of any ggml type; `type 99` for unknown numbers. */
export function ggmlTypeName(type: number): string {
  return GGML_TYPES.get(type)?.name ?? OTHER_TYPES[type] ?? `type ${type}`;
}
