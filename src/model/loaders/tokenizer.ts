/**
 * The tokenizer of a checkpoint in Hugging Face's format: tokenizer.json, and the name of its first token.
 */
import { z } from 'zod';
import { parseJson } from '../../tensor/json.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { ModelConfig } from '../config.ts';
import { parseWith } from '../parse-with.ts';
import { buildTokenizer } from '../tokenizers/huggingface.ts';
import { type ModelFiles, readSmallFile } from './model-files.ts';

const TOKENIZER = 'tokenizer.json';
/** Files that may name `bos_token`, the first that does counts. */
const NAMING = ['tokenizer_config.json', 'special_tokens_map.json'];
const LIMITS = { maxBytes: 100_000_000, maxDepth: 64 };

const namingSchema = z.object({
  bos_token: z.union([z.string(), z.object({ content: z.string() })]).nullish(),
});

async function readJson(files: ModelFiles, name: string): Promise<unknown> {
  return parseJson(await readSmallFile(files, name, LIMITS.maxBytes), name, LIMITS);
}

async function namedBos(files: ModelFiles): Promise<string | undefined> {
  for (const name of NAMING.filter((file) => files.has(file))) {
    const { bos_token: token } = parseWith(namingSchema, await readJson(files, name), name);
    if (token) return typeof token === 'string' ? token : token.content;
  }
  return undefined;
}

/**
 * The tokenizer among some files, or in one line why there is none.
 * @throws InputError for one that is damaged.
 */
export async function readTokenizer(
  files: ModelFiles,
  config: ModelConfig,
): Promise<Pick<Checkpoint, 'tokenizer' | 'tokenizerProblem'>> {
  if (!files.has(TOKENIZER)) {
    const tokenizerProblem = `expected ${TOKENIZER} in ${files.place}, got none; add it, or give token ids (--clean-ids ...)`;
    return { tokenizerProblem };
  }
  const facts = { family: config.family, named: await namedBos(files), configured: config.bosTokenId };
  return { tokenizer: buildTokenizer(await readJson(files, TOKENIZER), facts, TOKENIZER) };
}
