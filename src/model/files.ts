/**
 * Files of a model on disk: reading by range, and hashing. Node only.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError } from '../errors.ts';
import { systemReason } from '../files.ts';

/** One system call reads at most this much: Linux stops at 2 GiB. */
const CHUNK_BYTES = 1 << 28;
/** The most that one read gives: no tensor of a model that fits this engine is larger. */
const MAX_READ_BYTES = 2 ** 32;

/** A file opened for reading by range. Errors name it by `label`. */
export class RangeFile {
  readonly path: string;
  /** The file's base name, for errors. */
  readonly label: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.label = basename(path);
    this.size = size;
    this.#handle = handle;
  }

  /** @throws InputError where the file cannot be opened or is no regular file. */
  static async open(path: string): Promise<RangeFile> {
    let handle: FileHandle | undefined;
    let size = 0;
    try {
      // Asked before it is opened: opening a pipe would wait for its writer.
      const found = await stat(path);
      size = found.size;
      if (found.isFile()) handle = await open(path, 'r');
    } catch (error) {
      throw new InputError(
        `expected a readable file at ${path}, got: ${systemReason(error)}; check the path`,
      );
    }
    if (!handle) throw new InputError(`expected a file at ${path}, got something else; check the path`);
    return new RangeFile(path, size, handle);
  }

  /**
   * Bytes `start` to `end` (exclusive), in a buffer of their own.
   * @throws InputError where the file ends before.
   */
  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (start < 0 || end < start || end > this.size) {
      throw new InputError(
        `${this.label}: expected bytes ${start} to ${end}, got a file of ${this.size}; it is truncated, download it again`,
      );
    }
    if (end - start > MAX_READ_BYTES) {
      throw new InputError(
        `${this.label}: expected tensors of at most ${MAX_READ_BYTES} bytes, got one of ${end - start}; use a smaller model`,
      );
    }
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length; ) {
      const length = Math.min(CHUNK_BYTES, bytes.length - done);
      const { bytesRead } = await this.#handle.read(bytes, done, length, start + done);
      if (bytesRead === 0) {
        throw new InputError(
          `${this.label}: expected ${end} bytes, got ${start + done}; it was cut while open`,
        );
      }
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** SHA-256 of one file, in hexadecimal, read as a stream. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * SHA-256 of one file; of several, that of the sorted lines `sha256 name`, each ended by a newline.
 * A shell gives the same: `for f in *.safetensors; do echo "$(sha256sum < $f | cut -c1-64) $f"; done | sort | sha256sum`.
 */
export async function sha256OfFiles(paths: readonly string[]): Promise<string> {
  if (paths.length === 1) return sha256OfFile(paths[0]!);
  const lines: string[] = [];
  for (const path of paths) lines.push(`${await sha256OfFile(path)} ${basename(path)}\n`);
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}
