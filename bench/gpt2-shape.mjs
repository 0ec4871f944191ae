/**
 * A checkpoint in GPT-2 small's shape with seeded random weights, in a folder in Hugging Face's format, so that other
 * libraries read the very same weights. Speed does not care whether weights were trained.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectedTensors, parseConfig, seededRandom, sizeOf, writeSafetensors } from './internals.mjs';

const SEED = 20;
const DEVIATION = 0.02;
/** Random values are taken from a block of this many, each time from another place. */
const BLOCK = 1 << 20;

/** `config.json` of GPT-2 small. */
export const CONFIG = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  n_layer: 12,
  n_head: 12,
  n_embd: 768,
  n_positions: 1024,
  n_ctx: 1024,
  vocab_size: 50257,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 50256,
  eos_token_id: 50256,
};

/** Two prompts of 19 tokens that differ at position 10 alone, as the experiment's pair does. */
export const PAIR = {
  clean: Array.from({ length: 19 }, (_, position) => 1000 + 17 * position),
  corrupted: Array.from({ length: 19 }, (_, position) => 1000 + 17 * position + (position === 10 ? 5000 : 0)),
  answer: 5335,
  wrong: 1757,
};

let folder;

/** Folders that are removed when the process ends. */
const written = new Set();
process.once('exit', () => {
  for (const path of written) rmSync(path, { recursive: true, force: true });
});

/**
 * Calls a benchmark with the folder, which all of them share; it is removed when the process ends well.
 * @param {(folder: string) => Promise<string[]>} benchmark
 */
export async function withGpt2Shape(benchmark) {
  folder ??= await writeShape();
  return benchmark(folder);
}

/**
 * Writes a checkpoint; it is removed when the process ends.
 * @param {Partial<typeof CONFIG>} changes what differs from GPT-2 small
 * @param {{ seed?: number, deviation?: number }} weights the seed of the weights, and their standard deviation
 */
export async function writeShape(changes = {}, { seed = SEED, deviation = DEVIATION } = {}) {
  const path = await mkdtemp(join(tmpdir(), 'mediators-gpt2-shape-'));
  written.add(path);
  const config = { ...CONFIG, ...changes };
  const random = seededRandom(seed);
  const block = Float32Array.from({ length: BLOCK }, () => deviation * normal(random));
  const tensors = [...expectedTensors(parseConfig(config, 'config.json'))].map(([name, shape]) => ({
    name,
    tensor: { shape, data: draw(random, block, sizeOf(shape), /ln_\w+\.weight$/.test(name) ? 1 : 0) },
  }));
  await writeFile(join(path, 'config.json'), JSON.stringify(config));
  await writeSafetensors(join(path, 'model.safetensors'), tensors, { metadata: { format: 'pt' } });
  return path;
}

/** Values around `mean`: pieces of the block. */
function draw(random, block, size, mean) {
  const data = new Float32Array(size);
  for (let at = 0; at < size; ) {
    const from = random.below(BLOCK - 1);
    const piece = block.subarray(from, from + Math.min(size - at, BLOCK - from));
    data.set(piece, at);
    at += piece.length;
  }
  return mean === 0 ? data : data.map((value) => mean + value);
}

/** Normally distributed, nearly: a sum of 12 uniform numbers. */
function normal(random) {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.below(2 ** 24) / 2 ** 24;
  return sum;
}
