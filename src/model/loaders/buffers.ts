/**
 * A checkpoint from bytes in memory, as a page has fetched them. Runs in browsers and in Node.
 */
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { openFiles } from './huggingface.ts';
import type { ByteSource, ModelFiles } from './model-files.ts';

/** The content of each file, by name: `config.json`, `model.safetensors`, `tokenizer.json`, ... */
export type Buffers = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/**
 * Opens a checkpoint in Hugging Face's format from its files' bytes; see `openFiles`. They must stay as they are.
 * @param id the name shown in results.
 */
export function openBuffers(buffers: Buffers, id: string): Promise<Checkpoint> {
  return openFiles(bufferFiles(buffers), id);
}

function bufferFiles(buffers: Buffers): ModelFiles {
  const bytesOf = (name: string): Uint8Array<ArrayBuffer> => {
    const bytes = Object.hasOwn(buffers, name) ? buffers[name] : undefined;
    if (bytes) return bytes;
    throw new InputError(
      `expected the bytes of ${name}, got those of ${shown(Object.keys(buffers))}; give it too`,
    );
  };
  return {
    place: 'the given files',
    has: (name) => Object.hasOwn(buffers, name),
    open: async (name) => byteSource(name, bytesOf(name)),
    sha256: async (names) => {
      const hashes = await Promise.all(names.map((name) => sha256(bytesOf(name))));
      if (hashes.length === 1) return hashes[0]!;
      const lines = hashes.map((hash, i) => `${hash} ${names[i]}\n`).toSorted();
      return sha256(new TextEncoder().encode(lines.join('')));
    },
  };
}

function byteSource(label: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    label,
    size: bytes.length,
    read: async (start, end) => {
      if (start >= 0 && start <= end && end <= bytes.length) return bytes.slice(start, end);
      throw new InputError(
        `${label}: expected bytes ${start} to ${end}, got a file of ${bytes.length}; it is truncated, fetch it again`,
      );
    },
    close: async () => {},
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
