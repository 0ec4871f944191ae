/**
 * The safetensors format, bytes in and bytes out: 8 bytes of header length (little-endian), a JSON header
 * `{name: {dtype, shape, data_offsets}}`, then the data without gaps, row-major and little-endian.
 * https://github.com/huggingface/safetensors#format
 *
 * Files are not trusted: every length, offset and shape is checked before anything is allocated by it.
 * The code assumes a little-endian processor, as all that Node and browsers run on today are.
 */
import { InputError } from '../errors.ts';
import { fromBF16, fromF16 } from './float16.ts';
import { parseJson, shown } from './json.ts';
import { type Shape, sizeOf, type Tensor } from './tensor.ts';

/** The largest header read: 100 MB, as the reference implementation has it. */
export const MAX_HEADER_BYTES = 100_000_000;
/** Bytes of the length field in front of the header. */
export const PREFIX_BYTES = 8;

const MAX_RANK = 32;

/** Bytes per element of every dtype of the format. */
const DTYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** Where one tensor lies. `start` and `end` are bytes from the beginning of the file. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A tensor to be written. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor<Float32Array> | Tensor<Int32Array>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * Length of the JSON header, from the first 8 bytes of a file of `fileSize` bytes.
 * @throws InputError where the file is too short for it, or the header too long to be one.
 */
export function headerLength(prefix: Uint8Array, fileSize: number, file: string): number {
  if (prefix.length < PREFIX_BYTES || fileSize < PREFIX_BYTES) {
    throw new InputError(`${file}: expected a safetensors file, got ${fileSize} bytes; download it again`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(fileSize - PREFIX_BYTES)) {
    throw new InputError(
      `${file}: expected a safetensors header within its ${fileSize} bytes, got a header length of ${length}; the file is truncated or of another format`,
    );
  }
  return Number(length);
}

/** Checks one header entry; offsets become bytes from the beginning of the file. */
function parseEntry(name: string, value: unknown, dataStart: number, file: string): SafetensorsEntry {
  const fail = (expected: string, got: unknown): never => {
    throw new InputError(
      `${file}: tensor ${shown(name)}: expected ${expected}, got ${shown(got)}; the header is damaged`,
    );
  };
  if (!isObject(value)) return fail('an object', value);
  const { dtype, shape, data_offsets: offsets } = value;
  const bytes =
    typeof dtype === 'string' && Object.hasOwn(DTYPE_BYTES, dtype) ? DTYPE_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || bytes === undefined) return fail('a known dtype', dtype);
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount)) {
    return fail('a shape of non-negative integers', shape);
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isCount) ||
    offsets[0]! > offsets[1]!
  ) {
    return fail('two ascending data offsets', offsets);
  }
  const size = sizeOf(shape) * bytes;
  const [start, end] = offsets as [number, number];
  if (!Number.isSafeInteger(size) || size !== end - start) {
    return fail(`data offsets ${size} bytes apart, as ${dtype} ${shown(shape)} needs`, offsets);
  }
  return { dtype, shape, start: dataStart + start, end: dataStart + end };
}

/** Data must follow without gap or overlap, from the end of the header to the end of the file. */
function checkCoverage(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
  fileSize: number,
  file: string,
): void {
  const inOrder = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let position = dataStart;
  for (const [name, entry] of inOrder) {
    if (entry.start !== position) {
      const what = entry.start < position ? 'an overlap' : 'a gap';
      throw new InputError(
        `${file}: expected tensors one after the other, got ${what} before ${shown(name)}; the header is damaged`,
      );
    }
    if (entry.end > fileSize) {
      throw new InputError(
        `${file}: expected ${entry.end} bytes for tensor ${shown(name)}, got a file of ${fileSize}; it is truncated, download it again`,
      );
    }
    position = entry.end;
  }
  if (position !== fileSize) {
    throw new InputError(`${file}: expected ${position} bytes, got ${fileSize}; the header is damaged`);
  }
}

function parseMetadata(value: unknown, file: string): Map<string, string> {
  if (value === undefined) return new Map();
  if (!isObject(value))
    throw new InputError(`${file}: expected __metadata__ to be an object, got ${shown(value)}`);
  return new Map(
    Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : shown(text)]),
  );
}

/**
 * Parses and checks a header.
 * @param json the header's bytes, without the 8 bytes of length.
 * @throws InputError, one line, for a header that does not describe exactly this file.
 */
export function parseHeader(json: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const dataStart = PREFIX_BYTES + json.length;
  const parsed = parseJson(json, `${file}: header`, { maxBytes: MAX_HEADER_BYTES, maxDepth: 4 });
  if (!isObject(parsed)) {
    throw new InputError(`${file}: expected a header object, got ${shown(parsed)}; the header is damaged`);
  }
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(parsed)) {
    if (name !== '__metadata__') tensors.set(name, parseEntry(name, value, dataStart, file));
  }
  checkCoverage(tensors, dataStart, fileSize, file);
  const metadata = Object.hasOwn(parsed, '__metadata__') ? parsed.__metadata__ : undefined;
  return { tensors, metadata: parseMetadata(metadata, file) };
}

/** Whether `decodeFloats` reads this dtype. */
export function isFloatDtype(dtype: string): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/**
 * Float32 values of F32, F16 or BF16 data. F32 is a view where `bytes` is aligned, else a copy.
 * @throws InputError for another dtype.
 */
export function decodeFloats(dtype: string, bytes: Uint8Array, what: string): Float32Array {
  if (!isFloatDtype(dtype)) {
    throw new InputError(
      `${what}: expected dtype F32, F16 or BF16, got ${dtype}; save the model as one of them`,
    );
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = aligned;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4);
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
  return dtype === 'F16' ? fromF16(halves) : fromBF16(halves);
}

/**
 * Reads a whole file that is in memory. F32, F16 and BF16 become float32, I32 stays int32.
 * @throws InputError for a damaged file or another dtype.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  file: string,
): Map<string, Tensor<Float32Array> | Tensor<Int32Array>> {
  const length = headerLength(bytes.subarray(0, PREFIX_BYTES), bytes.length, file);
  const { tensors } = parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length), bytes.length, file);
  // A Node Buffer's own slice() would share its pool's memory.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new Map<string, Tensor<Float32Array> | Tensor<Int32Array>>();
  for (const [name, { dtype, shape, start, end }] of tensors) {
    if (dtype === 'I32') result.set(name, { shape, data: new Int32Array(plain.slice(start, end).buffer) });
    else
      result.set(name, {
        shape,
        data: decodeFloats(dtype, plain.slice(start, end), `${file}: ${shown(name)}`),
      });
  }
  return result;
}

/**
 * The pieces of a safetensors file, in order: header, then the tensors' own bytes (views, not copies).
 * Names are sorted by UTF-16 code units and the header is padded to 8 bytes, so equal content gives equal bytes.
 * @throws RangeError for two tensors of one name.
 */
export function encodeSafetensorsParts(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const entries: [string, unknown][] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    entries.push(['__metadata__', Object.fromEntries(keys.map((key) => [key, metadata[key]]))]);
  let offset = 0;
  sorted.forEach(({ name, tensor }, i) => {
    if (name === sorted[i - 1]?.name || name === '__metadata__')
      throw new RangeError(`tensor name ${name} is taken`);
    const dtype = tensor.data instanceof Int32Array ? 'I32' : 'F32';
    const end = offset + tensor.data.byteLength;
    entries.push([name, { dtype, shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  });
  const text = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const json = new TextEncoder().encode(text);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(PREFIX_BYTES + padded).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, PREFIX_BYTES);
  return [
    header,
    ...sorted.map(({ tensor: { data } }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/** A whole safetensors file as bytes; see `encodeSafetensorsParts`. */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = encodeSafetensorsParts(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
