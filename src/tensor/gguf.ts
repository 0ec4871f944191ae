/**
 * The header of a GGUF file (versions 2 and 3, little-endian): metadata and where each tensor lies.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * The parser is our own because files are not trusted: @huggingface/gguf 0.4.6 reads zeros past the end of
 * a truncated file, and checks neither offsets nor overlaps. Here every count is bounded by the bytes that are
 * left, before anything is allocated by it.
 */
import { InputError } from '../errors.ts';
import { shown } from './json.ts';
import { GGML_TYPES, ggmlTypeName } from './quantised.ts';
import type { Shape } from './tensor.ts';

/** A metadata value. 64-bit integers beyond 2^53 lose their last digits: no key that is read holds any. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** Row-major shape: GGUF's dimensions, reversed. */
  readonly shape: Shape;
  /** ggml's type number. */
  readonly type: number;
  /** Bytes from the beginning of the file; `end` is `start` for types that are not read. */
  readonly start: number;
  readonly end: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747; // "GGUF"
const MAX_KEYS = 100_000;
const MAX_TENSORS = 100_000;
const MAX_STRING_BYTES = 16_000_000;
const MAX_NAME_BYTES = 65_535;
const MAX_RANK = 4;
const MAX_ARRAY_DEPTH = 4;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 1 << 20;
/** The least that a tensor's description takes: name length, rank, one dimension, type, offset. */
const MIN_TENSOR_BYTES = 32;
/** The least that a key with its value takes. */
const MIN_KEY_BYTES = 13;

const STRING_TYPE = 8;
const ARRAY_TYPE = 9;

/** Bytes of the scalar types by number; strings and arrays by the least they take. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  [STRING_TYPE]: 8,
  [ARRAY_TYPE]: 12,
  10: 8,
  11: 8,
  12: 8,
};

/** The header goes on behind the bytes at hand: the caller reads more of the file. */
export class MoreBytesNeeded extends Error {}

/** Reads a header from the first bytes of a file. */
class HeaderReader {
  readonly #view: DataView;
  readonly #fileSize: number;
  readonly #file: string;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #position = 0;

  constructor(bytes: Uint8Array, fileSize: number, file: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
    this.#file = file;
  }

  get position(): number {
    return this.#position;
  }

  fail(expected: string, got: unknown): never {
    throw new InputError(
      `${this.#file}: expected ${expected}, got ${typeof got === 'string' ? got : shown(got)}; the file is damaged, download it again`,
    );
  }

  /** Moves over `count` bytes and gives where they start. */
  #take(count: number): number {
    const start = this.#position;
    if (start + count > this.#fileSize) {
      this.fail(`${count} bytes at ${start}`, `a file of ${this.#fileSize}`);
    }
    if (start + count > this.#view.byteLength) throw new MoreBytesNeeded();
    this.#position += count;
    return start;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** An unsigned 64-bit count or offset of at most `limit`. */
  count(limit: number, what: string): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(limit)) this.fail(`at most ${limit} ${what}`, value);
    return Number(value);
  }

  /** How many elements of at least `bytes` bytes may follow. */
  room(bytes: number): number {
    return Math.floor((this.#fileSize - this.#position) / bytes);
  }

  text(limit: number): string {
    const length = this.count(Math.min(limit, this.room(1)), 'bytes of text');
    const start = this.#take(length);
    return this.#decoder.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length));
  }

  value(type: number, depth = 0): GgufValue {
    if (type === STRING_TYPE) return this.text(MAX_STRING_BYTES);
    if (type !== ARRAY_TYPE) return this.#scalar(type);
    if (depth >= MAX_ARRAY_DEPTH) this.fail(`arrays nested at most ${MAX_ARRAY_DEPTH} deep`, 'more');
    const element = this.u32();
    const bytes = TYPE_BYTES[element] ?? this.fail('a known metadata type', element);
    const length = this.count(this.room(bytes), 'array elements');
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) values.push(this.value(element, depth + 1));
    return values;
  }

  #scalar(type: number): number | boolean {
    const bytes = TYPE_BYTES[type] ?? this.fail('a known metadata type', type);
    const at = this.#take(bytes);
    const view = this.#view;
    const readers: Readonly<Record<number, () => number | boolean>> = {
      0: () => view.getUint8(at),
      1: () => view.getInt8(at),
      2: () => view.getUint16(at, true),
      3: () => view.getInt16(at, true),
      4: () => view.getUint32(at, true),
      5: () => view.getInt32(at, true),
      6: () => view.getFloat32(at, true),
      7: () => view.getUint8(at) !== 0,
      10: () => Number(view.getBigUint64(at, true)),
      11: () => Number(view.getBigInt64(at, true)),
      12: () => view.getFloat64(at, true),
    };
    return readers[type]!();
  }
}

function readMetadata(reader: HeaderReader, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = reader.text(MAX_NAME_BYTES);
    if (metadata.has(key)) reader.fail('each metadata key once', `${shown(key)} twice`);
    metadata.set(key, reader.value(reader.u32()));
  }
  return metadata;
}

/** One tensor's description; `start` is still relative to the data. */
function readTensor(reader: HeaderReader, fileSize: number): GgufTensor {
  const name = reader.text(MAX_NAME_BYTES);
  const rank = reader.u32();
  if (rank < 1 || rank > MAX_RANK) reader.fail(`1 to ${MAX_RANK} dimensions for tensor ${shown(name)}`, rank);
  // At the smallest types a byte holds several values, but never more than 32.
  const limit = 32 * fileSize;
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++)
    shape.unshift(reader.count(limit, `values in tensor ${shown(name)}`));
  const values = shape.reduce((product, n) => product * n, 1);
  if (values < 1 || values > limit) reader.fail(`1 to ${limit} values in tensor ${shown(name)}`, values);
  const type = reader.u32();
  const start = reader.count(fileSize, `bytes before tensor ${shown(name)}`);
  const known = GGML_TYPES.get(type);
  if (known && shape.at(-1)! % known.blockValues !== 0) {
    reader.fail(`rows of whole blocks of ${known.blockValues} in tensor ${shown(name)}`, shape);
  }
  const bytes = known ? (values / known.blockValues) * known.blockBytes : 0;
  return { name, shape, type, start, end: start + bytes };
}

/** Tensors start at multiples of the alignment, inside of the file, and do not overlap. */
function placeTensors(
  found: readonly GgufTensor[],
  dataStart: number,
  alignment: number,
  fileSize: number,
  fail: (expected: string, got: unknown) => never,
): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  let previous = { name: '', end: 0 };
  for (const tensor of [...found].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const name = shown(tensor.name);
    if (tensors.has(tensor.name)) fail('each tensor once', `${name} twice`);
    if (tensor.start % alignment !== 0) fail(`tensor ${name} at a multiple of ${alignment}`, tensor.start);
    if (tensor.start < previous.end)
      fail('tensors that do not overlap', `${shown(previous.name)} and ${name}`);
    if (dataStart + tensor.end > fileSize) {
      fail(`${dataStart + tensor.end} bytes for tensor ${name}`, `a file of ${fileSize}`);
    }
    previous = tensor;
    tensors.set(tensor.name, { ...tensor, start: dataStart + tensor.start, end: dataStart + tensor.end });
  }
  return tensors;
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, reader: HeaderReader): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const fits = typeof alignment === 'number' && alignment >= 1 && alignment <= MAX_ALIGNMENT;
  if (!fits || !Number.isInteger(Math.log2(alignment)))
    reader.fail('general.alignment to be a power of two', alignment);
  return alignment;
}

/**
 * Parses a header.
 * @param bytes the beginning of the file; at least the header.
 * @throws InputError, one line, for a damaged file; MoreBytesNeeded where the header is longer than `bytes`.
 */
export function parseGguf(bytes: Uint8Array, fileSize: number, file: string): GgufHeader {
  const reader = new HeaderReader(bytes, fileSize, file);
  if (reader.u32() !== MAGIC) reader.fail('a GGUF file', 'another format');
  const version = reader.u32();
  if (version !== 2 && version !== 3) {
    throw new InputError(
      `${file}: expected GGUF version 2 or 3, little-endian, got version ${version}; convert it anew`,
    );
  }
  const tensorCount = reader.count(Math.min(MAX_TENSORS, reader.room(MIN_TENSOR_BYTES)), 'tensors');
  const keyCount = reader.count(Math.min(MAX_KEYS, reader.room(MIN_KEY_BYTES)), 'metadata keys');
  const metadata = readMetadata(reader, keyCount);
  const found: GgufTensor[] = [];
  for (let i = 0; i < tensorCount; i++) found.push(readTensor(reader, fileSize));
  const alignment = alignmentOf(metadata, reader);
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const fail = (expected: string, got: unknown): never => reader.fail(expected, got);
  return { metadata, tensors: placeTensors(found, dataStart, alignment, fileSize, fail) };
}

/**
 * Float32 values of a tensor's bytes.
 * @throws InputError naming a type that is not read.
 */
export function decodeGgml(type: number, bytes: Uint8Array, what: string): Float32Array {
  const known = GGML_TYPES.get(type);
  if (!known) {
    const names = [...GGML_TYPES.values()].map(({ name }) => name).join(', ');
    throw new InputError(
      `${what}: expected type ${names}, got ${ggmlTypeName(type)}, which is not supported; use another quantisation`,
    );
  }
  return known.decode(bytes);
}
