/**
 * Writing files under their final name only when they are complete, and what went wrong, in words. Node only.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from './errors.ts';
import { encodeSafetensorsParts, type NamedTensor } from './tensor/safetensors.ts';

/** One system call writes at most this much: Linux stops at 2 GiB. */
const CHUNK_BYTES = 1 << 28;

const FULL = 'free space there, then run it again (a study with --resume)';
const CLOSED = 'make it writable or choose another place, then run it again (a study with --resume)';

/** Failures of system calls in words, and for those that the user can mend, how. */
const SYSTEM: Readonly<Record<string, { readonly reason: string; readonly mend?: string }>> = {
  ENOENT: { reason: 'no such file' },
  EMFILE: { reason: 'too many open files' },
  ENOSPC: { reason: 'no space left on the disk', mend: FULL },
  EDQUOT: { reason: 'no space left in the quota', mend: FULL },
  EFBIG: { reason: 'a file larger than the limit', mend: FULL },
  EACCES: { reason: 'permission denied', mend: CLOSED },
  EPERM: { reason: 'permission denied', mend: CLOSED },
  EROFS: { reason: 'a read-only disk', mend: CLOSED },
  EEXIST: { reason: 'a file where a folder should be', mend: CLOSED },
  EISDIR: { reason: 'a folder', mend: CLOSED },
  ENOTDIR: { reason: 'a path through a file', mend: CLOSED },
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The reason of a failed system call, in a few words (`no such file`, `permission denied`, ...). */
export function systemReason(error: unknown): string {
  const code = codeOf(error);
  return SYSTEM[code]?.reason ?? (code || (error instanceof Error ? error.message : String(error)));
}

/** What a failed write is to be reported as: an InputError where the user can mend it. */
function writingError(path: string, error: unknown): unknown {
  const mend = SYSTEM[codeOf(error)]?.mend;
  return mend === undefined
    ? error
    : new InputError(`expected to write ${path}, got: ${systemReason(error)}; ${mend}`);
}

/**
 * Writes a file, and the folders above it, so that its final name only ever holds all of it: a temporary file,
 * flushed, then renamed.
 * @param temporaryFolder where the temporary file lies, on the same disk; by default beside the file.
 * @throws InputError where the disk is full or may not be written; nothing is left behind then.
 */
export async function writeFileAtomic(
  path: string,
  parts: readonly Uint8Array[],
  temporaryFolder: string = dirname(path),
): Promise<void> {
  await placed(path, temporaryFolder, (temporary) => writeNew(temporary, parts), rename);
}

/** Copies a file, as `writeFileAtomic` writes one. Disks that can share the bytes of both do. */
export async function copyFileAtomic(from: string, to: string, temporaryFolder: string): Promise<void> {
  const copy = async (temporary: string) => {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  await placed(to, temporaryFolder, copy, rename);
}

/**
 * Writes text into a file that is not there yet, whole, and tells whether it was so: of several processes that try at
 * once, one succeeds. Where a disk has no hard links, the last one may win instead.
 */
export async function createTextAtomic(
  path: string,
  text: string,
  temporaryFolder: string,
): Promise<boolean> {
  let created = true;
  const place = async (temporary: string) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return rename(temporary, path);
      created = false;
    }
    return rm(temporary);
  };
  const bytes = new TextEncoder().encode(text);
  await placed(path, temporaryFolder, (temporary) => writeNew(temporary, [bytes]), place);
  return created;
}

/** Makes a file under a temporary name, then gives it its own. */
async function placed(
  path: string,
  temporaryFolder: string,
  make: (temporary: string) => Promise<void>,
  place: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  const temporary = join(temporaryFolder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await mkdir(temporaryFolder, { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    await make(temporary);
    await place(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writingError(path, error);
  }
}

/** Writes a new file and flushes it. */
async function writeNew(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const part of parts) await writeAll(handle, part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(CHUNK_BYTES, bytes.length - done));
    done += bytesWritten;
  }
}

/** Writes text in UTF-8; see `writeFileAtomic`. */
export function writeTextAtomic(path: string, text: string, temporaryFolder?: string): Promise<void> {
  return writeFileAtomic(path, [new TextEncoder().encode(text)], temporaryFolder);
}

/** Writes tensors as a safetensors file, atomically; see `encodeSafetensorsParts` and `writeFileAtomic`. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  options: { readonly metadata?: Readonly<Record<string, string>>; readonly temporaryFolder?: string } = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensorsParts(tensors, options.metadata), options.temporaryFolder);
}

/** Whether a file or folder is there. */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
