/**
 * `--model`: what the user wrote, to the loader that reads it.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { openFolder } from './folder.ts';
import { openGguf } from './gguf.ts';

/** The name of the model that comes with the package. */
export const EMBEDDED = 'embedded';

const EXPECTED = `a model: "${EMBEDDED}", a folder with config.json or a .gguf file`;

/** The embedded model's folder; `src/model/loaders` and `dist/model/loaders` lie equally deep. */
export function embeddedFolder(): string {
  return fileURLToPath(new URL('../../../models/embedded', import.meta.url));
}

/**
 * Opens a model by name or path.
 * @param source `embedded`, a folder in Hugging Face's format, or a `.gguf` file.
 * @throws InputError, one line, where it is none of these or cannot be read.
 */
export async function openCheckpoint(source: string): Promise<Checkpoint> {
  if (source === EMBEDDED) return openFolder(embeddedFolder(), EMBEDDED);
  if (!existsSync(source)) {
    if (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(source) && !source.endsWith('.gguf')) {
      throw new InputError(
        `expected ${EXPECTED}, got ${shown(source)}, which looks like a name on a model hub; download it to a folder and give that folder`,
      );
    }
    const bare = /^[\w-][\w.-]*$/.test(source) && !source.endsWith('.gguf');
    const mend = bare
      ? 'models are not known by name: download it to a folder and give that folder'
      : 'check the path';
    throw new InputError(`expected ${EXPECTED}, got ${shown(source)}, which does not exist; ${mend}`);
  }
  if (statSync(source).isDirectory()) {
    if (existsSync(join(source, 'config.json'))) return openFolder(source);
    throw new InputError(
      `expected ${EXPECTED}, got the folder ${shown(source)} without config.json; download the whole model`,
    );
  }
  if (source.toLowerCase().endsWith('.gguf')) return openGguf(source);
  throw new InputError(`expected ${EXPECTED}, got ${shown(source)}; give the folder it lies in`);
}
