/**
 * Which tensors a checkpoint of each family must hold, by Hugging Face's names, and of which shape.
 * GPT-2 stores its matrices as [in, out] (Conv1D), Llama as [out, in] (Linear).
 */
import { InputError } from '../errors.ts';
import { shown } from '../tensor/json.ts';
import type { Shape } from '../tensor/tensor.ts';
import type { ModelConfig } from './config.ts';

type Expected = readonly [name: string, shape: Shape];

function* gpt2Tensors(config: ModelConfig): Generator<Expected> {
  const { dModel: d, dMlp: m, vocabulary, context } = config;
  yield ['transformer.wte.weight', [vocabulary, d]];
  yield ['transformer.wpe.weight', [context, d]];
  for (let layer = 0; layer < config.nLayers; layer++) {
    const block = `transformer.h.${layer}`;
    yield [`${block}.ln_1.weight`, [d]];
    yield [`${block}.ln_1.bias`, [d]];
    yield [`${block}.attn.c_attn.weight`, [d, 3 * d]];
    yield [`${block}.attn.c_attn.bias`, [3 * d]];
    yield [`${block}.attn.c_proj.weight`, [d, d]];
    yield [`${block}.attn.c_proj.bias`, [d]];
    yield [`${block}.ln_2.weight`, [d]];
    yield [`${block}.ln_2.bias`, [d]];
    yield [`${block}.mlp.c_fc.weight`, [d, m]];
    yield [`${block}.mlp.c_fc.bias`, [m]];
    yield [`${block}.mlp.c_proj.weight`, [m, d]];
    yield [`${block}.mlp.c_proj.bias`, [d]];
  }
  yield ['transformer.ln_f.weight', [d]];
  yield ['transformer.ln_f.bias', [d]];
  if (!config.tiedEmbeddings) yield ['lm_head.weight', [vocabulary, d]];
}

function* llamaTensors(config: ModelConfig): Generator<Expected> {
  const { dModel: d, dMlp: m, dHead, vocabulary } = config;
  yield ['model.embed_tokens.weight', [vocabulary, d]];
  for (let layer = 0; layer < config.nLayers; layer++) {
    const block = `model.layers.${layer}`;
    yield [`${block}.input_layernorm.weight`, [d]];
    yield [`${block}.self_attn.q_proj.weight`, [config.nHeads * dHead, d]];
    yield [`${block}.self_attn.k_proj.weight`, [config.nKvHeads * dHead, d]];
    yield [`${block}.self_attn.v_proj.weight`, [config.nKvHeads * dHead, d]];
    yield [`${block}.self_attn.o_proj.weight`, [d, config.nHeads * dHead]];
    yield [`${block}.post_attention_layernorm.weight`, [d]];
    yield [`${block}.mlp.gate_proj.weight`, [m, d]];
    yield [`${block}.mlp.up_proj.weight`, [m, d]];
    yield [`${block}.mlp.down_proj.weight`, [d, m]];
  }
  yield ['model.norm.weight', [d]];
  if (!config.tiedEmbeddings) yield ['lm_head.weight', [vocabulary, d]];
}

/** Names and shapes of all the tensors that this model needs, in the order of its computation. */
export function expectedTensors(config: ModelConfig): Generator<Expected> {
  return config.family === 'gpt2' ? gpt2Tensors(config) : llamaTensors(config);
}

/**
 * Checks that a checkpoint holds what its configuration promises.
 * @param shapeOf the shape of a tensor by name, undefined where there is none.
 * @throws InputError naming the first tensor that is missing or of another shape.
 */
export function checkLayout(
  config: ModelConfig,
  shapeOf: (name: string) => Shape | undefined,
  source: string,
): void {
  for (const [name, shape] of expectedTensors(config)) {
    const found = shapeOf(name);
    if (!found) {
      throw new InputError(
        `${source}: expected tensor ${name}, got none of that name; the checkpoint is incomplete`,
      );
    }
    if (found.length !== shape.length || found.some((n, axis) => n !== shape[axis])) {
      throw new InputError(
        `${source}: expected tensor ${name} of shape ${shown(shape)}, got ${shown(found)}; weights and configuration belong to different models`,
      );
    }
  }
}

/** @throws InputError naming the tensor where a value is NaN or infinite. */
export function checkFinite(data: Float32Array, name: string, source: string): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) {
      throw new InputError(
        `${source}: expected finite weights, got ${value} in tensor ${shown(name)} at element ${i}; the checkpoint is damaged`,
      );
    }
  }
}
