/**
 * Writes GGUF files for tests, hostile ones included: nothing is checked.
 */

/** A metadata value with its type: u32, f32, text, texts or i32s. */
export type Entry =
  | { readonly u32: number | bigint }
  | { readonly u64: bigint }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] }
  | { readonly bytes: Uint8Array };

export interface TensorEntry {
  readonly name: string;
  /** As in the file: the fastest dimension first. */
  readonly dimensions: readonly (number | bigint)[];
  readonly type: number;
  readonly data: Uint8Array;
  /** In place of the offset that fits. */
  readonly offset?: number | bigint;
}

export interface Parts {
  readonly metadata: Readonly<Record<string, Entry>>;
  readonly tensors: readonly TensorEntry[];
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
}

const ALIGNMENT = 32;

class Writer {
  readonly #chunks: Buffer[] = [];
  length = 0;

  add(bytes: Uint8Array): this {
    this.#chunks.push(Buffer.from(bytes));
    this.length += bytes.length;
    return this;
  }
  u32(value: number | bigint): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(Number(value));
    return this.add(bytes);
  }
  u64(value: number | bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.add(bytes);
  }
  text(value: string): this {
    const bytes = Buffer.from(value);
    return this.u64(bytes.length).add(bytes);
  }
  pad(): this {
    return this.add(new Uint8Array((ALIGNMENT - (this.length % ALIGNMENT)) % ALIGNMENT));
  }
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function writeEntry(out: Writer, entry: Entry): void {
  if ('u32' in entry) out.u32(4).u32(entry.u32);
  else if ('u64' in entry) out.u32(10).u64(entry.u64);
  else if ('f32' in entry) out.u32(6).add(new Uint8Array(Float32Array.of(entry.f32).buffer));
  else if ('bool' in entry) out.u32(7).add(Uint8Array.of(entry.bool ? 1 : 0));
  else if ('text' in entry) out.u32(8).text(entry.text);
  else if ('texts' in entry) {
    out.u32(9).u32(8).u64(entry.texts.length);
    for (const text of entry.texts) out.text(text);
  } else if ('i32s' in entry) {
    out
      .u32(9)
      .u32(5)
      .u64(entry.i32s.length)
      .add(new Uint8Array(Int32Array.from(entry.i32s).buffer));
  } else out.add(entry.bytes);
}

/** The bytes of a GGUF file. */
export function ggufBytes(parts: Parts): Buffer {
  const { metadata, tensors } = parts;
  const out = new Writer();
  out.add(Buffer.from(parts.magic ?? 'GGUF')).u32(parts.version ?? 3);
  out.u64(parts.tensorCount ?? tensors.length).u64(parts.keyCount ?? Object.keys(metadata).length);
  for (const [key, entry] of Object.entries(metadata)) writeEntry(out.text(key), entry);
  let offset = 0;
  for (const { name, dimensions, type, data, offset: given } of tensors) {
    out.text(name).u32(dimensions.length);
    for (const n of dimensions) out.u64(n);
    out.u32(type).u64(given ?? offset);
    offset += Math.ceil(data.length / ALIGNMENT) * ALIGNMENT;
  }
  out.pad();
  for (const { data } of tensors) out.add(data).pad();
  return out.bytes();
}
