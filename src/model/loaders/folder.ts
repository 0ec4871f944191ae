/**
 * A checkpoint in a folder on disk. Node only.
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Checkpoint } from '../checkpoint.ts';
import { RangeFile, sha256OfFiles } from '../files.ts';
import { openFiles } from './huggingface.ts';
import type { ModelFiles } from './model-files.ts';

function folderFiles(path: string): ModelFiles {
  return {
    place: path,
    has: (name) => existsSync(join(path, name)),
    open: (name) => RangeFile.open(join(path, name)),
    sha256: (names) => sha256OfFiles(names.map((name) => join(path, name))),
  };
}

/**
 * Opens a folder in Hugging Face's format; see `openFiles`.
 * @param id the name shown in results; by default the folder's.
 */
export function openFolder(path: string, id: string = basename(resolve(path))): Promise<Checkpoint> {
  return openFiles(folderFiles(path), id);
}
