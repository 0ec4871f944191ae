/**
 * `config.json`, as written by transformers 4 and 5, into a ModelConfig.
 * What this project does not compute exactly is refused by name, never ignored.
 */
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { shown } from '../../tensor/json.ts';
import type { Activation, Family, ModelConfig, Rotary } from '../config.ts';
import { parseWith } from '../parse-with.ts';

/** The largest width, head count or vocabulary taken as plausible. */
export const MAX_DIMENSION = 1_000_000;
/** The largest number of layers taken as plausible. */
export const MAX_LAYERS = 10_000;
/** The longest context taken as plausible. */
export const MAX_CONTEXT = 100_000_000;

/** Architecture classes that can be computed, and their family. */
const ARCHITECTURES: Readonly<Record<string, Family>> = {
  GPT2LMHeadModel: 'gpt2',
  LlamaForCausalLM: 'llama',
};

/** transformers' names of activations, and ours; some are several names of one function. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
};

const dimension = z.int().min(1).max(MAX_DIMENSION);
const layers = z.int().min(1).max(MAX_LAYERS);
const context = z.int().min(1).max(MAX_CONTEXT);
const epsilon = z.number().gt(0).max(0.1);
const positive = z.number().gt(0).max(1e12);
const tokenId = z
  .int()
  .min(0)
  .max(MAX_DIMENSION * 10)
  .nullish();
/** Llama 3 checkpoints list several end tokens, and some files several first ones: only a single one counts. */
const tokenIds = z.union([tokenId, z.array(z.int())]);

const anyModel = z.object({
  model_type: z.string().nullish(),
  architectures: z.array(z.string()).max(16).nullish(),
});

const gpt2Schema = z.object({
  vocab_size: dimension,
  n_positions: context,
  n_embd: dimension,
  n_layer: layers,
  n_head: dimension,
  n_inner: dimension.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: epsilon.default(1e-5),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  reorder_and_upcast_attn: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(true),
  bos_token_id: tokenIds,
});

const ropeSchema = z
  .object({
    rope_type: z.string().nullish(),
    type: z.string().nullish(),
    rope_theta: positive.nullish(),
    partial_rotary_factor: z.number().nullish(),
    factor: positive.nullish(),
    low_freq_factor: positive.nullish(),
    high_freq_factor: positive.nullish(),
    original_max_position_embeddings: context.nullish(),
  })
  .nullish();

const llamaSchema = z.object({
  vocab_size: dimension,
  hidden_size: dimension,
  intermediate_size: dimension,
  num_hidden_layers: layers,
  num_attention_heads: dimension,
  num_key_value_heads: dimension.nullish(),
  head_dim: dimension.nullish(),
  max_position_embeddings: context.default(2048),
  hidden_act: z.string().default('silu'),
  rms_norm_eps: epsilon.default(1e-6),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  partial_rotary_factor: z.number().nullish(),
  rope_theta: positive.nullish(),
  rope_scaling: ropeSchema,
  rope_parameters: ropeSchema,
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: tokenIds,
});

function refuse(file: string, name: string, value: unknown, expected: string): never {
  throw new InputError(
    `${file}: expected ${expected}, got ${name} ${shown(value)}, which is not supported; use another model`,
  );
}

/** @throws InputError for an activation that is not among ours. */
export function parseActivation(name: string, file: string): Activation {
  const activation = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  return activation ?? refuse(file, 'activation', name, `one of ${Object.keys(ACTIVATIONS).join(', ')}`);
}

function parseFamily(json: unknown, file: string): { family: Family; architecture: string } {
  const { architectures, model_type: type } = parseWith(anyModel, json, file);
  const byType = Object.keys(ARCHITECTURES).find((name) => ARCHITECTURES[name] === type);
  const architecture = architectures?.[0] ?? byType ?? type ?? undefined;
  const family =
    architecture !== undefined && Object.hasOwn(ARCHITECTURES, architecture)
      ? ARCHITECTURES[architecture]
      : undefined;
  if (architecture === undefined || family === undefined || (type && type !== family)) {
    return refuse(
      file,
      'architecture',
      family ? type : architecture,
      Object.keys(ARCHITECTURES).join(' or '),
    );
  }
  return { family, architecture };
}

function bosOf(value: number | readonly number[] | null | undefined): { bosTokenId?: number } {
  return typeof value === 'number' ? { bosTokenId: value } : {};
}

/**
 * Checks that heads fit the width and each other.
 * @throws InputError naming both numbers.
 */
export function checkHeads(config: ModelConfig, file: string): ModelConfig {
  const { nHeads, nKvHeads, dHead, family } = config;
  if (nHeads % nKvHeads !== 0) {
    throw new InputError(
      `${file}: expected heads to be a multiple of key-value heads, got ${nHeads} and ${nKvHeads}; check the file`,
    );
  }
  if (family === 'llama' && dHead % 2 !== 0) {
    throw new InputError(
      `${file}: expected an even head size for rotary embeddings, got ${dHead}; check the file`,
    );
  }
  if (nHeads * dHead > MAX_DIMENSION) {
    throw new InputError(
      `${file}: expected heads x head size of at most ${MAX_DIMENSION}, got ${nHeads} x ${dHead}; check the file`,
    );
  }
  return config;
}

/** Width divided by heads. @throws InputError where it does not divide. */
export function headSize(width: number, heads: number, file: string): number {
  if (width % heads !== 0) {
    throw new InputError(
      `${file}: expected a width divisible by its ${heads} heads, got ${width}; check the file`,
    );
  }
  return width / heads;
}

function parseGpt2(json: unknown, architecture: string, file: string): ModelConfig {
  const c = parseWith(gpt2Schema, json, file);
  if (!c.scale_attn_weights) refuse(file, 'scale_attn_weights', false, 'attention scaled by the head size');
  for (const name of [
    'scale_attn_by_inverse_layer_idx',
    'reorder_and_upcast_attn',
    'add_cross_attention',
  ] as const) {
    if (c[name]) refuse(file, name, true, `${name} false`);
  }
  return checkHeads(
    {
      family: 'gpt2',
      architecture,
      nLayers: c.n_layer,
      dModel: c.n_embd,
      nHeads: c.n_head,
      nKvHeads: c.n_head,
      dHead: headSize(c.n_embd, c.n_head, file),
      dMlp: c.n_inner ?? 4 * c.n_embd,
      vocabulary: c.vocab_size,
      context: c.n_positions,
      activation: parseActivation(c.activation_function, file),
      normEps: c.layer_norm_epsilon,
      tiedEmbeddings: c.tie_word_embeddings,
      ...bosOf(c.bos_token_id),
    },
    file,
  );
}

type LlamaJson = z.infer<typeof llamaSchema>;

/** transformers 4 has `rope_theta` and `rope_scaling`; 5 has both in `rope_parameters`. */
function parseRotary(c: LlamaJson, file: string): Rotary {
  const rope = c.rope_parameters ?? c.rope_scaling ?? {};
  const theta = rope.rope_theta ?? c.rope_theta ?? 10_000;
  const partial = rope.partial_rotary_factor ?? c.partial_rotary_factor ?? 1;
  if (partial !== 1) refuse(file, 'partial_rotary_factor', partial, 'rotary embeddings over the whole head');
  const type = rope.rope_type ?? rope.type ?? 'default';
  if (type === 'default') return { theta };
  if (type !== 'llama3') refuse(file, 'rope type', type, 'rope type "default" or "llama3"');
  const {
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  } = rope;
  if (!factor || !low || !high || !original || high <= low) {
    throw new InputError(
      `${file}: expected factor, low_freq_factor < high_freq_factor and original_max_position_embeddings for rope type "llama3", got ${shown([factor, low, high, original])}; mend the file`,
    );
  }
  return {
    theta,
    scaling: { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext: original },
  };
}

function parseLlama(json: unknown, architecture: string, file: string): ModelConfig {
  const c = parseWith(llamaSchema, json, file);
  if (c.attention_bias) refuse(file, 'attention_bias', true, 'attention without biases');
  if (c.mlp_bias) refuse(file, 'mlp_bias', true, 'an MLP without biases');
  return checkHeads(
    {
      family: 'llama',
      architecture,
      nLayers: c.num_hidden_layers,
      dModel: c.hidden_size,
      nHeads: c.num_attention_heads,
      nKvHeads: c.num_key_value_heads ?? c.num_attention_heads,
      dHead: c.head_dim ?? headSize(c.hidden_size, c.num_attention_heads, file),
      dMlp: c.intermediate_size,
      vocabulary: c.vocab_size,
      context: c.max_position_embeddings,
      activation: parseActivation(c.hidden_act, file),
      normEps: c.rms_norm_eps,
      tiedEmbeddings: c.tie_word_embeddings,
      rotary: parseRotary(c, file),
      ...bosOf(c.bos_token_id),
    },
    file,
  );
}

/**
 * A ModelConfig from parsed `config.json`. Defaults are those of transformers' configuration classes.
 * @param file names the file in errors.
 * @throws InputError for an unsupported architecture, rope type or activation, and for implausible numbers.
 */
export function parseConfig(json: unknown, file: string): ModelConfig {
  const { family, architecture } = parseFamily(json, file);
  return family === 'gpt2' ? parseGpt2(json, architecture, file) : parseLlama(json, architecture, file);
}
