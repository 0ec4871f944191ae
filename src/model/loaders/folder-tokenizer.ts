/**
 * The tokenizer of a Hugging Face folder: tokenizer.json, and the name of its first token.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../tensor/json.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { ModelConfig } from '../config.ts';
import { parseWith } from '../parse-with.ts';
import { buildTokenizer } from '../tokenizers/huggingface.ts';
import { readSmallFile } from './weights.ts';

const TOKENIZER = 'tokenizer.json';
/** Files that may name `bos_token`, the first that does counts. */
const NAMING = ['tokenizer_config.json', 'special_tokens_map.json'];
const LIMITS = { maxBytes: 100_000_000, maxDepth: 64 };

const namingSchema = z.object({
  bos_token: z.union([z.string(), z.object({ content: z.string() })]).nullish(),
});

async function readJson(folder: string, name: string): Promise<unknown> {
  return parseJson(await readSmallFile(join(folder, name), LIMITS.maxBytes), name, LIMITS);
}

async function namedBos(folder: string): Promise<string | undefined> {
  for (const name of NAMING.filter((file) => existsSync(join(folder, file)))) {
    const { bos_token: token } = parseWith(namingSchema, await readJson(folder, name), name);
    if (token) return typeof token === 'string' ? token : token.content;
  }
  return undefined;
}

/**
 * The tokenizer of a folder, or in one line why there is none.
 * @throws InputError for one that is damaged.
 */
export async function readFolderTokenizer(
  folder: string,
  config: ModelConfig,
): Promise<Pick<Checkpoint, 'tokenizer' | 'tokenizerProblem'>> {
  if (!existsSync(join(folder, TOKENIZER))) {
    const tokenizerProblem = `expected ${TOKENIZER} in ${folder}, got none; add it, or give token ids (--clean-ids ...)`;
    return { tokenizerProblem };
  }
  const facts = { family: config.family, named: await namedBos(folder), configured: config.bosTokenId };
  return { tokenizer: buildTokenizer(await readJson(folder, TOKENIZER), facts, TOKENIZER) };
}
