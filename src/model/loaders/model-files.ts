/**
 * The files of a checkpoint in Hugging Face's format, wherever they lie: in a folder (`folder.ts`), or as bytes that a
 * page has fetched (`buffers.ts`). What reads them is the same.
 */
import { InputError } from '../../errors.ts';

/** A file that is read by range. */
export interface ByteSource {
  /** The file's base name, for errors. */
  readonly label: string;
  readonly size: number;
  /** Bytes `start` to `end` (exclusive), in a buffer of their own. Throws InputError where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export interface ModelFiles {
  /** Where they lie, for errors. */
  readonly place: string;
  has(name: string): boolean;
  /** Throws InputError for a file that is not there or cannot be read. */
  open(name: string): Promise<ByteSource>;
  /** SHA-256 of one file, or for several of the sorted lines `sha256 name`. */
  sha256(names: readonly string[]): Promise<string>;
}

/** A whole file of at most `maxBytes`. @throws InputError where it cannot be opened or is larger. */
export async function readSmallFile(files: ModelFiles, name: string, maxBytes: number): Promise<Uint8Array> {
  const file = await files.open(name);
  try {
    if (file.size > maxBytes) {
      throw new InputError(
        `${file.label}: expected at most ${maxBytes} bytes, got ${file.size}; check the file`,
      );
    }
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}
