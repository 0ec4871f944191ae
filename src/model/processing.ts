/**
 * A checkpoint's weights in TransformerLens's names and layout, raw or processed.
 *
 * Processing is what TransformerLens 2.15's `from_pretrained` does by default. It leaves logits (but for a
 * constant per position) and log-probabilities as they are:
 * 1. fold_ln: gains and biases of the norms go into the weights that read them, and, for LayerNorm, those
 *    weights lose their mean over d_model (their input has mean zero, so no value changes, but gradients at
 *    `hook_normalized` do);
 * 2. center_writing_weights (LayerNorm only): W_E, W_pos, W_O, b_O, W_out, b_out lose their mean over d_model;
 * 3. center_unembed: W_U and b_U lose their mean over the vocabulary;
 * 4. fold_value_biases: b_O += b_V W_O, and b_V goes.
 * Sums are float64, rounded once to float32. One tensor is read at a time.
 *
 * | name | shape | |
 * |---|---|---|
 * | `embed.W_E` | [vocabulary, dModel] | |
 * | `pos_embed.W_pos` | [context, dModel] | gpt2 |
 * | `blocks.{l}.attn.W_Q` | [dModel, nHeads * dHead] | columns head by head |
 * | `blocks.{l}.attn.W_K`, `W_V` | [dModel, nKvHeads * dHead] | |
 * | `blocks.{l}.attn.W_O` | [nHeads * dHead, dModel] | |
 * | `blocks.{l}.attn.b_Q`, `b_K`, `b_V`, `b_O` | their matrix's columns | gpt2; b_V only if raw |
 * | `blocks.{l}.mlp.W_in`, `W_gate` | [dModel, dMlp] | W_gate: llama |
 * | `blocks.{l}.mlp.W_out` | [dMlp, dModel] | |
 * | `blocks.{l}.mlp.b_in`, `b_out` | [dMlp], [dModel] | gpt2 |
 * | `blocks.{l}.ln1.w`, `ln2.w`, `ln_final.w`, and `.b` | [dModel] | only if raw; `.b`: gpt2 |
 * | `unembed.W_U_T` | [vocabulary, dModel] | transposed |
 * | `unembed.b_U` | [vocabulary] | gpt2 processed; elsewhere zero and absent |
 */
import { throwIfCancelled } from '../errors.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Checkpoint } from './checkpoint.ts';
import { expectedTensors } from './layout.ts';
import {
  addProduct,
  centredProduct,
  centreRows,
  columns,
  copied,
  foldGain,
  foldUnembedding,
  transposed,
} from './weight-maths.ts';

/** Parameters by TransformerLens's names; see the table above. Data is shared memory where there is any. */
export type Parameters = ReadonlyMap<string, Tensor>;

export interface LoadOptions {
  /** Skip the processing. */
  readonly raw: boolean;
  readonly signal?: AbortSignal;
  /** Called after each tensor that was read, with bytes as float32. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What one load carries along. */
interface Load {
  readonly checkpoint: Checkpoint;
  readonly raw: boolean;
  readonly read: (name: string) => Promise<Tensor>;
  readonly set: (name: string, value: Tensor) => void;
}

/** A norm's gain [d], and bias [d] for LayerNorm. */
interface Norm {
  readonly gain: Tensor;
  readonly bias?: Tensor;
}

/**
 * Reads and, unless `raw`, processes all weights of a checkpoint.
 * @throws InputError for damaged weights, CancelledError where the signal was aborted.
 */
export async function loadParameters(checkpoint: Checkpoint, options: LoadOptions): Promise<Parameters> {
  const { raw, signal, onProgress } = options;
  const parameters = new Map<string, Tensor>();
  let total = 0;
  for (const [, shape] of expectedTensors(checkpoint.config)) total += 4 * sizeOf(shape);
  let done = 0;
  const load: Load = {
    checkpoint,
    raw,
    set: (name, value) => parameters.set(name, value),
    read: async (name) => {
      throwIfCancelled(signal);
      const value = await checkpoint.read(name);
      done += value.data.byteLength;
      onProgress?.(done, total);
      return value;
    },
  };
  if (checkpoint.config.family === 'gpt2') await loadGpt2(load);
  else await loadLlama(load);
  throwIfCancelled(signal);
  return parameters;
}

/** Folds a norm into a matrix [d, out] that reads its output, in place, and into its bias [out], if any. */
function foldNorm(norm: Norm, matrix: Tensor, bias?: Tensor): void {
  if (norm.bias && bias) addProduct(bias, norm.bias, matrix);
  foldGain(matrix, norm.gain, norm.bias !== undefined);
}

/** Keeps a norm's own parameters: only raw weights have them. */
function setNorm({ raw, set }: Load, name: string, norm: Norm): void {
  if (!raw) return;
  set(`${name}.w`, copied(norm.gain));
  if (norm.bias) set(`${name}.b`, copied(norm.bias));
}

/** Sets `unembed.*` from a matrix [vocabulary, d], and the final norm's parameters if raw. */
function setUnembed(load: Load, source: Tensor, norm: Norm): void {
  const { raw, set } = load;
  setNorm(load, 'ln_final', norm);
  const unembed = copied(source);
  if (!raw) {
    if (norm.bias) set('unembed.b_U', centredProduct(unembed, norm.bias));
    foldUnembedding(unembed, norm.gain, norm.bias !== undefined);
  }
  set('unembed.W_U_T', unembed);
}

async function readLayerNorm({ read }: Load, source: string): Promise<Norm> {
  return { gain: await read(`${source}.weight`), bias: await read(`${source}.bias`) };
}

async function loadGpt2(load: Load): Promise<void> {
  const { raw, read, set } = load;
  const { nLayers, tiedEmbeddings } = load.checkpoint.config;
  const written = (t: Tensor) => (raw ? copied(t) : centreRows(copied(t)));
  const norm = await readLayerNorm(load, 'transformer.ln_f');
  set('pos_embed.W_pos', written(await read('transformer.wpe.weight')));
  const embedding = await read('transformer.wte.weight');
  set('embed.W_E', written(embedding));
  setUnembed(load, tiedEmbeddings ? embedding : await read('lm_head.weight'), norm);
  for (let layer = 0; layer < nLayers; layer++) {
    await loadGpt2Attention(load, layer);
    await loadGpt2Mlp(load, layer);
  }
}

async function loadGpt2Attention(load: Load, layer: number): Promise<void> {
  const { raw, read, set } = load;
  const source = `transformer.h.${layer}`;
  const target = `blocks.${layer}.attn`;
  const norm = await readLayerNorm(load, `${source}.ln_1`);
  setNorm(load, `blocks.${layer}.ln1`, norm);
  const joined = await read(`${source}.attn.c_attn.weight`); // [d, 3d]: queries, keys, values
  const joinedBias = await read(`${source}.attn.c_attn.bias`); // [3d]
  const width = joined.shape[0]!;
  const part = (letter: 'Q' | 'K' | 'V') => {
    const from = 'QKV'.indexOf(letter) * width;
    const matrix = columns(joined, from, from + width);
    const bias = columns(joinedBias, from, from + width);
    if (!raw) foldNorm(norm, matrix, bias);
    set(`${target}.W_${letter}`, matrix);
    if (raw || letter !== 'V') set(`${target}.b_${letter}`, bias);
    return bias;
  };
  part('Q');
  part('K');
  const valueBias = part('V');
  const output = copied(await read(`${source}.attn.c_proj.weight`)); // [nHeads * dHead, d]
  const outputBias = copied(await read(`${source}.attn.c_proj.bias`));
  if (!raw) addProduct(outputBias, valueBias, output);
  set(`${target}.W_O`, raw ? output : centreRows(output));
  set(`${target}.b_O`, raw ? outputBias : centreRows(outputBias));
}

async function loadGpt2Mlp(load: Load, layer: number): Promise<void> {
  const { raw, read, set } = load;
  const source = `transformer.h.${layer}`;
  const target = `blocks.${layer}.mlp`;
  const norm = await readLayerNorm(load, `${source}.ln_2`);
  setNorm(load, `blocks.${layer}.ln2`, norm);
  const input = copied(await read(`${source}.mlp.c_fc.weight`)); // [d, dMlp]
  const inputBias = copied(await read(`${source}.mlp.c_fc.bias`));
  if (!raw) foldNorm(norm, input, inputBias);
  set(`${target}.W_in`, input);
  set(`${target}.b_in`, inputBias);
  const output = copied(await read(`${source}.mlp.c_proj.weight`)); // [dMlp, d]
  const outputBias = copied(await read(`${source}.mlp.c_proj.bias`));
  set(`${target}.W_out`, raw ? output : centreRows(output));
  set(`${target}.b_out`, raw ? outputBias : centreRows(outputBias));
}

async function loadLlama(load: Load): Promise<void> {
  const { read, set } = load;
  const { nLayers, tiedEmbeddings } = load.checkpoint.config;
  const norm = { gain: await read('model.norm.weight') };
  const embedding = await read('model.embed_tokens.weight');
  set('embed.W_E', copied(embedding));
  setUnembed(load, tiedEmbeddings ? embedding : await read('lm_head.weight'), norm);
  for (let layer = 0; layer < nLayers; layer++) await loadLlamaBlock(load, layer);
}

async function loadLlamaBlock(load: Load, layer: number): Promise<void> {
  const { raw, read, set } = load;
  const source = `model.layers.${layer}`;
  const block = `blocks.${layer}`;
  const reading = async (name: string, projection: string, norm: Norm) => {
    const matrix = transposed(await read(`${source}.${projection}.weight`)); // [out, d] to [d, out]
    if (!raw) foldNorm(norm, matrix);
    set(`${block}.${name}`, matrix);
  };
  const attention = { gain: await read(`${source}.input_layernorm.weight`) };
  setNorm(load, `${block}.ln1`, attention);
  await reading('attn.W_Q', 'self_attn.q_proj', attention);
  await reading('attn.W_K', 'self_attn.k_proj', attention);
  await reading('attn.W_V', 'self_attn.v_proj', attention);
  set(`${block}.attn.W_O`, transposed(await read(`${source}.self_attn.o_proj.weight`)));
  const mlp = { gain: await read(`${source}.post_attention_layernorm.weight`) };
  setNorm(load, `${block}.ln2`, mlp);
  await reading('mlp.W_in', 'mlp.up_proj', mlp);
  await reading('mlp.W_gate', 'mlp.gate_proj', mlp);
  set(`${block}.mlp.W_out`, transposed(await read(`${source}.mlp.down_proj.weight`)));
}
